package estimate

import (
	"fmt"
	"strings"

	"github.com/weighbridge/weighbridge/meter"
)

// Keys says how many keys a token is taken to attend to in a sequence of s
// tokens. Its text is the value of [meter.Convention.Keys].
type Keys string

// The conventions for keys. A window of w keys bounds each of them.
const (
	HalfKeys  Keys = "s/2"     // canonical, and what most frameworks use; window w - w*w/(2s)
	ExactKeys Keys = "(s+1)/2" // the exact causal mean: a token sees itself too; window w - w*(w-1)/(2s)
	FullKeys  Keys = "s"       // not causal: what a kernel runs that computes the masked half too; window min(w, s)
)

// MaxSequence bounds a sequence length, in tokens.
const MaxSequence = 1 << 32

// Work is a piece of work to count.
type Work struct {
	Tokens   meter.Ops // tokens, not operations
	Sequence uint64    // tokens in a sequence; 0: not stated
	Keys     Keys      // "" is HalfKeys
	Passes   Passes    // 0 is TrainingPasses; Forward for evaluation, inference, a teacher
}

// Count is a number of operations with all that is needed to use it.
type Count struct {
	Operations meter.Interval
	PerToken   meter.Interval
	Convention meter.Convention // Padding and FailedWork are empty: they depend on which tokens were given
	Source     string           // a sentence: the formula with its figures, per token
}

// Training returns the canonical count of training on tokens in sequences of
// the given length. A length of 0 means that it is not stated: low is then the
// count without attention, high that at [Architecture.ContextLength], and the
// estimate unknown. The error names a length out of range, or wraps
// [meter.ErrOpsRange].
func (a Architecture) Training(tokens meter.Ops, sequence uint64) (Count, error) {
	return a.Count(Work{Tokens: tokens, Sequence: sequence})
}

// Evaluation returns the canonical count of running the model forward only.
func (a Architecture) Evaluation(tokens meter.Ops, sequence uint64) (Count, error) {
	return a.Count(Work{Tokens: tokens, Sequence: sequence, Passes: Forward})
}

// Count returns the operations of w. Its errors are those of
// [Architecture.Training].
func (a Architecture) Count(w Work) (Count, error) {
	w, err := a.complete(w)
	if err != nil {
		return Count{}, err
	}
	perToken, err := a.perToken(w)
	if err != nil {
		return Count{}, fmt.Errorf("operations per token of %s at sequence length %d: %w", a.family, w.Sequence, err)
	}
	total, err := scale(perToken, w.Tokens)
	if err != nil {
		return Count{}, fmt.Errorf("operations of %s over %s tokens: %w", a.family, w.Tokens, err)
	}
	return Count{Operations: total, PerToken: perToken, Convention: a.convention(w), Source: a.source(w)}, nil
}

// complete fills in what w leaves out and refuses what cannot be.
func (a Architecture) complete(w Work) (Work, error) {
	if w.Keys == "" {
		w.Keys = HalfKeys
	}
	if w.Passes == 0 {
		w.Passes = TrainingPasses
	}
	switch {
	case len(a.products) == 0:
		return w, fmt.Errorf("no architecture: expected one from ParseConfig")
	case w.Keys != HalfKeys && w.Keys != ExactKeys && w.Keys != FullKeys:
		return w, fmt.Errorf("keys %q: expected %q, %q or %q", w.Keys, HalfKeys, ExactKeys, FullKeys)
	case w.Passes&^TrainingPasses != 0:
		return w, fmt.Errorf("passes %#b: expected a set of forward, input gradient and weight gradient", w.Passes)
	case w.Sequence > MaxSequence:
		return w, fmt.Errorf("sequence length %d: expected 1 to %d tokens, or 0 for not stated", w.Sequence, uint64(MaxSequence))
	case a.learned && w.Sequence > a.context:
		return w, fmt.Errorf("sequence length %d: the configuration has learned positions for %d tokens only: give the length it was trained at", w.Sequence, a.context)
	}
	return w, nil
}

// perToken returns the operations of one token.
func (a Architecture) perToken(w Work) (meter.Interval, error) {
	var s sum
	matrices := a.matrixOps(w.Passes, &s)
	if w.Sequence != 0 {
		return meter.Exact(s.add(matrices, a.coreOps(w, w.Sequence, &s))), s.err
	}
	// DESIGN section 5: without a stated length low has no attention and high
	// has it at the configuration's length.
	high := s.add(matrices, a.coreOps(w, a.context, &s))
	return meter.Interval{Low: matrices, High: meter.Known(high)}, s.err
}

// matrixOps is 2 operations per weight and pass: 6 x W in training.
func (a Architecture) matrixOps(passes Passes, s *sum) meter.Ops {
	var total meter.Ops
	for _, p := range a.products {
		total = s.add(total, s.times(p.weights(s), s.mul(2*(p.Passes&passes).count())))
	}
	return total
}

