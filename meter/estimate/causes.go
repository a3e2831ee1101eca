package estimate

import (
	"fmt"
	"math/big"

	"github.com/weighbridge/weighbridge/meter"
)

// Causes returns the reasons for which two counts of training this model may
// differ, with the ratio that each makes for it: those of [meter.KnownCauses],
// attention counted in full instead of causally (1 + s/(12h) for a plain GPT),
// attention left out, and experts counted in total instead of those active
// (E/K). A sequence length of 0 leaves the two of attention out.
func (a Architecture) Causes(sequence uint64) []meter.Cause {
	causes := meter.KnownCauses()
	one := meter.NewOps(1)
	add := func(name string, larger, smaller meter.Ops) {
		if smaller.IsZero() || larger.Cmp(smaller) <= 0 {
			return
		}
		ratio := new(big.Rat).SetFrac(larger.Big(), smaller.Big())
		causes = append(causes, meter.Cause{Name: fmt.Sprintf("%s (%s)", name, ratio.FloatString(3)), Ratio: ratio})
	}
	half, err := a.Count(Work{Tokens: one, Sequence: sequence, Keys: HalfKeys})
	if err != nil {
		return causes
	}
	if sequence != 0 {
		if full, err := a.Count(Work{Tokens: one, Sequence: sequence, Keys: FullKeys}); err == nil {
			add(fmt.Sprintf("attention over %d tokens is counted in full in one of them and causally in the other", sequence), full.Operations.Low, half.Operations.Low)
		}
		if none, err := a.Count(Work{Tokens: one}); err == nil {
			add(fmt.Sprintf("attention over %d tokens is left out of one of them", sequence), half.Operations.Low, none.Operations.Low)
		}
	}
	p := a.Parameters()
	if active, err := totalOf(p.Active, p.Embedding, p.Positions); err == nil && p.Total.Cmp(active) > 0 {
		add("all experts are counted in one of them and the active ones in the other", p.Total, active)
	}
	return causes
}

func totalOf(terms ...meter.Ops) (meter.Ops, error) {
	var s sum
	total := s.add(terms...)
	return total, s.err
}
