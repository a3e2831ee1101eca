package meter

import (
	"cmp"
	"math/big"
	"slices"
)

// Span is the training steps from From up to To, counted from 0, and what each
// held (0: not stated).
type Span struct {
	From    uint64 `json:"from"`
	To      uint64 `json:"to"`
	PerStep uint64 `json:"per_step,omitempty"` // tokens or samples, whichever the log counts
}

// steps is a set of training steps: its spans are sorted and do not touch.
type steps []Span

// add takes a span in; what its steps held is forgotten.
func (s *steps) add(x Span) {
	x.PerStep = 0
	i, _ := slices.BinarySearchFunc(*s, x.From, func(e Span, from uint64) int { return cmp.Compare(e.To, from) })
	j := i
	for ; j < len(*s) && (*s)[j].From <= x.To; j++ {
		x.From, x.To = min(x.From, (*s)[j].From), max(x.To, (*s)[j].To)
	}
	*s = slices.Replace(*s, i, j, x)
}

// without returns the parts of a span that the set does not hold.
func (s steps) without(x Span) []Span {
	var out []Span
	i, _ := slices.BinarySearchFunc(s, x.From, func(e Span, from uint64) int { return cmp.Compare(e.To, from) })
	for _, e := range s[i:] {
		if e.From >= x.To {
			break
		}
		if x.From < e.From {
			out = append(out, Span{x.From, e.From, x.PerStep})
		}
		x.From = max(x.From, e.To)
	}
	if x.From < x.To {
		out = append(out, x)
	}
	return out
}

// weight is what the spans held; where one of like does not state it, their steps.
func weight(spans, like []Span) *big.Int {
	stated := !slices.ContainsFunc(like, func(s Span) bool { return s.PerStep == 0 })
	sum := new(big.Int)
	for _, s := range spans {
		n := new(big.Int).SetUint64(s.To - s.From)
		if stated {
			n.Mul(n, new(big.Int).SetUint64(s.PerStep))
		}
		sum.Add(sum, n)
	}
	return sum
}
