package trainlog

import (
	"bytes"
	"math/big"

	"github.com/weighbridge/weighbridge/meter"
)

// deepSpeed reads the lines of DeepSpeed's engine (runtime/engine.py,
// utils/timer.py, runtime/pipe/engine.py at edaa7221):
//
//	[2026-08-22 10:00:10,101] [INFO] [logging.py:128:log_dist] [Rank 0] step=10, skipped=0, lr=[1.9999999999999998e-05], mom=[(0.9, 0.999)]
//	[...] epoch=0/micro_step=10/global_step=10, RunningAvgSamplesPerSec=37.91, CurrSamplesPerSec=38.10, MemAllocated=32.11GB, ...
//	steps: 10 loss: 8.1234 iter time (s): 3.361 samples/sec: 38.084
//
// The batch is not printed (it is train_batch_size of the configuration), and
// samples per second multiply by the world size under model parallelism too.
// Skipped steps ran forward and backward.
type deepSpeed struct{ job }

func newDeepSpeed() *deepSpeed { return &deepSpeed{job: job{steps: steps{spans: true}}} }

func (d *deepSpeed) name() string { return "deepspeed" }
func (d *deepSpeed) marks() []string {
	return []string{"[Rank 0] step=", "RunningAvgSamplesPerSec=", " samples/sec: "}
}
func (d *deepSpeed) clone() parser { return &deepSpeed{d.job.clone()} }

func (d *deepSpeed) read(l line, n *notes) verdict {
	text := l.text
	switch {
	case bytes.Contains(text, []byte("[Rank 0] step=")):
		text = behind(text, "[Rank 0] ")
		step, ok := countField(text, "step=", maxStep)
		skipped, stated := countField(text, "skipped=", maxStep)
		if !ok || !stated || !l.whole {
			return foreign
		}
		d.sheet.count("steps_skipped", skipped)
		d.reach(step, 0, l, n)
		return signature
	case bytes.HasPrefix(text, []byte("steps: ")):
		step, ok := countField(text, "steps:", maxStep)
		if !ok || !l.whole || !bytes.Contains(text, []byte(" iter time (s): ")) {
			return foreign
		}
		d.reach(step, 0, l, n)
		return signature
	case bytes.Contains(text, []byte("RunningAvgSamplesPerSec=")):
		return understood
	}
	return foreign
}

func (d *deepSpeed) figures() []Figure {
	list := sheet(d.job.figures())
	var o meter.Observation
	d.observe(&o)
	if o.StepsCommitted != nil {
		list.count("steps", *o.StepsCommitted)
	}
	return list
}

// deepSpeedProfiler reads the block that DeepSpeed's flops profiler prints
// (profiling/flops_profiler/profiler.py at edaa7221), labels padded to a column:
//
//	fwd flops per GPU:                                                      158.26 T
//	bwd FLOPS per GPU = 3 * fwd flops per GPU / bwd latency:                398.97 TFLOPS
//
// It is the forward pass of one device in one step, with two decimals and a
// suffix. "3 *" instead of "2 *" tells that the forward pass is computed again
// in the backward pass.
type deepSpeedProfiler struct {
	sheet  sheet
	inside bool
}

func (d *deepSpeedProfiler) name() string { return "deepspeed-profiler" }
func (d *deepSpeedProfiler) marks() []string {
	if d.inside {
		return []string{""}
	}
	return []string{"DeepSpeed Flops Profiler", "fwd flops per GPU", "FLOPS per GPU"}
}
func (d *deepSpeedProfiler) clone() parser {
	c := *d
	c.sheet = d.sheet.clone()
	return &c
}

func (d *deepSpeedProfiler) read(l line, _ *notes) verdict {
	text := bytes.TrimSpace(l.text)
	switch {
	case bytes.Contains(text, []byte("- DeepSpeed Flops Profiler -")):
		d.inside = true
		return understood
	case !d.inside || !l.whole:
		return foreign
	case len(text) > 20 && len(bytes.Trim(text, "-")) == 0:
		d.inside = false // the rule under the block
		return understood
	}
	label, value, found := bytes.Cut(text, []byte(": "))
	if !found {
		return understood // notations and the profile by modules
	}
	value = bytes.TrimSpace(value)
	switch string(bytes.TrimSpace(label)) {
	case "fwd flops per GPU":
		if ops, ok := suffixed(value); ok {
			d.sheet.ops("operations_forward", ops)
			return signature
		}
	case "params of model = params per GPU * mp_size":
		d.sheet.printedParameters(value)
	case "world size":
		if n, ok := count(value, maxStep); ok {
			d.sheet.count("world_size", n)
		}
	}
	if bytes.HasPrefix(label, []byte("fwd+bwd FLOPS per GPU = ")) {
		d.factor(behind(label, " = "))
	}
	return understood
}

// factor takes the passes of forward and backward together, "4 * fwd flops", for
// one forward, two backward and the rest again.
func (d *deepSpeedProfiler) factor(text []byte) {
	passes, ok := exactly(numberField(text, ""))
	if !ok || !bytes.Contains(text, []byte(" * fwd flops")) {
		return
	}
	passes.Sub(passes, big.NewRat(3, 1))
	if passes.Sign() >= 0 && passes.Cmp(big.NewRat(10, 1)) <= 0 {
		d.sheet.number("recompute_factor", []byte(decimal(passes)))
	}
}

// decimal prints a number without superfluous digits.
func decimal(r *big.Rat) string {
	if r.IsInt() {
		return r.Num().String()
	}
	return string(bytes.TrimRight(bytes.TrimRight([]byte(r.FloatString(maxNumber)), "0"), ".")) // every figure read ends within it
}

// suffixed reads "158.26 T" in whole operations: K, M, G, T, P or E, with or
// without a unit behind it.
func suffixed(text []byte) (meter.Ops, bool) {
	plain, rest, _ := bytes.Cut(text, []byte(" "))
	exponents := map[byte]string{'K': "e3", 'M': "e6", 'G': "e9", 'T': "e12", 'P': "e15", 'E': "e18"}
	power := ""
	if len(rest) > 0 {
		power = exponents[rest[0]]
	}
	number, ok := plainNumber(plain)
	if !ok || len(rest) > 0 && power == "" {
		return meter.Ops{}, false
	}
	ops, err := meter.ParseOps(number + power)
	return ops, err == nil && !ops.IsZero() && !beyondAnyJob(ops)
}

func (d *deepSpeedProfiler) observe(*meter.Observation) {}

func (d *deepSpeedProfiler) figures() []Figure { return d.sheet.clone() }
