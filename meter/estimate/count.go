package estimate

import (
	"fmt"
	"slices"

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
	Tokens   meter.Ops // text tokens, not operations
	Sequence uint64    // tokens in a sequence; 0: not stated
	Keys     Keys      // "" is HalfKeys
	Passes   Passes    // 0 is TrainingPasses; Forward for evaluation, inference, a teacher

	Source     *Stretch // what the encoder of a model that has one reads; nil: not stated
	Images     *Stretch // the image tokens among Tokens, Sequence those of one image; nil: not stated
	FixedTower bool     // the vision tower is frozen: it runs forward only
	Prediction bool     // multi-token-prediction modules are trained too; they are left out otherwise
}

// Count is a number of operations with all that is needed to use it.
type Count struct {
	Operations meter.Interval
	PerToken   meter.Interval   // of a text token
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
	perToken, err := a.perToken(w, Text)
	if err != nil {
		return Count{}, fmt.Errorf("operations per token of %s at sequence length %d: %w", a.family, w.Sequence, err)
	}
	total, err := scale(perToken, w.Tokens)
	for _, stream := range []Stream{Source, Image} {
		if err == nil && a.has(stream) {
			total, err = a.plusStream(total, w, stream)
		}
	}
	if err != nil {
		return Count{}, fmt.Errorf("operations of %s over %s tokens: %w", a.family, w.Tokens, err)
	}
	return Count{Operations: total, PerToken: perToken, Convention: a.convention(w), Source: a.source(w)}, nil
}

// plusStream adds what an encoder or a tower did. Where nobody said how much it
// read there is no upper bound.
func (a Architecture) plusStream(total meter.Interval, w Work, stream Stream) (meter.Interval, error) {
	stretch := w.stretch(stream)
	if stretch == nil {
		return meter.Interval{Low: total.Low}, nil
	}
	perToken, err := a.perToken(w, stream)
	if err != nil {
		return total, err
	}
	more, err := scale(perToken, stretch.Tokens)
	if err != nil {
		return total, err
	}
	return total.Add(more)
}

// has reports whether the model has products on the stream.
func (a Architecture) has(stream Stream) bool {
	return slices.ContainsFunc(a.products, func(p Product) bool { return p.Stream == stream })
}

// stretch is what w says of a stream; nil: nothing.
func (w Work) stretch(stream Stream) *Stretch {
	switch stream {
	case Source:
		return w.Source
	case Image:
		return w.Images
	}
	return &Stretch{Sequence: w.Sequence, Tokens: w.Tokens}
}

// length is the length of the stream's sequences: what w states, else what the
// configuration fixes; 0: not known.
func (a Architecture) length(w Work, stream Stream) uint64 {
	if s := w.stretch(stream); s != nil && s.Sequence != 0 {
		return s.Sequence
	}
	return a.lengths[stream]
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
	case w.Source != nil && w.Source.Sequence > MaxSequence || w.Images != nil && w.Images.Sequence > MaxSequence:
		return w, fmt.Errorf("length of what an encoder or a tower reads: expected at most %d tokens", uint64(MaxSequence))
	case a.learned && w.Sequence > a.context:
		return w, fmt.Errorf("sequence length %d: the configuration has learned positions for %d tokens only: give the length it was trained at", w.Sequence, a.context)
	}
	return w, nil
}

// perToken returns the operations of one token of the stream.
func (a Architecture) perToken(w Work, stream Stream) (meter.Interval, error) {
	var s sum
	matrices := s.add(a.matrixOps(w, stream, &s), a.stateOps(w, stream, &s))
	known, unknown := a.streamCores(w, stream, &s)
	low := s.add(matrices, known)
	if unknown.IsZero() {
		return meter.Exact(low), s.err
	}
	// DESIGN section 5: without a stated length low has no attention and high
	// has it at the configuration's length.
	return meter.Interval{Low: low, High: meter.Known(s.add(low, unknown))}, s.err
}

// passes returns how many passes of w a row takes part in.
func (w Work) passes(row Passes, tower, prediction bool) uint64 {
	return w.set(row, tower, prediction).count()
}

