package trainlog

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
)

// shorten prints as nanotron does: three digits and a unit.
func shorten(v float64) string {
	unit := 0
	for ; v >= 1000 && unit < 6; unit++ {
		v /= 1000
	}
	return fmt.Sprintf("%.3g%s", v, []string{"", "K", "M", "B", "T", "P", "E"}[unit])
}

func makeNanotron(rng *rand.Rand) made {
	batch, length := 1+rng.Uint64N(4096), 1+rng.Uint64N(1<<17)
	w := newWalk(rng, 3, constant(batch*length))
	rate := 1 + rng.Uint64N(900)
	prefix := []string{"", "[default0]:", "\x1b[2;3m12/21 01:39:51 [INFO|DP=0|TP=0|node7]\x1b[0m: "}[rng.IntN(3)]
	var b strings.Builder
	begin := func(done uint64) {
		fmt.Fprintf(&b, "%smbs: 4 | grad_accum: 2 | sequence_length: %d | global_batch_size: %d | train_steps: 99999 | start_iteration_step: %d | consumed_train_samples: %d\n", prefix, length, batch, done, done*batch)
	}
	begin(0)
	for _, m := range w.lines {
		if m.start {
			begin(m.step)
			continue
		}
		fmt.Fprintf(&b, "%siteration: %d / 99999 | consumed_tokens: %s | time_per_iteration_ms: %s | tokens_per_sec: %s | tokens_per_sec_per_gpu: %dK | global_batch_size: %s | grad_norm: %.3g | lm_loss: %.3g | lr: 0.0003 | model_tflops_per_gpu: %.3g | eta: 1 day, 1:45:39\n",
			prefix, m.step, shorten(float64(m.step*batch*length)), shorten(rng.Float64()*1e5), shorten(rng.Float64()*1e7), rate, shorten(float64(batch*length)), rng.Float64(), rng.Float64()*12, 1+rng.Float64()*500)
	}
	return made{b.String(), map[string]string{"last_step": text(w.last()), "~steps": w.steps(), "~tokens": w.amounts(), "tokens_per_step": text(batch * length),
		"sequence_length": text(length), "tokens_per_second_per_device": text(rate * 1000)}, asLog}
}

// makePrimeRL prints every step, numbered from 0 as older versions do or from 1.
func makePrimeRL(rng *rand.Rand) made {
	older, colons := rng.IntN(2) == 0, rng.IntN(2) == 0
	var b strings.Builder
	committed, executed, done, rate, tokens := map[uint64]bool{}, 0, uint64(0), 1+rng.Uint64N(1e6), uint64(0)
	for start := range 1 + rng.IntN(3) {
		if start > 0 {
			done, tokens = rng.Uint64N(done+1), rng.Uint64N(1<<40)
		}
		switch {
		case older:
			fmt.Fprintf(&b, "12:00:02    INFO Starting from step %d (total_tokens=%d, total_samples=%d)\n", done, tokens, done*64)
		case start > 0:
			fmt.Fprintf(&b, "12:00:02    INFO Resuming from step %d (total_tokens=%d, total_samples=%d)\n", done, tokens, done*64)
		default:
			b.WriteString("12:00:02    INFO Starting from scratch\n")
		}
		for range 1 + rng.IntN(20) {
			number := done
			if !older {
				number++
			}
			done++
			committed[done] = true
			executed++
			format := "12:04:31 SUCCESS Step %d |   43.1s | Loss %.4f | Entropy 0.4111 | Grad. Norm 0.0811 | LR 1.00e-06 | Throughput %d tokens/s | MFU %.1f%% | Peak Mem. 61.2 GiB\n"
			if colons {
				format = "12:04:31 SUCCESS Step %d | Time: 43.10s | Loss: %.4f | Grad. Norm: 0.0811 | LR: 1.00e-06 | Throughput: %d tokens/s | MFU: %.1f%% | Peak Mem.: 61.2/80.0 GiB (76.5%%)\n"
			}
			fmt.Fprintf(&b, format, number, rng.Float64(), rate, rng.Float64()*60)
			if rng.IntN(3) == 0 { // the sampler's own line, were both in one file, is no step of training
				fmt.Fprintf(&b, "12:04:31 SUCCESS Step %d | Time: 420.66s | Reward: 0.1250 | Seq. Length: 6857.1 tokens/sample | Max. Off-Policy Level: 0\n", number+7)
			}
		}
	}
	last := done
	if older {
		last--
	}
	return made{b.String(), map[string]string{"last_step": text(last), "~steps": fmt.Sprintf("%d/%d", len(committed), executed), "tokens_per_second": text(rate)}, asLog}
}

