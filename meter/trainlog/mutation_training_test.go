package trainlog

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

func trainingGenerators() map[string]generator {
	return map[string]generator{
		"megatron_lm_train.log": makeMegatron, "torchtitan_train.log": makeTorchtitan, "llmc_stdout.log": makeLLMC, "llmc_main.log": makeLLMCMain,
		"nanogpt_stdout.log": makeNanoGPT, "nanochat_base_train.log": makeNanochat, "olmo_core_train.log": makeOLMo, "maxtext_train.log": makeMaxText,
		"deepspeed_engine.log": makeDeepSpeed, "hf_stdout.log": makeHF, "trl_sft_stdout.log": makeTRL, "axolotl_stdout.log": makeAxolotl,
		"nemo_progress.log": makeNeMo, "litgpt_stdout.log": makeLitGPT, "verl_stdout.log": makeVerl,
		"nanotron_train.log": makeNanotron, "prime_rl_train.log": makePrimeRL, "levanter_train.log": makeLevanter,
	}
}

func constant(n uint64) func() uint64 { return func() uint64 { return n } }

func makeMegatron(rng *rand.Rand) made {
	batch := uint64(1 + rng.IntN(4096))
	w := newWalk(rng, 3, constant(batch))
	var b strings.Builder
	shard, consumed := rng.Uint64N(1<<40), map[uint64]uint64{}
	fmt.Fprintf(&b, " > number of parameters on (tensor, pipeline) model parallel rank (0, 0): %d\n", shard)
	var now, skipped, saved uint64
	for i, m := range w.lines {
		if m.start {
			fmt.Fprintf(&b, "  successfully loaded checkpoint from /ckpt/x [ t 1/8, p 1/2 ] at iteration %d\n", m.step)
			now, saved = consumed[m.step], m.step
			continue
		}
		before := uint64(0)
		if i > 0 {
			before = w.lines[i-1].step
		}
		now += (m.step - before) * batch
		consumed[m.step] = now
		skip := rng.Uint64N(3)
		skipped += skip
		fmt.Fprintf(&b, " [2026-08-22 10:%02d:%02d.%06d] iteration %*d/ %*d | consumed samples: %*d | elapsed time per iteration (ms): %.1f | throughput per GPU (TFLOP/s/GPU): %.1f | learning rate: 3.000000E-06 | global batch size: %*d | lm loss: %E | grad norm: %.3f | number of skipped iterations: %*d | number of nan iterations:   0 |\n",
			i/60%60, i%60, rng.IntN(1e6), 1+rng.IntN(9), m.step, rng.IntN(8), 100000, rng.IntN(13), now, rng.Float64()*9e3, rng.Float64()*400, 1+rng.IntN(6), batch, rng.Float64()*12, rng.Float64(), rng.IntN(5), skip)
		if m.saved {
			fmt.Fprintf(&b, "[2026-08-22 10:02:56.443121] saving checkpoint at iteration %*d to /ckpt/x in torch_dist format\n  successfully saved checkpoint from iteration %*d to /ckpt/x [ t 1/8, p 1/2 ]\n",
				rng.IntN(9), m.step, rng.IntN(9), m.step)
			saved = m.step
		}
	}
	want := map[string]string{"last_step": text(w.last()), "~steps": w.steps(), "~samples": w.amounts(), "samples_committed": text(w.held()), "samples": text(now),
		"steps_skipped": text(skipped), "params_on_first_model_parallel_rank": text(shard)}
	if saved != 0 {
		want["checkpointed_step"], want["tensor_parallel"], want["samples_checkpointed"] = text(saved), "8", product(saved, batch)
	}
	return made{b.String(), want, asLog}
}

