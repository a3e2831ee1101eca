package trainlog

import (
	"bytes"
	"math/big"
)

// nanotron reads the console of nanotron (trainer.py and logging/base.py at
// 004a89ca and a5f8fb11), behind the prefix of its logger and of a launcher:
//
//	mbs: 4 | grad_accum: 8 | sequence_length: 4096 | global_batch_size: 512 | train_steps: 1000 | start_iteration_step: 0 | consumed_train_samples: 0
//	iteration: 11 / 1000 | consumed_tokens: 23.1M | time_per_iteration_ms: 2.1K | tokens_per_sec: 998K | tokens_per_sec_per_gpu: 15.6K | ...
//
// A line stands for its own step; lines come every so many steps. Its numbers
// have three digits, so that tokens follow from the first line of a start, whose
// numbers are whole.
type nanotron struct{ job }

func newNanotron() *nanotron { return &nanotron{} }

func (t *nanotron) name() string { return "nanotron" }
func (t *nanotron) marks() []string {
	return []string{" | consumed_tokens: ", " | start_iteration_step: "}
}
func (t *nanotron) clone() parser { return &nanotron{t.job.clone()} }

func (t *nanotron) read(l line, n *notes) verdict {
	if bytes.Contains(l.text, []byte(" | start_iteration_step: ")) {
		return t.begin(l, n)
	}
	at := bytes.Index(l.text, []byte("iteration: "))
	if at < 0 || !bytes.Contains(l.text[at:], []byte(" | consumed_tokens: ")) {
		return foreign
	}
	text := l.text[at:]
	step, ok := countField(text, "iteration:", maxStep)
	if !ok || !l.whole && !bytes.Contains(text, []byte(" | model_tflops_per_gpu: ")) {
		return foreign
	}
	if !t.reach(step, 0, l, n) {
		return understood
	}
	if _, finite := number(field(text, "lm_loss:")); !finite {
		n.add(NotFinite, l.at, step, 0)
	}
	t.sheet.number("tokens_per_second", shortened(field(text, "tokens_per_sec:")))
	t.sheet.number("tokens_per_second_per_device", shortened(field(text, "tokens_per_sec_per_gpu:")))
	if l.whole { // the last number of a line that was cut may be cut
		t.sheet.number("tflops_per_device", shortened(field(text, "model_tflops_per_gpu:")))
	}
	if printed := shortened(field(text, "consumed_tokens:")); printed != nil {
		if tokens, ok := count(printed, maxTokens); ok {
			t.sheet.count("tokens_printed", tokens)
		}
	}
	return signature
}

// begin reads the line with which a start shows its batch and where it goes on.
func (t *nanotron) begin(l line, n *notes) verdict {
	length, ok := countField(l.text, "sequence_length:", maxStep)
	batch, also := countField(l.text, "global_batch_size:", maxStep)
	done, known := countField(l.text, "start_iteration_step:", maxStep)
	if !ok || !also || !known || length == 0 || batch == 0 || batch > maxStep/length ||
		!l.whole && !bytes.Contains(l.text, []byte("consumed_train_samples:")) {
		return foreign
	}
	t.length = length
	t.steps.hold(length*batch, l, n)
	t.steps.startAt(done)
	t.sheet.count("sequence_length", length)
	t.sheet.count("tokens_per_step", length*batch)
	return signature
}

func (t *nanotron) figures() []Figure {
	list := sheet(t.job.figures())
	if _, tokens, priced := t.steps.union(); priced && t.steps.done != 0 {
		list.ops("tokens_committed", tokens)
		list.ops("tokens_executed", t.steps.tokens)
	}
	return list
}

// shortened is a number with a unit (K, M, B, T, P, E) in digits; nil when it is
// none.
func shortened(word []byte) []byte {
	scale := int64(1)
	if len(word) > 1 {
		if unit, known := map[byte]int64{'K': 1e3, 'M': 1e6, 'B': 1e9, 'T': 1e12, 'P': 1e15, 'E': 1e18}[word[len(word)-1]]; known {
			scale, word = unit, word[:len(word)-1]
		}
	}
	value, ok := exactly(word)
	if !ok {
		return nil
	}
	value.Mul(value, big.NewRat(scale, 1))
	if value.IsInt() {
		return []byte(value.Num().String())
	}
	return []byte(new(big.Float).SetPrec(128).SetRat(value).Text('g', 15))
}
