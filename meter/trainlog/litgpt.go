package trainlog

import "bytes"

// litGPT reads the console of litgpt (pretrain.py at 26857050):
//
//	Measured TFLOPs: 1201.33
//	Epoch 1 | iter 16 step 2 | loss train: 10.912, val: n/a | iter time: 402.12 ms (step) remaining time: 6 days, 3:22:00
//
// An iteration is a micro-batch, a step an update of the weights. The measured
// figure is that of one micro-batch times the world size, taken once without
// data, so it is no figure of the run. Tokens stand in metrics.csv only.
type litGPT struct{ job }

func newLitGPT() *litGPT { return &litGPT{spanning()} }

func (g *litGPT) name() string    { return "litgpt" }
func (g *litGPT) marks() []string { return []string{"| iter time: ", "Measured TFLOPs: "} }
func (g *litGPT) clone() parser   { return &litGPT{g.job.clone()} }

func (g *litGPT) read(l line, n *notes) verdict {
	if bytes.HasPrefix(l.text, []byte("Measured TFLOPs: ")) {
		return understood
	}
	if !bytes.HasPrefix(l.text, []byte("Epoch ")) || !bytes.Contains(l.text, []byte(" | iter time: ")) || !l.whole {
		return foreign
	}
	step, ok := countField(l.text, " step ", maxStep)
	if !ok || !bytes.Contains(l.text, []byte(" | iter ")) {
		return foreign
	}
	if g.repeated(l.text) {
		return understood
	}
	if step != g.steps.done { // several iterations make a step
		g.reach(step, 0, l, n)
	}
	if _, finite := number(bytes.TrimRight(field(l.text, "loss train:"), ",")); !finite {
		n.add(NotFinite, l.at, step, 0)
	}
	return signature
}

// litGPTMetrics reads metrics.csv of litgpt: a row for each logging interval,
// with a header. total_tokens is cumulative over the run and all devices.
type litGPTMetrics struct {
	job
	table table
}

func newLitGPTMetrics() *litGPTMetrics { return &litGPTMetrics{table: table{separator: ','}} }

func (g *litGPTMetrics) name() string    { return "litgpt-metrics" }
func (g *litGPTMetrics) marks() []string { return g.table.marks("total_tokens") }
func (g *litGPTMetrics) clone() parser {
	return &litGPTMetrics{g.job.clone(), g.table.clone()}
}

func (g *litGPTMetrics) read(l line, n *notes) verdict {
	if g.table.header(l, "iter", "total_tokens") {
		return understood
	}
	row, ok := g.table.row(l)
	if !ok {
		return foreign
	}
	tokens, ok := count(bytes.TrimSuffix(row.cell("total_tokens"), []byte(".0")), maxTokens)
	if !ok || tokens == 0 {
		return understood
	}
	g.tokens.reach(opsOf(tokens), true, l, n)
	if committed, _, stated := g.tokens.totals(); stated {
		g.sheet.ops("tokens", committed)
	}
	return signature
}
