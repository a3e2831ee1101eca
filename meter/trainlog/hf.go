package trainlog

import (
	"bytes"

	"github.com/weighbridge/weighbridge/meter"
)

// hf reads the console of the Hugging Face Trainer (transformers at 01081ce2):
// one Python dict per log, its numbers bare or, in newer versions, as strings:
//
//	{'loss': 1.4021, 'grad_norm': 1.2109375, 'learning_rate': 1e-05, 'epoch': 0.5}
//	{'loss': '1.202', 'grad_norm': '0.9922', 'learning_rate': '0', 'epoch': '1'}
//	{'train_runtime': 1812.4431, 'train_samples_per_second': 7.062, ..., 'epoch': 1.0}
//
// What it states: that a log was written (steps_logged), the seconds since the
// last start, and, where the job enables include_num_input_tokens_seen, a
// counter of input tokens, padding included, that is kept across resumes. The
// counter stays 0 unless enabled: 0 is not stated. What it does not state: a
// step number (a log stands for logging_steps steps; only a dict with a step or
// global_step of its own states one), the batch, the sequence length. An epoch
// or a rate is no count and is not made into one.
type hf struct {
	variant   trainer
	own       bool   // a dict had the variant's key
	logs      uint64 // dicts with a loss
	seconds   string // train_runtime as printed last
	tokens    counter
	steps     steps
	flops     *meter.Ops
	cut, half *meter.Ops // the total that the metrics block prints cut off, and how far off it may be
	trainable *meter.Ops
	last      []byte // the last dict, against repetition by other ranks
}

// trainer is a trainer that is built on the Hugging Face Trainer: the name of
// its format.
type trainer string

const (
	plainTrainer   trainer = "hf"
	trlTrainer     trainer = "trl"
	axolotlTrainer trainer = "axolotl"
)

func newHF() *hf { return &hf{variant: plainTrainer} }

func (h *hf) name() string { return string(h.variant) }

func (h *hf) clone() parser {
	c := *h
	c.steps = h.steps.clone()
	c.last = bytes.Clone(h.last)
	return &c
}

func (h *hf) marks() []string { return []string{runningLine, resumedLine, totalLine} }

// How the lines of the Trainer's own logger end, that announce a start.
const (
	runningLine = "***** Running training *****"
	resumedLine = "Continuing training from checkpoint, will skip to saved global_step"
)

func (h *hf) read(l line, n *notes) verdict {
	if !l.brace {
		return h.logger(l)
	}
	best := foreign
	for rest := l.text; ; {
		at := bytes.IndexByte(rest, '{')
		if at < 0 {
			break
		}
		d, length := parseDict(rest[at:])
		if length == 0 {
			rest = rest[at+1:]
			continue
		}
		best = max(best, h.dict(d, rest[at:at+length], l, n))
		rest = rest[at+length:]
	}
	return best
}

// logger understands the lines that announce a start, where the job shows them
// (logging level info).
func (h *hf) logger(l line) verdict {
	switch {
	case bytes.HasSuffix(l.text, []byte(runningLine)):
		h.steps.start(true)
		h.tokens.start(true)
	case bytes.HasSuffix(l.text, []byte(resumedLine)):
		h.steps.start(false)
		h.tokens.start(false)
	case (h.variant == plainTrainer || h.own) && h.metrics(l):
		return signature
	default:
		return foreign
	}
	return h.opening()
}

// opening is what a line is that any of the trainers writes: before a variant is
// met it is left to the others too.
func (h *hf) opening() verdict {
	if h.variant != plainTrainer && !h.own {
		return foreign
	}
	return understood
}

// mine reports whether the dict belongs to the variant.
func (h *hf) mine(d dict) bool {
	switch h.variant {
	case trlTrainer:
		h.own = h.own || d.counted != nil
	case axolotlTrainer:
		h.own = h.own || d.total != nil
	default:
		return true
	}
	return h.own
}

// dict reads one log. Its text tells a repetition: the trainer's own values are
// the same on every rank.
func (h *hf) dict(d dict, text []byte, l line, n *notes) verdict {
	v := d.kind()
	if v == signature && !h.mine(d) {
		return foreign
	}
	if v != signature {
		return min(v, h.opening())
	}
	if bytes.Equal(text, h.last) {
		return understood
	}
	h.last = append(h.last[:0], text...)
	if d.loss != nil {
		h.logs++
		if _, finite := number(d.loss); !finite {
			n.add(NotFinite, l.at, 0, 0)
		}
	}
	if d.runtime != nil {
		h.seconds = string(d.runtime)
	}
	h.counters(d, l, n)
	return signature
}

// counters reads the figures that are cumulative and exact.
func (h *hf) counters(d dict, l line, n *notes) {
	if tokens, stated, exact := wholeNumber(h.tokenText(d)); !exact {
		n.add(Rounded, l.at, 0, 0)
	} else if stated {
		h.tokens.reach(tokens, d.loss != nil, l, n)
	}
	if step, stated, exact := wholeNumber(d.step); stated && exact {
		if done, fits := step.Uint64(); fits && done <= maxStep {
			h.steps.reach(done, l, n)
		}
	}
	if tokens, stated, exact := wholeNumber(d.trainable); stated && exact {
		h.trainable = &tokens
	}
	// The trainer prints total_flos in shortest float form, which reads back
	// exactly as the whole number it rounded to.
	if flops, err := meter.ParseOps(string(d.flops)); err == nil && !flops.IsZero() {
		h.flops = &flops
	}
}

// tokenText is the counter that the variant keeps.
func (h *hf) tokenText(d dict) []byte {
	switch h.variant {
	case trlTrainer:
		return d.counted
	case axolotlTrainer:
		return d.total
	}
	return d.tokens
}

// wholeNumber reads a count. It is not stated when absent or 0, and not exact
// when it was printed rounded.
func wholeNumber(text []byte) (value meter.Ops, stated, exact bool) {
	if text == nil {
		return meter.Ops{}, false, true
	}
	plain := bytes.TrimSuffix(text, []byte(".0"))
	n, length := digits(plain, maxTokens)
	if length == 0 || length != len(plain) {
		return meter.Ops{}, false, false
	}
	return meter.NewOps(n), n != 0, true
}

func (h *hf) observe(o *meter.Observation) {
	h.steps.observe(o, h.steps.done)
	if o.OperationsStated = h.flops; h.flops == nil {
		o.OperationsStated, o.OperationsRounding = h.cut, h.half
	}
	if committed, executed, stated := h.tokens.totals(); stated {
		o.TokensCommitted, o.TokensExecuted = &committed, &executed
	}
}

func (h *hf) figures() []Figure {
	var list sheet
	list.count("steps_logged", h.logs)
	if h.seconds != "" {
		list.number("seconds", []byte(h.seconds))
	}
	if h.tokens.seen {
		h.tokenFigures(&list)
	}
	if h.steps.done != 0 {
		list.count("last_step", h.steps.done)
	}
	if h.flops != nil {
		list.ops("operations_stated", *h.flops)
	} else if h.cut != nil {
		list.ops("operations_rounded", *h.cut)
	}
	return list
}

// tokenFigures: the Trainer's counter holds padding and says what was seen, the
// others' hold real tokens.
func (h *hf) tokenFigures(list *sheet) {
	if h.variant == plainTrainer {
		list.ops("tokens_seen", h.tokens.last)
		return
	}
	committed, _, _ := h.tokens.totals()
	list.ops("tokens", committed)
	if h.trainable != nil {
		list.ops("tokens_trainable", *h.trainable)
	}
}
