package trainlog

import (
	"bytes"

	"github.com/weighbridge/weighbridge/meter"
)

// nemo reads the console of NeMo (lightning/pytorch/callbacks/progress_printer.py
// at 8cfedd72):
//
//	Training epoch 0, iteration 10/99 | lr: 0.0003 | global_batch_size: 512 | global_step: 10 | ... | consumed_samples: 5632 | TFLOPS_per_GPU: 391.2
//
// Whole numbers are exact, others have four digits. Steps count from 0, the
// counter of samples over the run.
type nemo struct {
	job
	consumed uint64
	shown    bool
}

func newNeMo() *nemo {
	m := &nemo{job: spanning()}
	m.fromZero, m.samples = true, true
	return m
}

func (m *nemo) name() string    { return "nemo" }
func (m *nemo) marks() []string { return []string{"Training epoch "} }
func (m *nemo) clone() parser {
	c := *m
	c.job = m.job.clone()
	return &c
}

func (m *nemo) read(l line, n *notes) verdict {
	at := bytes.Index(l.text, []byte("Training epoch "))
	if at < 0 || !l.whole {
		return foreign
	}
	text := l.text[at:]
	step, ok := countField(text, "| global_step:", maxStep)
	if !ok { // the iteration counts within its epoch, and is the step in the first one only
		if !bytes.HasPrefix(text, []byte("Training epoch 0,")) {
			return foreign
		}
		if step, _, _ = fraction(behind(text, "iteration "), maxStep); !bytes.Contains(text, []byte(", iteration ")) {
			return foreign
		}
	}
	consumed, stated := countField(text, "consumed_samples:", maxTokens)
	if !stated && !bytes.Contains(text, []byte("train_step_timing")) {
		return foreign
	}
	if m.repeated(text) {
		return understood
	}
	batch, _ := countField(text, "global_batch_size:", maxStep)
	m.reach(step, batch, l, n)
	if stated {
		m.consumed, m.shown = consumed, true
	}
	m.sheet.number("tflops_per_device", numberField(text, "TFLOPS_per_GPU:"))
	if batch != 0 {
		m.sheet.count("samples_per_step", batch)
	}
	if _, finite := number(field(text, "reduced_train_loss:")); !finite {
		n.add(NotFinite, l.at, step, 0)
	}
	return signature
}

func (m *nemo) figures() []Figure {
	list := sheet(m.job.figures())
	if m.shown {
		list.count("samples", m.consumed)
	}
	var o meter.Observation
	m.observe(&o)
	if o.SamplesCommitted != nil {
		list.ops("samples_committed", *o.SamplesCommitted)
	}
	return list
}
