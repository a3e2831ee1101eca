package trainlog

import (
	"bytes"

	"github.com/weighbridge/weighbridge/meter"
)

// maxText reads the console of MaxText (common/metric_logger.py at e591f30c):
//
//	completed step: 2, seconds: 5.101, TFLOP/s/device: 330.638, Tokens/s/device: 6423.838, total_weights: 2095152, loss: 11.700, ...
//
// and its metrics file, one JSON object for each step:
//
//	{"learning/total_weights": 2095152.0, "perf/per_device_tflops": 1686.58..., "perf/per_device_tokens": 32768.0, "step": 2.0, ...}
//
// total_weights is the real, unpadded target tokens of the step over all
// devices. Rates are absent while the batch grows, and absurd in the first steps
// (asynchronous dispatch).
type maxText struct {
	job
	metrics bool // the metrics file
}

func newMaxText() *maxText {
	return &maxText{job: job{fromZero: true, steps: steps{spans: true}}}
}

func newMaxTextMetrics() *maxText {
	m := newMaxText()
	m.metrics, m.steps.again = true, true
	return m
}

func (m *maxText) name() string {
	if m.metrics {
		return "maxtext-metrics"
	}
	return "maxtext"
}

func (m *maxText) clone() parser {
	c := *m
	c.job = m.job.clone()
	return &c
}

func (m *maxText) marks() []string {
	if m.metrics {
		return nil
	}
	return []string{"completed step: ", "Total TFLOPs: ", "Per train step:", "learnable weight flops", "number parameters: ", "Completed eval", "completed profiler"}
}

func (m *maxText) read(l line, n *notes) verdict {
	if m.metrics {
		return m.object(l, n)
	}
	text := l.text
	switch at := bytes.Index(text, []byte("completed step: ")); {
	case at >= 0:
		return m.step(l, text[at:], n)
	case bytes.HasPrefix(bytes.TrimSpace(text), []byte("Total TFLOPs: ")):
		m.sheet.number("tflop_per_step_per_device", numberField(text, "Total TFLOPs:"))
		return understood
	case bytes.HasPrefix(text, []byte("number parameters: ")) && l.whole:
		m.sheet.printedParameters(text[len("number parameters: "):])
		return understood
	case anyIn(text, m.marks()):
		return understood
	}
	return foreign
}

func (m *maxText) step(l line, text []byte, n *notes) verdict {
	if !l.whole && !bytes.Contains(text, []byte(", loss: ")) {
		return foreign
	}
	step, ok := countField(text, "completed step:", maxStep)
	tokens, stated := countField(text, "total_weights:", maxStep)
	if !ok || !bytes.Contains(text, []byte(", seconds: ")) {
		return foreign
	}
	if !stated {
		tokens = 0
	}
	if !m.one(step, tokens, l, n) {
		return understood
	}
	m.sheet.number("tflops_per_device", numberField(text, "TFLOP/s/device:"))
	m.sheet.number("tokens_per_second_per_device", numberField(text, "Tokens/s/device:"))
	return signature
}

// one counts a step that is alone in its line.
func (m *maxText) one(step, tokens uint64, l line, n *notes) bool {
	if tokens == 0 {
		m.steps.perStep = 0
	}
	return m.reach(step, tokens, l, n)
}

func (m *maxText) object(l line, n *notes) verdict {
	if !l.object.has("learning/total_weights", "step") {
		return foreign
	}
	step, ok := l.object.count("step", maxStep)
	tokens, stated := l.object.count("learning/total_weights", maxStep)
	if !ok || !stated {
		return foreign
	}
	if l.text != nil && m.repeated(l.text) || !m.one(step, tokens, l, n) {
		return understood
	}
	m.sheet.number("tflop_per_step_per_device", l.object.value("perf/per_device_tflops"))
	m.sheet.number("tflops_per_device", l.object.value("perf/per_device_tflops_per_sec"))
	m.sheet.number("tokens_per_second_per_device", l.object.value("perf/per_device_tokens_per_sec"))
	if perDevice, ok := l.object.count("perf/per_device_tokens", maxStep); ok {
		m.sheet.count("tokens_per_step_per_device", perDevice)
	}
	return signature
}

func (m *maxText) figures() []Figure {
	list := sheet(m.job.figures())
	var o meter.Observation
	m.observe(&o)
	if o.StepsCommitted != nil {
		list.count("steps", *o.StepsCommitted)
	}
	if o.TokensCommitted != nil {
		list.ops("tokens", *o.TokensCommitted)
	}
	return list
}