func makeTorchtitan(rng *rand.Rand) made {
	w := newWalk(rng, 3, constant(1))
	parameters, rate, tflops := rng.Uint64N(1<<42), 100+rng.Uint64N(90000), 1+rng.Float64()*700
	var b strings.Builder
	fmt.Fprintf(&b, "[rank0]:[titan] 2026-08-21 12:00:01,512 - root - INFO - Model llama3 x size: %s total parameters\n", commas(parameters))
	fmt.Fprint(&b, "[rank0]:[titan] 2026-08-21 12:00:33,101 - root - INFO - Training starts at step 1\n")
	for _, m := range w.lines {
		if m.start {
			fmt.Fprintf(&b, "[rank0]:[titan] 2026-08-21 12:00:33,101 - root - INFO - Training starts at step %d\n", m.step+1)
			continue
		}
		for rank := range 1 + rng.IntN(2) { // another rank prints it too
			fmt.Fprintf(&b, "[rank%d]:[titan] 2026-08-21 12:01:40,010 - root - INFO - step: %*d  loss: %8.5f  grad_norm: %7.4f  memory: %.2fGiB(84.85%%)  tps: %s  tflops: %.2f  mfu: %.2f%%\n",
				rank, rng.IntN(6), m.step, rng.Float64()*12, rng.Float64()*5, rng.Float64()*80, commas(rate), tflops, rng.Float64()*60)
		}
		if rng.IntN(5) == 0 {
			fmt.Fprintf(&b, "[rank0]:[titan] 2026-08-21 12:01:40,010 - root - INFO - validate step: %d  loss:  9.8  memory: 67.20GiB(84.85%%)  tps: 9,999\n", m.step+500)
		}
	}
	return made{b.String(), map[string]string{"last_step": text(w.last()), "~steps": w.steps(), "parameters": text(parameters),
		"tokens_per_second_per_device": text(rate), "tflops_per_device": fmt.Sprintf("%.2f", tflops)}, asLog}
}

func makeLLMC(rng *rand.Rand) made {
	batch, length, layers, channels, parameters := 1+rng.Uint64N(1<<22), 1+rng.Uint64N(8192), 1+rng.Uint64N(100), 1+rng.Uint64N(9000), rng.Uint64N(1<<40)
	w := newWalk(rng, 0, constant(batch))
	var b strings.Builder
	row := func(key string, value any) { fmt.Fprintf(&b, "| %-21s | %-50v |\n", key, value) }
	b.WriteString("+-----------------------+----------------------------------------------------+\n| Parameter             | Value                                              |\n")
	row("sequence length T", length)
	row("total batch size", batch)
	row("device", "NVIDIA Test 1")
	row("num_layers L", layers)
	row("channels C", channels)
	row("num_parameters", parameters)
	row("num_processes", 16)
	for _, m := range w.lines {
		fmt.Fprintf(&b, "step %4d/%d | loss %7.6f (%+.2fz)| norm %6.4f (%+.2fz)| lr %.2e | %.2f ms | %.1f%% bf16 MFU | %d tok/s\n",
			m.step, 99999, rng.Float64()*12, rng.Float64(), rng.Float64()*20, rng.Float64(), rng.Float64()/1e4, rng.Float64()*900, rng.Float64()*70, rng.IntN(1e7))
	}
	return made{b.String(), map[string]string{"last_step": text(w.last()), "tokens_per_step": text(batch), "~steps": w.steps(), "~tokens": w.amounts(),
		"operations_per_token_stated": text(6*parameters + 6*layers*channels*length), "device": "NVIDIA Test 1", "devices": "16"}, asLog}
}

func makeLLMCMain(rng *rand.Rand) made {
	w := newWalk(rng, 0, constant(1))
	var b strings.Builder
	fmt.Fprintf(&b, "s:0 tel:%.4f\ns:0 eval:0.2464\n", rng.Float64()*12)
	for _, m := range w.lines {
		fmt.Fprintf(&b, "s:%d trl:%.4f lr:%.6f norm:%.2f\n", m.step, rng.Float64()*12, rng.Float64()/1e3, rng.Float64()*20)
		if rng.IntN(3) == 0 {
			fmt.Fprintf(&b, "s:%d tel:%.4f\n", m.step, rng.Float64()*12)
		}
	}
	return made{b.String(), map[string]string{"last_step": text(w.last()), "~steps": w.steps()}, asLog}
}

