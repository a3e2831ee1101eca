package estimate

import (
	"fmt"
	"math/big"

	"github.com/weighbridge/weighbridge/meter"
)

// Documents are sequences of their own that were packed into longer ones: a
// token attends within its document only. The zero value is none.
type Documents struct {
	Tokens  meter.Ops // sum of the lengths; tokens, not operations
	Squares meter.Ops // sum of the squared lengths
	Longest uint64
}

// Add adds count documents of the length in tokens. The error wraps
// [meter.ErrOpsRange].
func (d *Documents) Add(length uint64, count meter.Ops) error {
	var s sum
	tokens := s.add(d.Tokens, s.times(meter.NewOps(length), count))
	squares := s.add(d.Squares, s.times(s.mul(length, length), count))
	if s.err != nil {
		return fmt.Errorf("documents of %d tokens: %w", length, s.err)
	}
	d.Tokens, d.Squares, d.Longest = tokens, squares, max(d.Longest, length)
	return nil
}

// check refuses sums that no documents have.
func (d Documents) check() error {
	squares, tokens := d.Squares.Big(), d.Tokens.Big()
	longest := new(big.Int).SetUint64(d.Longest)
	switch {
	case d.Tokens.IsZero() || d.Longest == 0 || d.Longest > MaxSequence:
		return fmt.Errorf("documents: %s tokens, the longest document %d: expected both above 0, and at most %d", d.Tokens, d.Longest, uint64(MaxSequence))
	case squares.Cmp(tokens) < 0 || squares.Cmp(new(big.Int).Mul(tokens, longest)) > 0 || squares.Cmp(new(big.Int).Mul(longest, longest)) < 0:
		return fmt.Errorf("documents: squared lengths sum to %s, which %s tokens in documents of up to %d cannot", d.Squares, d.Tokens, d.Longest)
	}
	return nil
}

// Packed returns the count of training, or of w.Passes, on packed documents:
// 6 x q x the sum of squared lengths per layer (with [ExactKeys] of length x
// (length + 1)), whole numbers without rounding. w.Tokens and w.Sequence are not
// read. Where a window or a chunk is shorter than the longest document the sums
// do not tell the count, which then is a range without an estimate. PerToken is
// unknown: documents differ.
func (a Architecture) Packed(d Documents, w Work) (Count, error) {
	w.Tokens, w.Sequence = d.Tokens, d.Longest
	w, err := a.complete(w)
	if err == nil {
		err = d.check()
	}
	if err != nil {
		return Count{}, err
	}
	if a.has(Source) || a.has(Image) {
		return Count{}, fmt.Errorf("packed documents of %s: a model with an encoder or a tower is not counted by its documents: expected a decoder alone", a.family)
	}
	var s sum
	perToken := s.add(a.matrixOps(w, Text, &s), a.stateOps(w, Text, &s))
	low := s.times(perToken, d.Tokens)
	high, exact := low, true
	for _, c := range a.cores {
		unit := s.mul(c.ScoreWidth+c.ValueWidth, w.passes(c.Passes, false, c.Prediction), c.Layers)
		least, most := c.packed(d, w.Keys, &s)
		exact = exact && least == most
		low, high = s.add(low, s.times(unit, least)), s.add(high, s.times(unit, most))
	}
	if s.err != nil {
		return Count{}, fmt.Errorf("operations of %s over documents of %s tokens: %w", a.family, d.Tokens, s.err)
	}
	total := meter.Interval{Low: low, High: meter.Known(high)}
	if exact {
		total = meter.Exact(low)
	}
	return Count{Operations: total, Convention: a.convention(w), Source: a.packedSource(d, w)}, nil
}

// packed returns the least and the most that twice the keys, summed over all
// tokens, can be.
func (c Core) packed(d Documents, keys Keys, s *sum) (least, most meter.Ops) {
	all := d.Squares
	bound := c.bound(d.Longest)
	switch {
	case c.Full || keys == FullKeys:
		all = s.times(all, meter.NewOps(2))
	case keys == ExactKeys:
		all = s.add(all, d.Tokens)
	}
	if bound >= d.Longest {
		return all, all
	}
	// A token attends to at most the bound, and in a document longer than a
	// window w of tokens twice the keys sum to 2wL - w*w. As a function of L*L
	// that is concave and 0 at 0, so it is least where one document has all of
	// the squares.
	most = s.times(d.Tokens, s.mul(2, bound))
	if most.Cmp(all) > 0 {
		most = all
	}
	if c.Chunk != 0 {
		return meter.Ops{}, most
	}
	root, err := meter.OpsFromBig(new(big.Int).Sqrt(d.Squares.Big()))
	s.keep(root, err)
	return s.keep(s.times(root, s.mul(2, bound)).Sub(s.mul(bound, bound))), most
}

func (a Architecture) packedSource(d Documents, w Work) string {
	text := fmt.Sprintf("%s, over %s tokens in documents whose squared lengths sum to %s", a.weightsText(w, Text), d.Tokens, d.Squares)
	for _, c := range a.cores {
		if passes := w.passes(c.Passes, false, c.Prediction); passes != 0 {
			text += fmt.Sprintf(" + %d x %d layers x %s x that sum", 2*passes, c.Layers, c.width())
			if bound := c.bound(d.Longest); bound < d.Longest {
				text += fmt.Sprintf(" (bounded: %d keys at most, the longest document has %d)", bound, d.Longest)
			}
		}
	}
	return text
}
