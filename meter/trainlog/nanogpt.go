package trainlog

import (
	"bytes"
	"cmp"

	"github.com/weighbridge/weighbridge/meter"
)

// nanoGPT reads the console of karpathy/nanoGPT (train.py at 3adf61e1):
//
//	tokens per iteration will be: 491,520
//	step 0: train loss 10.9897, val loss 10.9880
//	iter 0: loss 10.9886, time 41235.10ms, mfu -100.00%
//
// Iterations count from 0, so after "iter N" there are N + 1 steps done. The
// tokens per iteration hold gradient accumulation and all ranks. They are
// printed at each start, by every rank. A "step" line is an evaluation and
// proves no step.
type nanoGPT struct {
	steps steps
	ranks ranks
	sheet sheet
}

func (g *nanoGPT) name() string { return "nanogpt" }

func (g *nanoGPT) clone() parser {
	c := *g
	c.steps, c.ranks, c.sheet = g.steps.clone(), g.ranks.clone(), g.sheet.clone()
	return &c
}

func (g *nanoGPT) marks() []string {
	return []string{": loss ", perIterationMark, ": train loss ", parametersMark}
}

// beforeNumber returns where the number begins that ends a text like
// "tokens per iteration will be: 491,520"; 0 when it is not one.
func beforeNumber(text []byte) int {
	at := len(text)
	for at > 0 && (text[at-1] >= '0' && text[at-1] <= '9' || text[at-1] == ',') {
		at--
	}
	if at < 2 || at == len(text) || text[at-1] != ' ' || text[at-2] != ':' || !bytes.HasSuffix(text[:at], []byte(perIterationMark)) {
		return 0
	}
	return at
}

func (g *nanoGPT) read(l line, n *notes) verdict {
	best := foreign
	if bytes.Contains(l.text, []byte("ms")) {
		best = g.statements(l, n)
	}
	if best == foreign {
		best = g.perIteration(l, n)
	}
	if best == foreign {
		best = evaluation(l.text)
	}
	if best == foreign && l.whole && bytes.HasPrefix(l.text, []byte(parametersMark)) {
		g.sheet.printedParameters(l.text[len(parametersMark):])
		return understood
	}
	return best
}

// parametersMark begins "number of parameters: 123.59M", without the table of
// positions (model.py, GPT.get_num_params).
const parametersMark = "number of parameters: "

// statements reads every "iter" of a line: those of two ranks may stand in one.
func (g *nanoGPT) statements(l line, n *notes) verdict {
	best := foreign
	for rest := l.text; ; {
		at := bytes.Index(rest, []byte("iter"))
		if at < 0 {
			return best
		}
		length, v := g.statement(rest[at:], rest[:at], l, n)
		best = max(best, v)
		rest = rest[at+length:]
	}
}

// evaluation understands "step 0: train loss 10.9897, val loss 10.9880".
func evaluation(text []byte) verdict {
	rest, found := bytes.CutPrefix(text, []byte("step "))
	if !found {
		return foreign
	}
	_, length := digits(rest, maxStep)
	if length != 0 && bytes.HasPrefix(rest[length:], []byte(": train loss ")) {
		return understood
	}
	return foreign
}

const perIterationMark = "tokens per iteration will be: "

// perIteration reads "tokens per iteration will be: 491,520", which begins a
// start of the job.
func (g *nanoGPT) perIteration(l line, n *notes) verdict {
	at := beforeNumber(l.text)
	if at == 0 {
		return foreign
	}
	tokens, length := digits(l.text[at:], maxStep)
	if length != len(l.text)-at || tokens == 0 || !l.whole {
		return foreign
	}
	g.steps.hold(tokens, l, n)
	if g.ranks.start(cmp.Or(rankOf(l.text[:at-len(perIterationMark)]), l.rank()), g.steps.started) {
		g.steps.start(false)
	}
	return signature
}

// statement reads one "iter N: loss X, time Yms, mfu Z%" at the beginning of
// text and returns how much of the text it took.
func (g *nanoGPT) statement(text, prefix []byte, l line, n *notes) (int, verdict) {
	iter, finite, length := iteration(text, l.whole)
	if length == 0 {
		return len("iter"), foreign
	}
	rank := cmp.Or(rankOf(prefix), l.rank())
	if !g.ranks.shows(rank, iter+1, g.steps.done, g.steps.started) || !g.steps.reach(iter+1, l, n) {
		return length, understood
	}
	if !finite {
		n.add(NotFinite, l.at, iter, 0)
	}
	return length, signature
}

// iteration takes a line apart; a length of 0 means that it is none. The
// utilisation is absent in old versions; then the line must be whole.
func iteration(text []byte, whole bool) (iter uint64, finite bool, length int) {
	s := scanner{text: text}
	s.literal("iter ")
	iter = s.digits(maxStep)
	s.literal(": loss ")
	finite = s.number()
	s.literal(", time ")
	s.number()
	s.literal("ms")
	if !s.failed && bytes.HasPrefix(s.rest(), []byte(", mfu ")) {
		s.literal(", mfu ")
		s.number()
		s.literal("%")
	} else if len(s.rest()) == 0 && !whole {
		s.failed = true
	}
	if s.failed {
		return 0, false, 0
	}
	return iter, finite, s.at
}

// rankOf returns which rank a launcher's prefix names: "[rank3]:", "[default3]:"
// (torchrun), "3: " (srun --label). Without one it is "".
func rankOf(prefix []byte) string {
	prefix = bytes.TrimSpace(prefix)
	inner, found := bytes.CutSuffix(prefix, []byte(":"))
	if !found || len(prefix) > 20 {
		return ""
	}
	inner = bytes.TrimSuffix(bytes.TrimPrefix(inner, []byte("[")), []byte("]"))
	inner = bytes.TrimPrefix(bytes.TrimPrefix(inner, []byte("rank")), []byte("default"))
	if _, length := digits(inner, maxStep); length == 0 || length != len(inner) {
		return ""
	}
	return string(inner)
}

func (g *nanoGPT) observe(o *meter.Observation) { g.steps.observe(o, g.steps.done-1) }

func (g *nanoGPT) figures() []Figure {
	var o meter.Observation
	g.observe(&o)
	list := g.sheet.clone()
	for _, f := range []struct {
		name  string
		value *uint64
	}{{"last_step", o.LastStep}, {"steps", o.StepsCommitted}, {"tokens_per_step", o.TokensPerStep}} {
		if f.value != nil {
			list.count(f.name, *f.value)
		}
	}
	return list
}

// scanner takes a text apart from left to right and remembers a failure.
type scanner struct {
	text   []byte
	at     int
	failed bool
}

func (s *scanner) rest() []byte { return s.text[s.at:] }

func (s *scanner) literal(want string) {
	if s.failed = s.failed || !bytes.HasPrefix(s.rest(), []byte(want)); !s.failed {
		s.at += len(want)
	}
}

func (s *scanner) digits(limit uint64) uint64 {
	if s.failed {
		return 0
	}
	n, length := digits(s.rest(), limit)
	s.at += length
	s.failed = length == 0
	return n
}

func (s *scanner) number() (finite bool) {
	if s.failed {
		return false
	}
	length, finite := number(s.rest())
	s.at += length
	s.failed = length == 0
	return finite
}
