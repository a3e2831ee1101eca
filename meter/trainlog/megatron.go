package trainlog

import (
	"bytes"

	"github.com/weighbridge/weighbridge/meter"
)

// megatron reads the console of Megatron-LM (training.py at d98e8a64), and of
// what descends from it (Megatron-DeepSpeed, gpt-neox):
//
//	[2026-08-22 10:01:52.574456] iteration       20/    1000 | consumed samples:         2560 | elapsed time per iteration (ms): 2121.7 |
//	   throughput per GPU (TFLOP/s/GPU): 397.5 | ... | global batch size:   128 | ... | number of skipped iterations:   0 | (one line)
//	saving checkpoint at iteration      50 to /ckpt/l8 in torch_dist format
//	  successfully saved checkpoint from iteration      50 to /ckpt/l8 [ t 1/2, gtp_remat 1/1, p 1/1 ]
//	  successfully loaded checkpoint from /ckpt/l8 [ t 1/2, gtp_remat 1/1, p 1/1 ] at iteration 50
//
// A line stands for every iteration since the one before it. The counter of
// samples is cumulative over the run, restarts included, so each step is given
// what the counter moved by. A skipped iteration consumed its samples and its
// operations without an update. The length of a sequence is not printed.
type megatron struct {
	job
	consumed, savedConsumed uint64 // samples at the last line, and at the last checkpoint
	saved                   uint64 // step of the last checkpoint that is whole
	skipped                 uint64
}

func newMegatron() *megatron {
	m := &megatron{job: spanning()}
	m.samples = true
	return m
}

func (m *megatron) name() string { return "megatron" }
func (m *megatron) clone() parser {
	c := *m
	c.job = m.job.clone()
	return &c
}

func (m *megatron) marks() []string {
	return []string{"| consumed samples:", "elapsed time per iteration (", "successfully saved checkpoint", "successfully loaded checkpoint",
		"saving checkpoint at iteration", "number of parameters on (", "[before the start of training step]"}
}

func (m *megatron) read(l line, n *notes) verdict {
	switch text := l.text; {
	case bytes.Contains(text, []byte("elapsed time per iteration (")) || bytes.Contains(text, []byte("| consumed samples:")):
		return m.iterations(l, n)
	case bytes.Contains(text, []byte("successfully saved checkpoint")):
		return m.checkpoint(text, "iteration ", false)
	case bytes.Contains(text, []byte("successfully loaded checkpoint")):
		return m.checkpoint(text, "at iteration ", true)
	case bytes.Contains(text, []byte("number of parameters on (")):
		return m.parameters(l)
	case bytes.Contains(text, []byte("saving checkpoint at iteration")), bytes.HasPrefix(text, []byte("[before the start of training step]")):
		return understood
	}
	return foreign
}

// parameters reads "> number of parameters on (tensor, ...) model parallel rank (0, 0, 0): N":
// of the first shard only, so it is no size of the model.
func (m *megatron) parameters(l line) verdict {
	at := bytes.LastIndex(l.text, []byte("): "))
	if at < 0 || !l.whole {
		return foreign
	}
	if size, ok := count(bytes.TrimSpace(l.text[at+3:]), maxTokens); ok && bytes.Contains(l.text, []byte("rank (0, 0")) {
		m.sheet.count("params_on_first_model_parallel_rank", size)
	}
	return understood
}

// checkpoint notes one that was written or read. Before the log is known to be
// of this format others may say it too.
func (m *megatron) checkpoint(text []byte, key string, loaded bool) verdict {
	step, ok := countField(text, key, maxStep)
	if !ok {
		return foreign
	}
	if _, size, length := fraction(behind(text, "[ t "), maxStep); length > 0 {
		m.sheet.count("tensor_parallel", size)
	}
	if loaded {
		m.steps.startAt(step)
		if step == m.saved && m.savedConsumed != 0 {
			m.consumed = m.savedConsumed
		} else {
			m.consumed = 0
		}
		m.saved = step
		return understood
	}
	m.saved, m.savedConsumed = step, 0
	if step == m.steps.done {
		m.savedConsumed = m.consumed
	}
	return understood
}

// behind returns all that follows the key.
func behind(text []byte, key string) []byte {
	_, rest, _ := bytes.Cut(text, []byte(key))
	return rest
}