func (a Architecture) coreOps(w Work, sequence uint64, s *sum) meter.Ops {
	var total meter.Ops
	for _, c := range a.cores {
		layer := c.layerOps(w.Keys, w.Passes, sequence, s)
		total = s.add(total, s.times(layer, meter.NewOps(c.Layers)))
	}
	return total
}

// layerOps returns the core's operations of one token in one layer:
// 2 x (q + q) x c per pass, so 12 x q x c in training. They are computed from
// twice c, which is whole for every s without a window, and rounded down.
func (c Core) layerOps(keys Keys, passes Passes, sequence uint64, s *sum) meter.Ops {
	perHalfKey := (c.ScoreWidth + c.ValueWidth) * (c.Passes & passes).count()
	w := c.Window
	switch {
	case keys == FullKeys && w != 0:
		return s.mul(perHalfKey, 2, min(w, sequence))
	case keys == FullKeys:
		return s.mul(perHalfKey, 2, sequence)
	case w != 0 && w < sequence && keys == ExactKeys:
		return windowOps(s.mul(perHalfKey, 2, w), s.mul(perHalfKey, w, w-1), sequence, s)
	case w != 0 && w < sequence:
		return windowOps(s.mul(perHalfKey, 2, w), s.mul(perHalfKey, w, w), sequence, s)
	case keys == ExactKeys:
		return s.mul(perHalfKey, sequence+1)
	}
	return s.mul(perHalfKey, sequence)
}

// windowOps returns full - part/sequence, rounded down.
func windowOps(full, part meter.Ops, sequence uint64, s *sum) meter.Ops {
	missing, rest := part.Div(sequence)
	if rest != 0 {
		missing = s.add(missing, meter.NewOps(1))
	}
	return s.keep(full.Sub(missing))
}

// scale multiplies every bound that is known by tokens.
func scale(i meter.Interval, tokens meter.Ops) (meter.Interval, error) {
	var s sum
	i.Low = s.times(i.Low, tokens)
	for _, b := range []*meter.Bound{&i.Estimate, &i.High} {
		if b.Known {
			b.Ops = s.times(b.Ops, tokens)
		}
	}
	return i, s.err
}

func (a Architecture) convention(w Work) meter.Convention {
	c := meter.Convention{
		MultiplyAccumulate: "2", Attention: "causal", Keys: string(w.Keys), Window: "none", Embedding: "excluded", Head: "included",
		Recomputation: "excluded", Experts: "none", Evaluation: "excluded",
	}
	if w.Keys == FullKeys {
		c.Attention = "full"
	}
	if w.Sequence == 0 {
		c.Keys = "" // low has none, high has the configuration's length: nothing is stated
	}
	if w.Passes == Forward {
		c.Evaluation = ""
	}
	for _, core := range a.cores {
		if core.Window != 0 && core.Window < max(a.context, w.Sequence) {
			c.Window = "applied"
		}
	}
	return c
}

// source returns the formula with its figures, as in "6 x 7504658432 weights
// applied per token + 12 x 32 layers x 4096 x 4096 keys".
func (a Architecture) source(w Work) string {
	var b strings.Builder
	b.WriteString(a.matrixText(w.Passes))
	length := w.Sequence
	if length == 0 {
		fmt.Fprintf(&b, "; the sequence length is not stated: low has no attention, high adds, at the configuration's %d tokens,", a.context)
		length = a.context
	} else {
		b.WriteString(" +")
	}
	for i, c := range a.cores {
		if i > 0 {
			b.WriteString(" +")
		}
		fmt.Fprintf(&b, " %d x %d layers x %s x %s keys", 4*(c.Passes&w.Passes).count(), c.Layers, c.width(), c.keysText(w.Keys, length))
	}
	return b.String()
}

// width returns q, or the mean of the two widths where they differ.
func (c Core) width() string { return half(c.ScoreWidth + c.ValueWidth) }

func (c Core) keysText(keys Keys, s uint64) string {
	w := c.Window
	switch {
	case keys == FullKeys && w != 0:
		return fmt.Sprint(min(w, s))
	case keys == FullKeys:
		return fmt.Sprint(s)
	case w != 0 && w < s && keys == ExactKeys:
		return fmt.Sprintf("(%d - %d x %d / (2 x %d))", w, w, w-1, s)
	case w != 0 && w < s:
		return fmt.Sprintf("(%d - %d x %d / (2 x %d))", w, w, w, s)
	case keys == ExactKeys:
		return half(s + 1)
	}
	return half(s)
}

// half prints n/2 exactly.
func half(n uint64) string {
	if n%2 == 1 {
		return fmt.Sprintf("%d.5", n/2)
	}
	return fmt.Sprint(n / 2)
}