func makeNanoGPT(rng *rand.Rand) made {
	tokens, interval, count := 1+rng.Uint64N(1<<24), 1+rng.Uint64N(50), 2+rng.Uint64N(30)
	var b strings.Builder
	fmt.Fprintf(&b, "tokens per iteration will be: %s\nstep 0: train loss 10.9897, val loss 10.9880\n", commas(tokens))
	for i := range count {
		fmt.Fprintf(&b, "iter %d: loss %.4f, time %.2fms, mfu %.2f%%\n", i*interval, rng.Float64()*12, rng.Float64()*1e4, rng.Float64()*90-10)
	}
	steps := (count-1)*interval + 1
	return made{b.String(), map[string]string{"last_step": text(steps - 1), "steps": text(steps), "tokens_per_step": text(tokens),
		"~tokens": product(steps, tokens) + "/" + product(steps, tokens)}, asLog}
}

func makeNanochat(rng *rand.Rand) made {
	perStep, planned, interval, count := uint64(1+rng.IntN(1<<22)), 1000+rng.Uint64N(50000), 1+rng.Uint64N(9), 2+rng.Uint64N(20)
	perToken := 1_000_000 + rng.Uint64N(8_999_999)
	var b strings.Builder
	fmt.Fprintf(&b, "Estimated FLOPs per token: %d.%06de+09\nCalculated number of iterations from target data:param ratio: %s\nTotal number of training tokens: %s\n",
		perToken/1_000_000, perToken%1_000_000, commas(planned), commas(planned*perStep))
	fmt.Fprintf(&b, "Tokens : Scaling params ratio: 20.00\nTotal training FLOPs estimate: %d.%06de+19\n", perToken/1_000_000, perToken%1_000_000)
	for i := range count {
		fmt.Fprintf(&b, "step %05d/%d (%.2f%%) | loss: %.6f | lrm: 1.00 | dt: %.2fms | tok/sec: %s | bf16_mfu: %.2f | epoch: 1 pq: 0 rg: 24 | total time: %.2fm | eta: 178.6m\n",
			i*interval, planned, rng.Float64()*100, rng.Float64()*12, rng.Float64()*500, commas(rng.Uint64N(1e7)), rng.Float64()*60, rng.Float64()*100)
	}
	steps := (count-1)*interval + 1
	return made{b.String(), map[string]string{"last_step": text(steps - 1), "tokens_planned": product(planned, perStep), "operations_per_token_stated": product(perToken, 1000),
		"operations_planned": product(perToken, 10_000_000_000_000), "tokens_per_step": text(perStep), "~steps": fmt.Sprintf("%d/%d", steps, steps)}, asLog}
}

func makeOLMo(rng *rand.Rand) made {
	perStep := 1 + rng.Uint64N(1<<20)
	interval, count := 1+rng.Uint64N(3), 2+rng.Uint64N(40)
	var b strings.Builder
	var tokens, petaflops uint64
	for i := range count {
		step := (i + 1) * interval
		tokens, petaflops = step*perStep, step*7+rng.Uint64N(7)
		fmt.Fprintf(&b, "2026-06-22 09:00:00.%03d\thost01:0\tolmo_core.train.callbacks.console_logger:68\tINFO\t[step=%d/%d,epoch=1,eta=2:01:03]\n", i, step, 99999)
		fmt.Fprintf(&b, "    throughput/device/MFU (actual avg)=%.2f\n    throughput/total petaflops=%s\n    throughput/total tokens=%s\n    train/CE loss=%.3f\n",
			rng.Float64()*60, commas(petaflops), commas(tokens), rng.Float64()*12)
	}
	return made{b.String(), map[string]string{"tokens_printed": text(tokens), "petaflops_stated": text(petaflops), "last_step": text(count * interval),
		"~tokens": fmt.Sprintf("%d/%d", tokens, tokens)}, asLog}
}

