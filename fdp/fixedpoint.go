package fdp

import (
	"math/big"
	"slices"

	"github.com/weighbridge/weighbridge/meter"
)

// afterAdditions is the reading total_after_additions, which is circular: what is
// added raises the total that the ten percent is taken of. It holds where the
// additions made at a total give that total. Where none do (with its additions a
// generator is no longer above ten percent, without them it is) the text has no
// answer, and the additions taken before any stand in the high total only.
//
// The scale, own operations over the total, falls as additions grow, and fewer
// shares pass the limit at a smaller scale. So what is added is the same between
// two turns of a share, and each such stretch is tried once, from the top of it.
func (c *chooser) afterAdditions(base, most []part, before *technicalNote3) []part {
	var certain, possible [][]part
	stretches := before.stretches(base, most)
	for i, top := range stretches {
		bottom := new(big.Rat)
		if i+1 < len(stretches) {
			bottom = stretches[i+1]
		}
		added := c.technicalNote3(before.generators, before.counted, top).additions()
		low, high := scale(base, added)
		switch {
		case low.Cmp(bottom) > 0 && high.Cmp(top) <= 0:
			certain = append(certain, added)
		case high.Cmp(bottom) > 0 && low.Cmp(top) <= 0:
			possible = append(possible, added)
		}
	}
	if len(certain) == 0 {
		certain = append(possible, c.noAnswer(most))
	}
	if len(certain) == 1 {
		return certain[0]
	}
	return certain[c.pick("fixed point of the total", len(certain), missingOf(slices.Concat(base, slices.Concat(certain...))))]
}

// stretches are the tops of the stretches of scales, from 1 down to the least
// scale that there can be.
func (n *technicalNote3) stretches(base, most []part) []*big.Rat {
	least, _ := scale(base, most)
	out := []*big.Rat{one}
	for _, turn := range n.turns {
		if turn.Cmp(one) < 0 && turn.Cmp(least) >= 0 {
			out = append(out, turn)
		}
	}
	slices.SortFunc(out, func(a, b *big.Rat) int { return b.Cmp(a) })
	return slices.CompactFunc(out, func(a, b *big.Rat) bool { return a.Cmp(b) == 0 })
}

func (c *chooser) noAnswer(most []part) []part {
	out := make([]part, len(most))
	for i, p := range most {
		out[i] = p.open("options.tn3_share_denominator")
	}
	return out
}

// scale is base / (base + added), as an interval: it grows with base and falls
// with what is added.
func scale(base, added []part) (low, high *big.Rat) {
	b, err := sum(base)
	if err != nil {
		return new(big.Rat), one
	}
	a, err := sum(added)
	if err != nil {
		return new(big.Rat), one
	}
	ratio := func(base meter.Bound, added meter.Bound) *big.Rat {
		switch {
		case !added.Known:
			return new(big.Rat)
		case !base.Known || base.Ops.IsZero() && added.Ops.IsZero():
			return one
		}
		return new(big.Rat).SetFrac(base.Ops.Big(), new(big.Int).Add(base.Ops.Big(), added.Ops.Big()))
	}
	return ratio(meter.Known(b.Low), a.High), ratio(b.High, meter.Known(a.Low))
}