// set returns the passes of w that a row takes part in. A tower that is frozen
// runs forward only; the projector behind it is trained.
func (w Work) set(row Passes, tower, prediction bool) Passes {
	passes := row & w.Passes
	switch {
	case prediction && !w.Prediction:
		return 0
	case tower && w.FixedTower:
		passes &= Forward
	}
	return passes
}

// matrixOps is 2 operations per weight and pass: 6 x W in training.
func (a Architecture) matrixOps(w Work, stream Stream, s *sum) meter.Ops {
	var total meter.Ops
	for _, p := range a.products {
		if p.Stream == stream {
			total = s.add(total, s.times(p.weights(s), s.mul(2*w.passes(p.Passes, p.inTower(), p.Prediction))))
		}
	}
	return total
}

func (a Architecture) stateOps(w Work, stream Stream, s *sum) meter.Ops {
	var total meter.Ops
	for _, r := range a.states {
		if r.Stream == stream {
			total = s.add(total, s.mul(r.PerToken, r.Layers, w.passes(r.Passes, r.Stream == Image, r.Prediction)))
		}
	}
	return total
}

// coreOps returns the cores' operations of a text token in a sequence of that
// length.
func (a Architecture) coreOps(w Work, sequence uint64, s *sum) meter.Ops {
	w.Sequence = sequence
	known, unknown := a.streamCores(w, Text, s)
	return s.add(known, unknown)
}

// streamCores returns the cores' operations of a token of the stream: those
// whose length is known, and those whose length is taken as the configuration's
// because nobody stated one.
func (a Architecture) streamCores(w Work, stream Stream, s *sum) (known, unknown meter.Ops) {
	for _, c := range a.cores {
		passes := w.passes(c.Passes, c.Stream == Image, c.Prediction)
		if c.Stream != stream || passes == 0 {
			continue
		}
		into, length := &known, a.length(w, c.Over)
		if length == 0 {
			into, length = &unknown, a.context
		}
		layer := c.layerOps(w.Keys, passes, length, s)
		*into = s.add(*into, s.times(layer, meter.NewOps(c.Layers*c.Times)))
	}
	return known, unknown
}

// layerOps returns the core's operations of one token in one layer:
// 2 x (q + q) x c per pass, so 12 x q x c in training. They are computed from
// twice c, which is whole for every s without a window, and rounded down.
func (c Core) layerOps(keys Keys, passes, sequence uint64, s *sum) meter.Ops {
	perHalfKey := (c.ScoreWidth + c.ValueWidth) * passes
	sequence *= c.Times
	bound := c.bound(sequence)
	w := c.Window
	switch {
	case keys == FullKeys || c.Full:
		return s.mul(perHalfKey, 2, bound)
	case c.Chunk != 0 && c.Chunk < sequence:
		return c.chunkOps(perHalfKey, keys, sequence, s)
	case w != 0 && w < sequence && keys == ExactKeys:
		return windowOps(s.mul(perHalfKey, 2, w), s.mul(perHalfKey, w, w-1), sequence, s)
	case w != 0 && w < sequence:
		return windowOps(s.mul(perHalfKey, 2, w), s.mul(perHalfKey, w, w), sequence, s)
	case keys == ExactKeys:
		return s.mul(perHalfKey, sequence+1)
	}
	return s.mul(perHalfKey, sequence)
}

// bound is the most keys that any token attends to.
func (c Core) bound(sequence uint64) uint64 {
	for _, limit := range []uint64{c.Window, c.Chunk} {
		if limit != 0 {
			sequence = min(sequence, limit)
		}
	}
	return sequence
}

// chunkOps: attention within n whole chunks of C tokens and a rest of r, so
// twice c is (n x C x C + r x r) / s.
func (c Core) chunkOps(perHalfKey uint64, keys Keys, sequence uint64, s *sum) meter.Ops {
	whole, rest, own := sequence/c.Chunk, sequence%c.Chunk, uint64(0)
	if keys == ExactKeys {
		own = 1
	}
	pairs := s.add(s.mul(whole, c.Chunk, c.Chunk+own), s.mul(rest, rest+own))
	quotient, _ := s.times(pairs, meter.NewOps(perHalfKey)).Div(sequence)
	return quotient
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
