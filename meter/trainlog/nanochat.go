package trainlog

import (
	"bytes"

	"github.com/weighbridge/weighbridge/meter"
)

// nanochat reads the console of karpathy/nanochat (scripts/base_train.py at
// 92d63d4e):
//
//	Estimated FLOPs per token: 3.491758e+09
//	Total number of training tokens: 11,219,763,200
//	Total training FLOPs estimate: 3.917670e+19
//	step 00020/21400 (0.09%) | loss: 8.900111 | lrm: 1.00 | dt: 501.22ms | tok/sec: 1,046,023 | ...
//
// Steps count from 0. The totals are declared before the run: an intention, no
// measurement. What a step holds is their tokens over their steps, where that is
// a whole number.
type nanochat struct {
	job
	planned uint64 // tokens
}

func newNanochat() *nanochat {
	c := &nanochat{job: spanning()}
	c.fromZero = true
	return c
}

func (c *nanochat) name() string { return "nanochat" }
func (c *nanochat) marks() []string {
	return []string{"| tok/sec: ", "Estimated FLOPs per token: ", "Total number of training tokens: ", "Total training FLOPs estimate: ",
		"Calculated number of iterations", "Scaling params ratio"}
}
func (c *nanochat) clone() parser {
	d := *c
	d.job = c.job.clone()
	return &d
}

func (c *nanochat) read(l line, n *notes) verdict {
	text := l.text
	switch {
	case bytes.HasPrefix(text, []byte("step ")):
		return c.step(l, n)
	case !l.whole || !anyIn(text, c.marks()):
		return foreign
	}
	if tokens, ok := countField(text, "Total number of training tokens:", maxTokens); ok {
		c.planned = tokens
		c.sheet.count("tokens_planned", tokens)
		c.steps.start(false)
	}
	if perToken, err := meter.ParseOps(string(field(text, "Estimated FLOPs per token:"))); err == nil && !perToken.IsZero() {
		c.sheet.ops("operations_per_token_stated", perToken)
	}
	if total, err := meter.ParseOps(string(field(text, "Total training FLOPs estimate:"))); err == nil && !total.IsZero() {
		c.sheet.ops("operations_planned", total)
		n.add(Planned, l.at, 0, 0)
		return signature
	}
	return understood
}

func (c *nanochat) step(l line, n *notes) verdict {
	step, planned, length := fraction(l.text[len("step "):], maxStep)
	if length == 0 || !bytes.HasPrefix(l.text[len("step ")+length:], []byte(" (")) || !bytes.Contains(l.text, []byte(" | tok/sec: ")) ||
		!l.whole && !bytes.Contains(l.text, []byte(" | total time: ")) {
		return foreign
	}
	if c.repeated(l.text) {
		return understood
	}
	var perStep uint64
	if planned != 0 && c.planned != 0 && c.planned%planned == 0 {
		perStep = c.planned / planned
		c.sheet.count("tokens_per_step", perStep)
	}
	c.reach(step, perStep, l, n)
	if _, finite := number(field(l.text, "| loss:")); !finite {
		n.add(NotFinite, l.at, step, 0)
	}
	return signature
}
