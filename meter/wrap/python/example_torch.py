"""A plain PyTorch training loop that reports to `weighbridge run`.

    weighbridge run --model acme/tiny@1 -- python example_torch.py

With a file name as argument it writes there what it counted itself, and its
steps per second. A tiny model on random bytes: one that learns nothing, at the
cost of one that does.
"""

import json
import sys
import time

import torch

import weighbridge

STEPS, BATCH, LENGTH, WIDTH, VOCABULARY = 200, 8, 64, 64, 256


def main():
    torch.manual_seed(4091)
    torch.set_num_threads(1)
    layer = torch.nn.TransformerEncoderLayer(WIDTH, 4, 4 * WIDTH, batch_first=True)
    model = torch.nn.Sequential(torch.nn.Embedding(VOCABULARY, WIDTH), layer, torch.nn.Linear(WIDTH, VOCABULARY))
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    tokens, begin = 0, time.monotonic()
    for step in range(1, STEPS + 1):
        text = torch.randint(VOCABULARY, (BATCH, LENGTH + 1))
        inputs, targets = text[:, :-1], text[:, 1:]
        loss = torch.nn.functional.cross_entropy(model(inputs).flatten(0, 1), targets.flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        tokens += inputs.numel()
        weighbridge.count(step=step, tokens=inputs.numel(), lengths=[LENGTH] * BATCH)
        if step % 50 == 0:
            print(f"loss {loss.item():.3f}", flush=True)
    took = time.monotonic() - begin
    if len(sys.argv) > 1:
        with open(sys.argv[1], "w") as out:
            json.dump({"steps": STEPS, "tokens": tokens, "steps_per_second": STEPS / took}, out)


main()
