package trainlog

import "github.com/weighbridge/weighbridge/meter"

// levanterMetrics reads tracker_metrics.jsonl, which levanter's W&B tracker
// writes when it finishes, where a replicate_path is set (tracker/wandb.py):
//
//	{"config": {...}, "summary": {"_step": 999, "throughput/total_gflops": 26987109.1, "throughput/total_tokens": 524288000, ...}}
//
// It holds the last value of each quantity.
type levanterMetrics struct {
	noLines
	sheet          sheet
	step           *uint64
	tokens, stated *meter.Ops
}

func (v *levanterMetrics) name() string { return "levanter-metrics" }
func (v *levanterMetrics) clone() parser {
	c := *v
	c.sheet = v.sheet.clone()
	return &c
}

func (v *levanterMetrics) read(l line, n *notes) verdict {
	tokens, ok := l.object.count("summary/throughput/total_tokens", maxTokens)
	if !ok || !l.object.has("config") || tokens == 0 {
		return foreign
	}
	v.tokens = new(meter.NewOps(tokens))
	v.sheet.count("tokens", tokens)
	if step, ok := l.object.count("summary/_step", maxStep); ok {
		v.step = &step
		v.sheet.count("last_step", step)
	}
	if total := inUnits(l.object.value("summary/throughput/total_gflops"), 1e9); total != nil {
		v.stated = total
		v.sheet.ops("operations_stated", *total)
	}
	if devices, ok := l.object.count("summary/num_devices", maxStep); ok && devices > 0 {
		v.sheet.count("devices", devices)
	}
	v.sheet.number("seconds", l.object.value("summary/_runtime"))
	n.add(LastValue, l.at, 0, 0)
	return signature
}

func (v *levanterMetrics) observe(o *meter.Observation) {
	o.LastStep, o.TokensCommitted, o.TokensExecuted, o.OperationsStated = v.step, v.tokens, v.tokens, v.stated
}

func (v *levanterMetrics) figures() []Figure { return v.sheet.clone() }
