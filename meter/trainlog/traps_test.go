package trainlog

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"reflect"
	"strings"
	"testing"
)

func mega(step, consumed, batch int) string {
	return fmt.Sprintf(" [2026-08-22 10:01:52.%06d] iteration %8d/    1000 | consumed samples: %12d | elapsed time per iteration (ms): 2121.7 | global batch size: %5d | lm loss: 1.060000E+01 | number of skipped iterations:   0 | number of nan iterations:   0 |\n",
		step+batch, step, consumed, batch)
}

func again(line string) string { return strings.Replace(line, "10:01:52", "11:01:52", 1) }

// TestTraps: the traps of each format that its sample does not have, by hand.
func TestTraps(t *testing.T) {
	const titan = "[titan] 2026-08-21 12:00:40,001 - root - INFO - "
	step := func(n int) string {
		return fmt.Sprintf("%sstep: %2d  loss: 12.08000  grad_norm:  3.0800  memory: 67.20GiB(84.85%%)  tps: 811  tflops: 46.97  mfu: 4.75%%\n", titan, n)
	}
	trl := func(tokens int) string {
		return fmt.Sprintf("{'loss': 1.3, 'learning_rate': 1e-05, 'num_tokens': %d.0, 'epoch': %d}\n", tokens, tokens)
	}
	olmo := func(n int, tokens string) string {
		return fmt.Sprintf("2026\thost01:0\tolmo_core\tINFO\t[step=%d/1000,epoch=1,eta=2:01:03]\n    throughput/total tokens=%s\n", n, tokens)
	}
	max := func(n, tokens int) string {
		return fmt.Sprintf("completed step: %d, seconds: 5.1, TFLOP/s/device: 330.6, Tokens/s/device: 6423.8, total_weights: %d, loss: 11.7\n", n, tokens)
	}
	for _, c := range []struct{ name, log, totals, figures, codes string }{
		{"Megatron: rollback without a word", mega(10, 100, 10) + mega(20, 200, 10) + again(mega(20, 200, 10)) + mega(30, 300, 10), "30/40 - 300/400", "samples=300", "[log-rollback]"},
		{"Megatron: the same line twice, as two files joined", mega(10, 100, 10) + mega(20, 200, 10) + mega(20, 200, 10), "20/20 - 200/200", "", "[]"},
		{"Megatron: the batch grows inside an interval", mega(10, 100, 10) + mega(20, 207, 16) + mega(30, 367, 16), "30/30 - 367/367", "", "[]"},
		{"Megatron: the head of the log is missing", mega(500, 5000, 10) + mega(510, 5100, 10), "20/20 - 200/200", "samples=5100", "[log-starts-late]"},
		{"Megatron: a resume in a log of its own", "  successfully loaded checkpoint from /c [ t 1/1, p 1/1 ] at iteration 490\n" + mega(500, 5000, 10) + mega(510, 5100, 10),
			"20/20 - 200/200", "checkpointed_step=490", "[log-starts-late]"},
		{"Megatron: two statements in one line", strings.TrimSuffix(mega(10, 100, 10), "\n") + mega(20, 200, 10), "20/20 - 200/200", "", "[]"},
		{"Megatron: behind a launcher's prefix, coloured", "[default7]:\x1b[32m" + mega(10, 100, 10) + "[default7]:" + mega(20, 200, 10), "20/20 - 200/200", "", "[]"},
		{"Megatron: nan", strings.Replace(mega(10, 100, 10), "1.060000E+01", "NAN", 1), "10/10 - 100/100", "", "[log-loss-not-finite]"},
		{"Megatron: cut in the last line", mega(10, 100, 10) + mega(20, 200, 10)[:100], "10/10 - 100/100", "", "[]"},
		{"Megatron-DeepSpeed of the BLOOM era", "[default7]: iteration       10/  1000 | consumed samples: 100 | consumed tokens: 204800 | elapsed time per iteration (s): 104.1 | lm loss: 2.1E+00 | samples per second: 1.9 | TFLOPs: 149.6 |\n" +
			"[default7]: iteration       20/  1000 | consumed samples: 200 | consumed tokens: 409600 | elapsed time per iteration (s): 104.1 | lm loss: 2.1E+00 | samples per second: 1.9 | TFLOPs: 149.6 |\n", "20/20 409600/409600 -", "", "[]"},
		{"gpt-neox", " samples/sec: 12.3 | iteration       10/  1000 | elapsed time per iteration (ms): 104.1 | learning rate: 1E-5 | approx flops per GPU: 110.1TFLOPS | lm_loss: 2.1E+00 |\n", "10/10 - -", "last_step=10", "[]"},
		{"progress.txt", "2026-08-22 10:03:11\tJob ID: 4242\t# GPUs: 64\tStarting job\n2026-08-22 10:03:11\tJob ID: 4242\t# GPUs: 64\tSaved checkpoint\tIteration: 50\tJob throughput: 399.1 TFLOP/s/GPU\tCumulative throughput: 398.0 TFLOP/s/GPU\tFloating-point operations: 2.70e+18\tTokens (in billions): 0.05\n",
			"- - -", "last_step=50 operations_rounded=2700000000000000000 tokens_printed=50000000 devices=64", "[]"},
		{"torchtitan: a resume", titan + "Training starts at step 51\n" + step(60) + step(70), "20/20 - -", "last_step=70", "[log-starts-late]"},
		{"torchtitan: a rollback", titan + "Training starts at step 1\n" + step(1) + step(10) + step(20) + titan + "Training starts at step 11\n" + step(20), "20/30 - -", "", "[log-rollback]"},
		{"torchtitan: FP8 has no utilisation", strings.Replace(step(10), "mfu: 4.75%", "mfu: N/A", 1), "10/10 - -", "mfu=", "[]"},
		{"TRL: GRPO goes back to a checkpoint", trl(1000) + trl(2000) + trl(3000) + trl(2000) + trl(3000), "- 3000/5000 -", "tokens=3000", "[log-rollback]"},
		{"TRL: SFT begins again at 0", trl(1000) + trl(2000) + trl(1000) + trl(2000), "- 4000/4000 -", "tokens=4000", "[]"},
		{"OLMo-core: from 10^9 on rounded", olmo(100, "999,999,999") + olmo(200, "2.01B"), "200/200 999999999/999999999 -", "tokens_printed=2010000000", "[log-rounded]"},
		{"MaxText: a step again with other tokens", max(0, 100) + max(1, 100) + max(2, 100) + max(1, 90) + max(2, 80), "3/5 270/470 -", "tokens=270", "[log-rollback]"},
		{"DeepSpeed under the Trainer", "[2026-08-22 10:00:10,101] [INFO] [logging.py:128:log_dist] [Rank 0] step=10, skipped=0, lr=[2e-05], mom=[(0.9, 0.999)]\n{'loss': 1.5, 'epoch': 0.5}\n", "- - -", "steps_logged=1", "[]"},
		{"llm.c: the table of a second start", "| total batch size      | 100                                                |\nstep    1/10 | loss 10.8 (+nanz)| norm 15.3 (+nanz)| lr 8e-07 | 402.11 ms | 42.0% bf16 MFU | 13 tok/s\n" +
			"| total batch size      | 100                                                |\nstep    1/10 | loss 10.7 (+nanz)| norm 15.3 (+nanz)| lr 8e-07 | 402.11 ms | 42.0% bf16 MFU | 13 tok/s\n", "1/2 100/200 -", "", "[log-reset]"},
		{"nanotron: no first line of a start", "iteration: 11 / 100 | consumed_tokens: 512 | tokens_per_sec: 109 | lm_loss: 5.32 | model_tflops_per_gpu: 1.87e-05\niteration: 21 / 100 | consumed_tokens: 1.02K | tokens_per_sec: 109 | lm_loss: nan | model_tflops_per_gpu: 1.87e-05 | hardware_tflops_per_gpu: 1.87e-05 | grad_norm: 2.96\n",
			"11/11 - -", "last_step=21 tokens_printed=1020 tokens_per_step=", "[log-starts-late log-loss-not-finite]"},
		{"nanotron: the order of an older version", "[Start training] datetime: 2024-08-31 | mbs: 2 | grad_accum: 1 | global_batch_size: 2 | sequence_length: 256 | train_steps: 15 | start_iteration_step: 0 | consumed_train_samples: 0\niteration: 1 / 15 | consumed_tokens: 512 | lm_loss: 5.32 | model_tflops_per_gpu: 1\n",
			"1/1 512/512 -", "tokens_per_step=512", "[]"},
		{"prime-rl: JSON lines", `{"timestamp": "2026-08-21T12:00:01", "level": "INFO", "message": "Starting from scratch", "module": "train", "function": "train", "line": 9}` + "\n" +
			`{"timestamp": "2026-08-21T12:01:01", "level": "SUCCESS", "message": "Step 1 |   43.1s | Loss 0.0012 | LR 1.00e-06 | Throughput 15220 tokens/s | MFU 31.2% | Peak Mem. 61.2 GiB", "module": "train", "function": "train", "line": 9}` + "\n",
			"1/1 - -", "last_step=1 mfu=31.2", "[]"},
		{"prime-rl: a sampler's log is no training", "12:04:31 SUCCESS Step 3 | Time: 420.66s | Reward: 0.1250 | Throughput: 900 tokens/s | Seq. Length: 6857.1 tokens/sample\n", "- - -", "last_step=", "[]"},
		{"prime-rl: micro-steps are no steps", "12:04:31   DEBUG Micro Step 3/8 | Loss 0.0012 | Entropy 0.4\n12:04:31 SUCCESS Step 1 | 43.1s | Loss nan | Throughput 15220 tokens/s | MFU 31.2% | Peak Mem. 61.2 GiB\n", "1/1 - -", "last_step=1", "[log-loss-not-finite]"},
		{"levanter: a resume in a log of its own", strings.Repeat(`{"tracker": "json_logger", "event": "log", "step": 50, "metrics": {"throughput/total_tokens": 5100}}`+"\n", 2) +
			`{"tracker": "json_logger", "event": "log", "step": 51, "metrics": {"throughput/total_tokens": 5200}}` + "\n", "2/2 100/100 -", "last_step=51 tokens=5200", "[log-starts-late]"},
		{"levanter: a rollback", strings.Repeat(`{"tracker": "json_logger", "event": "log", "step": 0, "metrics": {"throughput/total_tokens": 100}}`+"\n"+
			`{"tracker": "json_logger", "event": "log", "step": 1, "metrics": {"throughput/total_tokens": 200}}`+"\n", 2), "2/4 200/400 -", "tokens=200", "[log-reset log-rollback]"},
		{"HF state without a total", `{"global_step": 5, "log_history": [], "max_steps": 9, "total_flos": 0.0, "num_input_tokens_seen": 0}`, "5/5 - -", "operations_stated= tokens_seen= last_step=5", "[]"},
		{"HF state cut off", `{"global_step": 5, "log_history": [`, "- - -", "", "[]"},
		{"DCGM: absence is not zero", `DCGM_FI_DEV_GPU_TEMP{gpu="0",UUID="GPU-1",modelName="NVIDIA H100"} 61` + "\n", "- - -", "tensor_active_ratio= devices=1", "[]"},
		{"sacct: elapsed as a clock, no typed devices", "JobID|Elapsed|AllocTRES\n7|1-00:00:01|cpu=1,gres/gpu=2\n7.extern|1-00:00:01|cpu=1,gres/gpu=2\n8|00:10:00|cpu=4\n", "- - -", "device_seconds=172802", "[accounting-job-steps]"},
		{"sacct: devices that are no number", "JobIDRaw|ElapsedRaw|AllocTRES\n7|100|gres/gpu=2,gres/tmpdisk=1G\n8|100|gres/gpu:h100=x\n", "- - -", "device_seconds=200", "[]"},
		{"a bill with another unit", "ChargeCategory,ConsumedQuantity,ConsumedUnit\nUsage,8,Hours\nUsage,240000,GPU Hours\n", "- - -", "instance_hours=8", "[billing-other-unit]"},
		{"sacct: a cut row", "JobIDRaw|ElapsedRaw|AllocTRES\n7|100|gres/gpu=2\n8|100\n", "- - -", "device_seconds=200", "[]"},
		{"MLflow: steps out of order, two fields", "1789001000000 5e18 100\n1789002000000 4e18 50\n", "- - -", "operations_stated=5000000000000000000 last_step=100", "[]"},
	} {
		r := readAs(t, Options{Name: "x/metrics/total_flos"}, c.log)
		o := r.Observation()
		got := map[string]string{"~steps": "-", "~tokens": "-", "~samples": "-"}
		totals(got, o)
		if totals := got["~steps"] + " " + got["~tokens"] + " " + got["~samples"]; totals != c.totals {
			t.Errorf("%s: steps, tokens, samples %s, want %s", c.name, totals, c.totals)
		}
		figures := values(r)
		for _, want := range strings.Fields(c.figures) {
			name, value, _ := strings.Cut(want, "=")
			if figures[name] != value {
				t.Errorf("%s: %s is %q, want %q", c.name, name, figures[name], value)
			}
		}
		codes := []string{}
		for _, f := range o.Findings {
			codes = append(codes, f.Code)
		}
		if fmt.Sprint(codes) != c.codes {
			t.Errorf("%s: findings %v, want %s", c.name, codes, c.codes)
		}
	}
}

