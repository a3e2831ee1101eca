package trainlog

import (
	"encoding/json"
	"fmt"
	"math/big"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/weighbridge/weighbridge/meter"
)

// read gives the whole text to a reader of the named format.
func read(t testing.TB, format, text string) *Reader {
	t.Helper()
	r, err := NewReader(Options{Format: format})
	if err != nil {
		t.Fatal(err)
	}
	if n, err := r.Write([]byte(text)); n != len(text) || err != nil {
		t.Fatalf("wrote %d of %d bytes: %v", n, len(text), err)
	}
	return r
}

func sample(t testing.TB, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "samples", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// expectations are EXPECTED.json: by sample the figures that it must give.
func expectations(t testing.TB) map[string]map[string]any {
	t.Helper()
	var expected map[string]map[string]any
	dec := json.NewDecoder(strings.NewReader(sample(t, "EXPECTED.json")))
	dec.UseNumber()
	if err := dec.Decode(&expected); err != nil || len(expected) < 20 {
		t.Fatalf("%d samples: %v", len(expected), err)
	}
	return expected
}

// formatOf names the format of each sample: none is left to chance.
var formatOf = map[string]string{
	"amd_exporter.prom": "amd-exporter", "aws_flops_meter.json": "aws-flops-meter", "axolotl_stdout.log": "axolotl", "axolotl_tokens_state.json": "axolotl-state", "dcgm_exporter.prom": "dcgm",
	"deepspeed_engine.log": "deepspeed", "deepspeed_flops_profiler.txt": "deepspeed-profiler", "focus_billing.csv": "focus", "hf_all_results.json": "hf-results",
	"hf_stdout.log": "hf", "hf_trainer_state.json": "hf-state", "litgpt_metrics.csv": "litgpt-metrics", "litgpt_stdout.log": "litgpt", "llmc_main.log": "llmc-main",
	"llmc_stdout.log": "llmc", "maxtext_metrics.jsonl": "maxtext-metrics", "maxtext_train.log": "maxtext", "megatron_lm_train.log": "megatron",
	"mlflow/0/8f0000000000000000000000000000aa/metrics/total_flos": "mlflow", "mlperf_mllog.log": "mlperf", "nanochat_base_train.log": "nanochat",
	"nanogpt_stdout.log": "nanogpt", "nemo_progress.log": "nemo", "nvidia_smi_query.csv": "nvidia-smi", "olmo_core_metrics_step1000.json": "olmo-core-metrics",
	"olmo_core_train.log": "olmo-core", "slurm_sacct.txt": "slurm", "tensorboard/events.out.tfevents.1789000000.host01.12345.0": "tensorboard",
	"torchtitan_train.log": "torchtitan", "trl_sft_stdout.log": "trl", "verl_stdout.log": "verl", "wandb/wandb-history.jsonl": "wandb-history",
	"wandb/wandb-metadata.json": "wandb-metadata", "wandb/wandb-summary.json": "wandb-summary",
	"nanotron_train.log": "nanotron", "prime_rl_train.log": "prime-rl", "levanter_train.log": "levanter", "levanter_tracker_metrics.jsonl": "levanter-metrics",
	"megatron_progress.txt": "megatron-progress",
}

// needArchitecture are the figures that follow from a file and the shape of the
// model only; the command that knows the shape is tested for them.
var needArchitecture = map[string]bool{
	"operations_per_token": true, "overstatement": true, "operations_committed": true, "operations_executed": true, "tokens_implied": true,
	"tokens_padded": true, "sequence_length": true, "world_size": true, "tokens_committed": true, "tokens_executed": true, "tokens_checkpointed": true,
}

// TestSamples: each sample, found out or named, gives the figures that
// EXPECTED.json states for it, and nothing in it is unread.
func TestSamples(t *testing.T) {
	compared := 0
	for file, want := range expectations(t) {
		for _, named := range []string{"auto", formatOf[file]} {
			r := readAs(t, Options{Format: named, Name: file}, sample(t, file))
			o := r.Observation()
			if o.Format != formatOf[file] || o.Lines == 0 {
				t.Errorf("%s as %s: format %q, %d lines, %+v", file, named, o.Format, o.Lines, o.Findings)
			}
			if allowed := unreadIn[file]; o.Unread != allowed {
				t.Errorf("%s as %s: %d lines unread, expected %d", file, named, o.Unread, allowed)
			}
			got := values(r)
			for name, value := range want {
				stated := got[name] != ""
				if name == "note" || name == "reject" || needArchitecture[name] && !stated || refined[file] == name {
					continue
				}
				compared++
				if !sameValue(got[name], value) {
					t.Errorf("%s as %s: %s is %q, want %v", file, named, name, got[name], value)
				}
			}
		}
	}
	t.Logf("%d figures of %d samples compared", compared, len(formatOf))
	if compared < 80 {
		t.Errorf("only %d figures were compared", compared)
	}
}

// unreadIn is how many lines of a sample no reader understands: what other
// programs wrote into it.
var unreadIn = map[string]uint64{"megatron_lm_train.log": 1}

// refined are figures that the file prints rounded and the architecture makes
// exact.
var refined = map[string]string{"maxtext_train.log": "tflop_per_step_per_device", "torchtitan_train.log": "operations_per_token_stated"}

// values are the figures by name; lists have their elements in brackets.
func values(r *Reader) map[string]string {
	got := map[string]string{}
	for _, f := range r.Figures() {
		got[f.Name] = f.Text
		if f.Kind == Numbers {
			got[f.Name] = "[" + strings.ReplaceAll(f.Text, ",", " ") + "]"
		}
	}
	return got
}

// sameValue compares a figure with what EXPECTED.json has, as numbers where both
// are.
func sameValue(got string, want any) bool {
	text := fmt.Sprint(want)
	a, aok := new(big.Rat).SetString(got)
	b, bok := new(big.Rat).SetString(text)
	if aok && bok {
		return a.Cmp(b) == 0
	}
	return got == text
}

func readAs(t testing.TB, o Options, text string) *Reader {
	t.Helper()
	r, err := NewReader(o)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := r.Write([]byte(text)); n != len(text) || err != nil {
		t.Fatalf("wrote %d of %d bytes: %v", n, len(text), err)
	}
	return r
}

// view is what the tables below compare, "-" for what is not stated.
func view(o meter.Observation) string {
	text := func(v any) string {
		if x := reflect.ValueOf(v); x.IsNil() {
			return "-"
		} else {
			return fmt.Sprint(x.Elem().Interface())
		}
	}
	codes := []string{}
	for _, f := range o.Findings {
		codes = append(codes, f.Code)
	}
	return fmt.Sprintf("%s last %s every %s steps %s/%s tokens %s: %s/%s lines %d unread %d %v", o.Format, text(o.LastStep), text(o.LogInterval),
		text(o.StepsCommitted), text(o.StepsExecuted), text(o.TokensPerStep), text(o.TokensCommitted), text(o.TokensExecuted), o.Lines, o.Unread, codes)
}

func iter(n int) string {
	return fmt.Sprintf("iter %d: loss 9.5012, time 2451.33ms, mfu 35.12%%\n", n)
}

func start(tokens int) string { return fmt.Sprintf("tokens per iteration will be: %d\n", tokens) }

// TestNanoGPT: what one log shows, by hand.
func TestNanoGPT(t *testing.T) {
	const loss = ": loss 1.0, time 2.5ms, mfu -100.00%"
	for _, c := range []struct{ name, log, want string }{
		{"empty", "", " last - every - steps -/- tokens -: -/- lines 0 unread 0 []"},
		{"only the start", start(100), "nanogpt last - every - steps -/- tokens 100: -/- lines 1 unread 0 []"},
		{"first step", start(100) + iter(0), "nanogpt last 0 every - steps 1/1 tokens 100: 100/100 lines 2 unread 0 []"},
		{"every step", start(100) + iter(0) + iter(1) + iter(2), "nanogpt last 2 every 1 steps 3/3 tokens 100: 300/300 lines 4 unread 0 []"},
		{"every tenth", start(100) + iter(0) + iter(10) + iter(20), "nanogpt last 20 every 10 steps 21/21 tokens 100: 2100/2100 lines 4 unread 0 []"},
		{"a line is missing", start(100) + iter(0) + iter(10) + iter(30), "nanogpt last 30 every 20 steps 31/31 tokens 100: 3100/3100 lines 4 unread 0 []"},
		{"no tokens stated", iter(0) + iter(10), "nanogpt last 10 every 10 steps 11/11 tokens -: -/- lines 2 unread 0 []"},
		{"thousands", "tokens per iteration will be: 1,048,576\n" + iter(0), "nanogpt last 0 every - steps 1/1 tokens 1048576: 1048576/1048576 lines 2 unread 0 []"},
		{"head is missing", start(100) + iter(500) + iter(510), "nanogpt last 510 every 10 steps 11/11 tokens 100: 1100/1100 lines 3 unread 0 [log-starts-late]"},
		{"killed in the last line", start(100) + iter(0) + "iter 10: loss 9.5012, time 24", "nanogpt last 0 every - steps 1/1 tokens 100: 100/100 lines 3 unread 1 []"},
		{"no last newline", start(100) + iter(0) + strings.TrimSpace(iter(10)), "nanogpt last 10 every 10 steps 11/11 tokens 100: 1100/1100 lines 3 unread 0 []"},
		{"the last number may be cut", "tokens per iteration will be: 491", " last - every - steps -/- tokens -: -/- lines 1 unread 1 []"},
		{"restart from nothing", start(100) + iter(0) + iter(10) + start(100) + iter(0) + iter(10) + iter(20),
			"nanogpt last 20 every 10 steps 21/32 tokens 100: 2100/3200 lines 7 unread 0 [log-reset]"},
		{"restart from a checkpoint", start(100) + iter(0) + iter(100) + start(100) + iter(50) + iter(150),
			"nanogpt last 150 every 100 steps 151/202 tokens 100: 15100/20200 lines 6 unread 0 [log-rollback]"},
		{"restart at the same step", start(100) + iter(0) + iter(10) + start(100) + iter(10) + iter(20),
			"nanogpt last 20 every 10 steps 21/22 tokens 100: 2100/2200 lines 6 unread 0 [log-rollback]"},
		{"restart further on", start(100) + iter(0) + iter(10) + start(100) + iter(20),
			"nanogpt last 20 every 10 steps 21/21 tokens 100: 2100/2100 lines 5 unread 0 []"},
		{"rollback without a start line", start(100) + iter(0) + iter(10) + iter(5) + iter(15),
			"nanogpt last 15 every 10 steps 16/22 tokens 100: 1600/2200 lines 5 unread 0 [log-rollback]"},
		{"another batch after the restart", start(100) + iter(0) + iter(99) + start(200) + iter(50) + iter(119),
			"nanogpt last 119 every 99 steps 120/170 tokens 200: 19000/24000 lines 6 unread 0 [log-batch-changed log-rollback]"},
		{"ranks repeat", strings.Repeat(start(100), 4) + strings.Repeat(iter(0), 4) + strings.Repeat(iter(10), 4),
			"nanogpt last 10 every 10 steps 11/11 tokens 100: 1100/1100 lines 12 unread 0 []"},
		{"ranks by name, out of order", start(100) + "[rank0]: iter 0" + loss + "\n[rank0]: iter 10" + loss + "\n[rank1]: iter 0" + loss + "\n[rank0]: iter 20" + loss + "\n",
			"nanogpt last 20 every 10 steps 21/21 tokens 100: 2100/2100 lines 5 unread 0 []"},
		{"two lines in one", start(100) + "iter 0" + loss + "iter 10" + loss + "\n", "nanogpt last 10 every 10 steps 11/11 tokens 100: 1100/1100 lines 2 unread 0 []"},
		{"old version without utilisation", "iter 0: loss 1.5, time 2.5ms\niter 1: loss 1.5, time 2.5ms\n", "nanogpt last 1 every 1 steps 2/2 tokens -: -/- lines 2 unread 0 []"},
		{"colours, CRLF", "\x1b[32mtokens per iteration will be: 100\x1b[0m\r\n\x1b[1miter 0\x1b[0m" + loss + "\r\n", "nanogpt last 0 every - steps 1/1 tokens 100: 100/100 lines 2 unread 0 []"},
		{"byte-order mark", "\ufeff" + start(100) + iter(0), "nanogpt last 0 every - steps 1/1 tokens 100: 100/100 lines 2 unread 0 []"},
		{"not UTF-8", "\xff\xfe junk \x80\n" + start(100) + iter(0), "nanogpt last 0 every - steps 1/1 tokens 100: 100/100 lines 3 unread 1 []"},
		{"nan and inf", start(100) + "iter 0: loss nan, time 1.0ms, mfu -100.00%\niter 1: loss inf, time 1.0ms, mfu 1.0%\n",
			"nanogpt last 1 every 1 steps 2/2 tokens 100: 200/200 lines 3 unread 0 [log-loss-not-finite]"},
		{"progress bar", start(100) + " 10%|#  | 1/10\r 20%|## | 2/10\r" + iter(0), "nanogpt last 0 every - steps 1/1 tokens 100: 100/100 lines 4 unread 2 []"},
		{"a claim out of all proportion", start(100) + iter(0) + iter(10) + iter(500000), "nanogpt last 500000 every 499990 steps 500001/500001 tokens 100: 50000100/50000100 lines 4 unread 0 [log-step-jump]"},
		{"a step beyond reason", start(100) + "iter 18446744073709551615" + loss + "\n", "nanogpt last - every - steps -/- tokens 100: -/- lines 2 unread 1 []"},
		{"prose", "we iterate: iter 5: loss is low\niteration\niter x\n", " last - every - steps -/- tokens -: -/- lines 3 unread 3 []"},
		{"blank lines are read", "\n\n" + iter(0) + "   \n", "nanogpt last 0 every - steps 1/1 tokens -: -/- lines 4 unread 0 []"},
		{"evaluation proves no step", start(100) + iter(0) + "step 250: train loss 1.0, val loss 1.1\n", "nanogpt last 0 every - steps 1/1 tokens 100: 100/100 lines 3 unread 0 []"},
		{"no separator is not a thousand", "tokens per iteration will be: 49,15,20\n", " last - every - steps -/- tokens -: -/- lines 1 unread 1 []"},
	} {
		if got := view(read(t, "", c.log).Observation()); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
	}
}

// TestHF: what one log shows, by hand.
func TestHF(t *testing.T) {
	log := func(epoch float64, tokens int) string {
		return fmt.Sprintf("{'loss': 1.5, 'grad_norm': 1.0, 'learning_rate': 1e-05, 'epoch': %v, 'num_input_tokens_seen': %d}\n", epoch, tokens)
	}
	const end = "{'train_runtime': 10.5, 'train_loss': 1.302, 'epoch': 1.0}\n"
	const running, continuing = "INFO ***** Running training *****\n", "  Continuing training from checkpoint, will skip to saved global_step\n"
	for _, c := range []struct{ name, log, want, figures string }{
		{"bare numbers", "{'loss': 1.5, 'epoch': 0.5}\n" + end, "hf last - every - steps -/- tokens -: -/- lines 2 unread 0 []", "seconds=10.5 steps_logged=1"},
		{"strings", "{'loss': '1.5', 'epoch': '0.5'}\n", "hf last - every - steps -/- tokens -: -/- lines 1 unread 0 []", "steps_logged=1"},
		{"JSON spelling", `{"loss": 1.5, "epoch": 0.5}` + "\n", "hf last - every - steps -/- tokens -: -/- lines 1 unread 0 []", "steps_logged=1"},
		{"evaluation is no training log", "{'loss': 1.5, 'epoch': 0.5}\n{'eval_loss': 1.4, 'epoch': 0.5}\n", "hf last - every - steps -/- tokens -: -/- lines 2 unread 0 []", "steps_logged=1"},
		{"behind a progress bar", " 50%|#####     | 50/100 [00:12<00:12,  4.00it/s]{'loss': 1.5, 'epoch': 0.5}\n", "hf last - every - steps -/- tokens -: -/- lines 1 unread 0 []", "steps_logged=1"},
		{"the same line of another rank", strings.Repeat("{'loss': 1.5, 'epoch': 0.5}\n", 3), "hf last - every - steps -/- tokens -: -/- lines 3 unread 0 []", "steps_logged=1"},
		{"nan", "{'loss': nan, 'grad_norm': inf, 'epoch': 0.5}\n", "hf last - every - steps -/- tokens -: -/- lines 1 unread 0 [log-loss-not-finite]", "steps_logged=1"},
		{"zero tokens are not stated", log(0.5, 0), "hf last - every - steps -/- tokens -: -/- lines 1 unread 0 []", "steps_logged=1"},
		{"tokens", log(0.1, 1000) + log(0.2, 2000) + log(0.3, 3100), "hf last - every - steps -/- tokens -: 3100/3100 lines 3 unread 0 []", "steps_logged=3 tokens_seen=3100"},
		{"the end carries the last tokens", log(0.1, 1000) + log(0.2, 2000) + strings.Replace(end, "'epoch'", "'num_input_tokens_seen': 2050, 'epoch'", 1),
			"hf last - every - steps -/- tokens -: 2050/2050 lines 3 unread 0 []", "seconds=10.5 steps_logged=2 tokens_seen=2050"},
		{"a resume that is announced", running + continuing + log(0.5, 50000) + log(0.6, 51000), "hf last - every - steps -/- tokens -: 1000/1000 lines 4 unread 0 [log-starts-late]", "steps_logged=2 tokens_seen=51000"},
		{"a resume that shows", log(0.5, 50000) + log(0.6, 51000), "hf last - every - steps -/- tokens -: 1000/1000 lines 2 unread 0 [log-starts-late]", "steps_logged=2 tokens_seen=51000"},
		{"a first interval that is long, from nothing", running + log(0.5, 50000) + log(0.6, 51000), "hf last - every - steps -/- tokens -: 51000/51000 lines 3 unread 0 []", "steps_logged=2 tokens_seen=51000"},
		{"rollback", log(0.1, 1000) + log(0.2, 2000) + log(0.3, 3000) + log(0.21, 2500) + log(0.3, 3500),
			"hf last - every - steps -/- tokens -: 3500/5000 lines 5 unread 0 [log-rollback]", "steps_logged=5 tokens_seen=3500"},
		{"tokens printed rounded", "{'loss': '1.5', 'epoch': '0.5', 'num_input_tokens_seen': '1.311e+05'}\n", "hf last - every - steps -/- tokens -: -/- lines 1 unread 0 [log-rounded]", "steps_logged=1"},
		{"steps, where a job states them", "{'loss': 1.5, 'epoch': 0.1, 'step': 50}\n{'loss': 1.4, 'epoch': 0.2, 'step': 100}\n",
			"hf last 100 every 50 steps 51/51 tokens -: -/- lines 2 unread 0 [log-starts-late]", "last_step=100 steps_logged=2"},
		{"steps from nothing", running + "{'loss': 1.5, 'epoch': 0.1, 'step': 50}\n{'loss': 1.4, 'epoch': 0.2, 'step': 100}\n",
			"hf last 100 every 50 steps 100/100 tokens -: -/- lines 3 unread 0 []", "last_step=100 steps_logged=2"},
		{"cut in the last dict", "{'loss': 1.5, 'epoch': 0.5}\n{'loss': 1.4, 'epo", "hf last - every - steps -/- tokens -: -/- lines 2 unread 1 []", "steps_logged=1"},
		{"the metrics block", "{'loss': 1.5, 'epoch': 0.5}\n***** train metrics *****\n  epoch                    =        1.0\n  total_flos               =   865512GF\n  train_samples            =      12800\n",
			"hf last - every - steps -/- tokens -: -/- lines 5 unread 3 []", "operations_rounded=929336970444800 steps_logged=1"},
		{"a total that is cut off to nothing", "{'loss': 1.5, 'epoch': 0.5}\n  total_flos =  0GF\n", "hf last - every - steps -/- tokens -: -/- lines 2 unread 1 []", "steps_logged=1"},
		{"other dicts", "{'a': 1}\n{'loss': 3}\n{}\n{'loss'\n", " last - every - steps -/- tokens -: -/- lines 4 unread 4 []", ""},
	} {
		r := read(t, "", c.log)
		if got := view(r.Observation()); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
		var figures []string
		for _, f := range r.Figures() {
			figures = append(figures, f.Name+"="+f.Text)
		}
		if got := strings.Join(figures, " "); got != c.figures {
			t.Errorf("%s: figures %q, want %q", c.name, got, c.figures)
		}
	}
	o := read(t, "hf", "{'train_runtime': 1.5, 'total_flos': 1.1804225839300608e+18, 'epoch': 1.0}\n").Observation()
	if o.OperationsStated == nil || o.OperationsStated.String() != "1180422583930060800" {
		t.Errorf("total_flos: %v", o.OperationsStated)
	}
	o = read(t, "", "***** train metrics *****\n  total_flos = 3GF\n").Observation()
	if o.Format != "hf" || o.OperationsStated == nil || o.OperationsStated.String() != "3758096384" || o.OperationsRounding.String() != "536870912" {
		t.Errorf("total_flos of the metrics block: %s %v %v, want 3.5 x 2^30 and half of 2^30", o.Format, o.OperationsStated, o.OperationsRounding)
	}
}

// TestMutatedSamples changes the nanoGPT sample at random: other numbers, other
// widths, resumes; the expectation is computed with plain sets.
func TestMutatedSamples(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for round := range 300 {
		var log strings.Builder
		committed, executed := map[int]bool{}, 0
		tokens, interval, at, previous := 1+rng.IntN(1_000_000), 1+rng.IntN(50), 0, -1
		for range 1 + rng.IntN(4) { // starts
			log.WriteString(strings.Repeat(start(tokens), 1+rng.IntN(3)))
			from := at // a start shows no more than its own first line, unless it goes on
			if previous >= 0 && at > previous {
				from = previous + 1
			}
			for range 1 + rng.IntN(30) {
				fmt.Fprintf(&log, "iter %d: loss %.4f, time %.*fms, mfu %.2f%%\n", at, rng.Float64()*12, rng.IntN(4), rng.Float64()*1e5, rng.Float64()*90-10)
				for step := from; step <= at; step++ {
					committed[step] = true
					executed++
				}
				previous, from = at, at+1
				at += interval
			}
			at = rng.IntN(at/interval+1) * interval
		}
		o := read(t, "", log.String()).Observation()
		want := fmt.Sprintf("nanogpt %d %d/%d %d/%d", previous, len(committed), executed, len(committed)*tokens, executed*tokens)
		got := fmt.Sprintf("%s %d %d/%d %s/%s", o.Format, *o.LastStep, *o.StepsCommitted, *o.StepsExecuted, o.TokensCommitted, o.TokensExecuted)
		if got != want {
			t.Fatalf("round %d:\n got %s\nwant %s\n%s", round, got, want, log.String())
		}
	}
}