// iterations reads every statement of a line: those of two processes may stand
// in one.
func (m *megatron) iterations(l line, n *notes) verdict {
	best := foreign
	for rest := l.text; ; {
		at, length, number := iterationAt(rest)
		if length == 0 {
			return best
		}
		body := rest[at+length:]
		next, more, _ := iterationAt(body)
		if more == 0 {
			next = len(body)
		}
		whole := l.whole || more != 0 || bytes.HasSuffix(bytes.TrimRight(body, " "), []byte("|"))
		if whole {
			best = max(best, m.iteration(number, rest[:at+length+next], l, n))
		}
		rest = body[next:]
	}
}

// iterationAt finds "iteration       20/    1000 |"; a length of 0 means that
// there is none.
func iterationAt(text []byte) (at, length int, number uint64) {
	for from := 0; ; {
		i := bytes.Index(text[from:], []byte("iteration "))
		if i < 0 {
			return 0, 0, 0
		}
		at = from + i
		from = at + len("iteration ")
		number, _, length := fraction(text[from:], maxStep)
		if length > 0 && bytes.HasPrefix(bytes.TrimLeft(text[from+length:], " "), []byte("|")) {
			return at, len("iteration ") + length, number
		}
	}
}

func (m *megatron) iteration(step uint64, text []byte, l line, n *notes) verdict {
	if m.repeated(text) {
		return understood
	}
	m.amount(step, text, l, n)
	if skipped, ok := countField(text, "number of skipped iterations:", maxStep); ok {
		m.skipped = saturated(m.skipped, skipped)
		m.sheet.count("steps_skipped", m.skipped)
	}
	if word := field(text, "lm loss:"); word != nil {
		if _, finite := number(word); !finite {
			n.add(NotFinite, l.at, step, 0)
		}
	}
	m.sheet.number("tflops_per_device", numberField(text, "throughput per GPU (TFLOP/s/GPU):"))
	m.sheet.number("energy_joules_per_device", numberField(text, "energy per GPU (J/iter/GPU):"))
	m.sheet.number("milliseconds_per_step", numberField(text, "elapsed time per iteration (ms):"))
	return signature
}

// amount gives the steps since the last line what the counter moved by, to the
// sample: where the batch grew in between, the last step is given the rest.
func (m *megatron) amount(step uint64, text []byte, l line, n *notes) {
	batch, _ := countField(text, "global batch size:", maxStep)
	consumed, stated := countField(text, "consumed samples:", maxTokens)
	if tokens, ok := countField(text, "consumed tokens:", maxTokens); ok && tokens != 0 {
		m.samples, consumed, stated, batch = false, tokens, true, 0
	}
	from := m.steps.done
	if m.steps.started && m.steps.origin {
		from = m.steps.originAt
	}
	known := stated && (m.consumed != 0 || from == 0) && consumed > m.consumed && step > from
	m.steps.headPerStep = batch
	if known && !(batch != 0 && sameProduct(batch, step-from, consumed-m.consumed)) {
		each, rest := (consumed-m.consumed)/(step-from), (consumed-m.consumed)%(step-from)
		if rest != 0 {
			m.reach(step-1, each, l, n)
			m.steps.head, m.steps.headRest = 0, m.steps.head
		}
		batch = each + rest
	}
	m.reach(step, batch, l, n)
	if m.steps.headRest != 0 { // the two were one line
		m.steps.head, m.steps.headRest = m.steps.headRest+1, 0
	}
	if stated {
		m.consumed = consumed
	}
	if batch != 0 && m.samples {
		m.sheet.count("samples_per_step", batch)
	}
}

// sameProduct reports whether a x b is c, without overflow.
func sameProduct(a, b, c uint64) bool { return c/b == a && c%b == 0 }

func (m *megatron) figures() []Figure {
	list := sheet(m.job.figures())
	var o meter.Observation
	m.observe(&o)
	if o.SamplesCommitted != nil {
		list.ops("samples_committed", *o.SamplesCommitted)
		list.count("samples", m.consumed)
	}
	if m.saved != 0 {
		list.count("checkpointed_step", m.saved)
		if amount, priced := m.steps.before(m.saved); priced && m.samples {
			list.ops("samples_checkpointed", amount)
		}
	}
	return list
}
