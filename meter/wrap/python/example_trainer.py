"""A transformers Trainer that `weighbridge run` reads: by its log, and by
WeighbridgeCallback unless --log-only is given.

    weighbridge run --model acme/tiny@1 -- python example_trainer.py

With a file name as argument it writes there what it counted itself. A tiny
Llama with random weights on random tokens; nothing is downloaded.
"""

import json
import sys
import tempfile

import torch
from transformers import LlamaConfig, LlamaForCausalLM, Trainer, TrainingArguments

import weighbridge

STEPS, BATCH, LENGTH, VOCABULARY = 40, 4, 32, 128


class Rows(torch.utils.data.Dataset):
    def __len__(self):
        return 1000

    def __getitem__(self, index):
        row = torch.randint(VOCABULARY, (LENGTH,), generator=torch.Generator().manual_seed(index))
        return {"input_ids": row, "labels": row}


class Counting(Trainer):
    """The counter inside the loop, independent of the callback's."""

    tokens = 0

    def training_step(self, model, inputs, *args, **kwargs):
        Counting.tokens += inputs["input_ids"].numel()
        return super().training_step(model, inputs, *args, **kwargs)


def main():
    torch.manual_seed(4091)
    torch.set_num_threads(1)
    arguments = [a for a in sys.argv[1:] if a != "--log-only"]
    model = LlamaForCausalLM(LlamaConfig(
        hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
        vocab_size=VOCABULARY, max_position_embeddings=LENGTH))
    with tempfile.TemporaryDirectory() as out:
        trainer = Counting(model=model, train_dataset=Rows(), args=TrainingArguments(
            output_dir=out, max_steps=STEPS, per_device_train_batch_size=BATCH, logging_steps=10, report_to=[], use_cpu=True,
            include_num_input_tokens_seen=True, save_strategy="no"),
            callbacks=[] if "--log-only" in sys.argv else [weighbridge.WeighbridgeCallback()])
        trainer.train()
    if arguments:
        with open(arguments[0], "w") as out:
            json.dump({"steps": trainer.state.global_step, "tokens": Counting.tokens}, out)


main()