func makeMaxText(rng *rand.Rand) made {
	var b strings.Builder
	tflop := 1 + rng.Float64()*5000
	fmt.Fprintf(&b, "number parameters: 8.030 billion\nPer train step:\n Total TFLOPs: %.2f \n split as 87.48%% learnable weight flops and 12.52%% attention flops\n", tflop)
	var sum uint64
	count := 2 + rng.Uint64N(30)
	for step := range count {
		tokens := 1 + rng.Uint64N(1<<24)
		sum += tokens
		if rng.IntN(4) == 0 {
			fmt.Fprintf(&b, "[Rampup Batch Size Phase], completed step: %d, seconds: %.3f, total_weights: %d, loss: %.3f, lm_loss: 11.200, perplexity: 73130.442\n", step, rng.Float64()*40, tokens, rng.Float64()*12)
		} else {
			fmt.Fprintf(&b, "completed step: %d, seconds: %.3f, TFLOP/s/device: %.3f, Tokens/s/device: %.3f, total_weights: %d, loss: %.3f, lm_loss: 11.9, perplexity: 1.5\n",
				step, rng.Float64()*40, rng.Float64()*3000, rng.Float64()*9000, tokens, rng.Float64()*12)
		}
		if rng.IntN(6) == 0 {
			b.WriteString("Completed eval after 10 steps, loss: 1.2\n")
		}
	}
	return made{b.String(), map[string]string{"tokens": text(sum), "steps": text(count), "last_step": text(count - 1), "tflop_per_step_per_device": fmt.Sprintf("%.2f", tflop)}, asLog}
}

func makeDeepSpeed(rng *rand.Rand) made {
	w := newWalk(rng, 0, constant(1))
	var b strings.Builder
	skipped := uint64(0)
	for _, m := range w.lines {
		skipped += rng.Uint64N(2)
		fmt.Fprintf(&b, "[2026-08-22 10:00:10,101] [INFO] [logging.py:128:log_dist] [Rank 0] step=%d, skipped=%d, lr=[%g], mom=[(0.9, 0.999)]\n", m.step, skipped, rng.Float64()/1e4)
		fmt.Fprintf(&b, "[2026-08-22 10:00:10,102] [INFO] [timer.py:264:stop] epoch=0/micro_step=%d/global_step=%d, RunningAvgSamplesPerSec=37.9, CurrSamplesPerSec=38.1, MemAllocated=32.11GB, MaxMemAllocated=61.02GB\n", m.step*4, m.step)
	}
	return made{b.String(), map[string]string{"steps": text(w.last()), "steps_skipped": text(skipped), "~steps": w.steps()}, asLog}
}

// pythonNumber is a number as a dict of the Trainer has it: bare or as a string.
func pythonNumber(rng *rand.Rand, v any) string {
	if rng.IntN(2) == 0 {
		return fmt.Sprintf("'%v'", v)
	}
	return fmt.Sprint(v)
}

func makeHF(rng *rand.Rand) made {
	var b strings.Builder
	count := 1 + rng.IntN(30)
	for i := range count {
		fmt.Fprintf(&b, "{'loss': %s, 'grad_norm': %s, 'learning_rate': 1e-05, 'epoch': %s}\n", pythonNumber(rng, rng.Float64()), pythonNumber(rng, rng.Float64()), pythonNumber(rng, i+1))
		if rng.IntN(4) == 0 {
			fmt.Fprintf(&b, "{'eval_loss': 1.5, 'eval_runtime': 2.0, 'epoch': %d}\n", i+1)
		}
	}
	seconds := fmt.Sprintf("%.4f", 1+rng.Float64()*1e5)
	fmt.Fprintf(&b, "{'train_runtime': %s, 'train_samples_per_second': 7.062, 'train_loss': 1.302, 'epoch': 1.0}\n", seconds)
	return made{b.String(), map[string]string{"steps_logged": fmt.Sprint(count), "seconds": seconds}, asLog}
}