func makeLevanter(rng *rand.Rand) made {
	batch, length, perSequence := 1+rng.Uint64N(4096), 1+rng.Uint64N(1<<16), 1+rng.Uint64N(1<<40)
	var b strings.Builder
	prefixed := rng.IntN(2) == 0
	event := func(process int, record map[string]any) {
		data, err := json.Marshal(record)
		if err != nil {
			panic(err)
		}
		if prefixed {
			fmt.Fprintf(&b, "2026-08-21T12:00:01 - %d - levanter.json_logger - json_logger.py:67 - INFO :: ", process)
		}
		// Python writes the keys in the order of the source, with spaces.
		line := strings.Replace(string(data), "\"tracker\":\"json_logger\",", "", 1)
		line = strings.Replace(line, ",\"tracker\":\"json_logger\"", "", 1)
		fmt.Fprintf(&b, "{\"tracker\": \"json_logger\", %s\n", line[1:])
	}
	event(0, map[string]any{"event": "summary", "metrics": map[string]any{"throughput/device_kind": "TPU v9"}})
	count := 1 + rng.Uint64N(30)
	for step := range count {
		event(0, map[string]any{"event": "log", "step": step, "metrics": map[string]any{"train/loss": rng.Float64(), "global_step": step}})
		for process := range 1 + rng.IntN(2) {
			if process > 0 && !prefixed {
				break
			}
			event(process, map[string]any{"event": "log", "step": step, "metrics": map[string]any{
				"throughput/total_tokens": (step + 1) * batch * length, "throughput/total_gflops": (step + 1) * batch * perSequence, "throughput/mfu": 40.5}})
		}
	}
	return made{b.String(), map[string]string{"last_step": text(count - 1), "~steps": fmt.Sprintf("%d/%d", count, count), "~tokens": product(count, batch, length) + "/" + product(count, batch, length),
		"operations_stated": product(count, batch, perSequence, 1e9), "device": "TPU v9", "mfu": "40.5"}, asLog}
}

func makeLevanterMetrics(rng *rand.Rand) made {
	tokens, billions, step, devices := 1+rng.Uint64N(1<<50), 1+rng.Uint64N(1<<50), rng.Uint64N(1e6), 1+rng.Uint64N(4096)
	record := map[string]any{"config": map[string]any{"trainer": map[string]any{"train_batch_size": 8}, "seed": 1}, "summary": map[string]any{
		"_step": step, "_runtime": 12.5, "num_devices": devices, "throughput/total_tokens": tokens, "throughput/total_gflops": billions, "train/loss": 3.5}}
	return made{jsonText(rng, record), map[string]string{"tokens": text(tokens), "operations_stated": product(billions, 1e9), "last_step": text(step), "devices": text(devices), "seconds": "12.5"}, asFile}
}

func makeMegatronProgress(rng *rand.Rand) made {
	devices := 1 + rng.Uint64N(1<<16)
	var b strings.Builder
	var step, digits, hundredths uint64
	for job := range 1 + rng.IntN(3) {
		fmt.Fprintf(&b, "2026-08-22 10:00:01\tJob ID: %d\t# GPUs: %d\tStarting job\n", 4242+job, devices)
		for range 1 + rng.IntN(4) {
			step += 1 + rng.Uint64N(100)
			digits, hundredths = 100+rng.Uint64N(900), hundredths+1+rng.Uint64N(500)
			fmt.Fprintf(&b, "2026-08-22 10:03:11\tJob ID: %d\t# GPUs: %d\tSaved checkpoint\tIteration: %d\tJob throughput: 399.1 TFLOP/s/GPU\tCumulative throughput: 398.0 TFLOP/s/GPU\tFloating-point operations: %d.%02de+18\tTokens (in billions): %d.%02d\n",
				4242+job, devices, step, digits/100, digits%100, hundredths/100, hundredths%100)
		}
	}
	return made{b.String(), map[string]string{"last_step": text(step), "devices": text(devices), "operations_rounded": product(digits, 1e16), "tokens_printed": product(hundredths, 1e7)}, asLog}
}