// TestLongObjects: a JSON file may be one line of any length; what never ends is
// read in bounded memory.
func TestLongObjects(t *testing.T) {
	var history strings.Builder
	for i := range 20_000 {
		fmt.Fprintf(&history, `{"epoch": 0.5, "loss": 1.5, "step": %d}, `, i)
	}
	state := `{"total_flos": 5e18, "log_history": [` + history.String() + `{"step": 1}], "max_steps": 9, "global_step": 20000}` + "\n"
	r := read(t, "", state)
	if o := r.Observation(); o.Format != "hf-state" || o.Lines != 1 || o.Unread != 0 || values(r)["operations_stated"] != "5000000000000000000" {
		t.Errorf("%s: %v", view(o), r.Figures())
	}
	for _, begin := range []string{`{"a": "`, `{"a": [`, `{"a": {"b": `} {
		r := read(t, "", begin)
		block := []byte(strings.Repeat(`1, `, 100_000))
		for range 100 { // 30 MB
			r.Write(block)
		}
		if held := cap(r.pending) + cap(r.state.document.token); held > 4*MaxLine || len(r.state.document.got) > maxMembers {
			t.Errorf("%s: %d bytes are held", begin, held)
		}
		r.Observation()
	}
}

// TestEventFiles: what is damaged is said and not used; what is announced and
// never comes takes no memory.
func TestEventFiles(t *testing.T) {
	whole := sample(t, "tensorboard/events.out.tfevents.1789000000.host01.12345.0")
	damaged := []byte(whole)
	damaged[60] ^= 1 // in the data of the second record
	o := read(t, "", string(damaged)).Observation()
	if len(o.Findings) != 1 || o.Findings[0].Code != EventDamaged {
		t.Errorf("%+v", o.Findings)
	}
	header := []byte(whole)
	header[40] ^= 1 // the length of the second record
	r := read(t, "", string(header))
	if o := r.Observation(); len(o.Findings) != 1 || o.Findings[0].Code != EventsBroken || values(r)["records"] != "1" {
		t.Errorf("%+v %v", o.Findings, r.Figures())
	}
	head := binary.LittleEndian.AppendUint64(nil, 1<<31)
	huge := binary.LittleEndian.AppendUint32(head, masked(crc32.Checksum(head, castagnoli())))
	r = read(t, "", whole+string(huge))
	block := bytes.Repeat([]byte{0}, 1<<20)
	for range 64 {
		r.Write(block)
	}
	if cap(r.events.data) > 2*maxEvent || values(r)["bytes_unread"] != fmt.Sprint(64<<20+len(huge)) {
		t.Errorf("%d bytes are held, %s unread", cap(r.events.data), values(r)["bytes_unread"])
	}
}

// TestOneLineDocuments: a JSON document says the same when a tool wrote it on one
// line: no reader of lines takes what stands within it for a log.
func TestOneLineDocuments(t *testing.T) {
	documents := 0
	for file := range expectations(t) {
		var compact bytes.Buffer
		if !strings.HasSuffix(file, ".json") || json.Compact(&compact, []byte(sample(t, file))) != nil {
			continue
		}
		documents++
		whole, line := read(t, "auto", sample(t, file)), read(t, "auto", compact.String())
		if got, want := line.Observation().Format, formatOf[file]; got != want {
			t.Errorf("%s on one line: format %q, want %q", file, got, want)
		}
		if got, want := values(line), values(whole); !reflect.DeepEqual(got, want) {
			t.Errorf("%s on one line:\n got %v\nwant %v", file, got, want)
		}
	}
	if documents < 6 {
		t.Errorf("%d documents were read", documents)
	}
}