func makeTRL(rng *rand.Rand) made {
	var b strings.Builder
	interval := uint64(1000 + rng.IntN(1_000_000))
	sum := uint64(0)
	line := 0
	for range 1 + rng.IntN(4) { // processes: the counter begins at 0 in each
		count := 2 + rng.Uint64N(10)
		for i := range count {
			line++
			fmt.Fprintf(&b, "{'loss': %.4f, 'grad_norm': 0.4, 'learning_rate': 1.9e-05, 'entropy': 1.3, 'num_tokens': %d.0, 'mean_token_accuracy': 0.6, 'epoch': %.3f}\n",
				rng.Float64(), (i+1)*interval, float64(line)/1000)
		}
		sum += count * interval
	}
	return made{b.String(), map[string]string{"tokens": text(sum), "~tokens": fmt.Sprintf("%d/%d", sum, sum)}, asLog}
}

func makeAxolotl(rng *rand.Rand) made {
	var b strings.Builder
	total, trainable := uint64(0), uint64(0)
	step := 1 + rng.Uint64N(1<<24)
	for i := range 1 + rng.IntN(20) {
		total += step
		trainable += rng.Uint64N(step) + 1
		fmt.Fprintf(&b, "{'loss': %.4f, 'grad_norm': 0.71, 'learning_rate': 2e-05, 'ppl': 3.06, 'memory/max_active (GiB)': 31.2, 'tokens/train_per_sec_per_gpu': 5120.33, 'tokens/total': %d, 'tokens/trainable': %d, 'epoch': %d}\n",
			rng.Float64(), total, trainable, i)
	}
	return made{b.String(), map[string]string{"tokens": text(total), "tokens_trainable": text(trainable)}, asLog}
}

func makeNeMo(rng *rand.Rand) made {
	batch := 1 + rng.Uint64N(4096)
	w := newWalk(rng, 0, constant(batch))
	var b strings.Builder
	for _, m := range w.lines {
		fmt.Fprintf(&b, "Training epoch 0, iteration %d/%d | lr: 0.0003 | global_batch_size: %d | global_step: %d | reduced_train_loss: %.4g | train_step_timing in s: %.4g | consumed_samples: %d",
			m.step-1, 9999, batch, m.step-1, rng.Float64()*12, rng.Float64()*20, m.step*batch)
		if rng.IntN(2) == 0 {
			fmt.Fprintf(&b, " | TFLOPS_per_GPU: %.4g", rng.Float64()*400)
		}
		b.WriteString("\n")
	}
	want := map[string]string{"last_step": text(w.last() - 1), "samples": text(w.last() * batch), "~steps": w.steps(), "~samples": w.amounts()}
	return made{b.String(), want, asLog}
}

func makeLitGPT(rng *rand.Rand) made {
	var b strings.Builder
	fmt.Fprintf(&b, "Measured TFLOPs: %.2f\n", rng.Float64()*2000)
	perStep, count := 1+rng.IntN(8), 2+rng.IntN(40)
	for i := range count {
		iter := (i + 1) * perStep
		fmt.Fprintf(&b, "Epoch 1 | iter %d step %d | loss train: %.3f, val: n/a | iter time: %.2f ms (step) remaining time: %d days, 1:02:03\n", iter, i+1, rng.Float64()*12, rng.Float64()*900, rng.IntN(20))
	}
	return made{b.String(), map[string]string{"last_step": fmt.Sprint(count), "~steps": fmt.Sprintf("%d/%d", count, count)}, asLog}
}

func makeVerl(rng *rand.Rand) made {
	var b strings.Builder
	devices := 1 + rng.Uint64N(512)
	var sum uint64
	count := 1 + rng.IntN(20)
	for step := 1; step <= count; step++ {
		seconds, tokens := 50+rng.Float64()*500, 100_000+rng.Uint64N(1<<24)
		sum += tokens
		fmt.Fprintf(&b, "(TaskRunner pid=%d) step:%d - actor/pg_loss:%.5f - perf/mfu/actor:%.3f - perf/total_num_tokens:%d - perf/time_per_step:%.6f - perf/throughput:%.6f - timing_s/gen:%.1f\n",
			rng.IntN(1e6), step, rng.Float64()-0.5, rng.Float64(), tokens, seconds, float64(tokens)/seconds/float64(devices), rng.Float64()*100)
	}
	return made{b.String(), map[string]string{"tokens": text(sum), "devices": text(devices), "last_step": fmt.Sprint(count)}, asLog}
}
