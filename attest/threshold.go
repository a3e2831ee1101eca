package attest

import (
	"math/big"

	"github.com/weighbridge/weighbridge/meter"
)

// Threshold is a statement about the operations of the whole lineage that can be
// shown without the number: that they are fewer than Operations or, where a law
// bites only above its figure, not more.
type Threshold struct {
	Name       string // total_operations_lt_1e26, total_operations_le_1e25
	Operations meter.Ops
	Inclusive  bool // le: not more; otherwise lt: fewer
}

// Thresholds returns the thresholds that every concealed statement of training
// compute answers, lt and le of 1e22 to 1e28. They are always the same ones, so
// that which of them are there tells nothing. Those at or above which a rule
// applies are lt (ECCN 4E091: 10^26 or more), those above which it applies le (EU
// AI Act, Article 51(2): greater than 10^25).
func Thresholds() []Threshold {
	var out []Threshold
	for exponent := int64(22); exponent <= 28; exponent++ {
		figure, _ := meter.OpsFromBig(new(big.Int).Exp(big.NewInt(10), big.NewInt(exponent), nil)) // 10^28 is below 2^128
		suffix := "1e" + big.NewInt(exponent).String()
		out = append(out, Threshold{"total_operations_lt_" + suffix, figure, false}, Threshold{"total_operations_le_" + suffix, figure, true})
	}
	return out
}

// of answers the threshold for a total: true only where its high bound is known
// and below, false only where its low bound is not, nil where that cannot be told.
func (t Threshold) of(total meter.Interval) *bool {
	yes, no := true, false
	switch {
	case total.High.Known && t.holds(total.High.Ops):
		return &yes
	case !t.holds(total.Low):
		return &no
	}
	return nil
}

func (t Threshold) holds(o meter.Ops) bool {
	return o.Cmp(t.Operations) < 0 || t.Inclusive && o == t.Operations
}

// most is the largest total for which the threshold holds.
func (t Threshold) most() meter.Ops {
	if t.Inclusive {
		return t.Operations
	}
	less, _ := t.Operations.Sub(meter.NewOps(1)) // a threshold is never zero
	return less
}

// total is the sum of the lineage's operations over all activities.
func (c TrainingCompute) total() (meter.Interval, error) {
	sum := meter.Exact(meter.Ops{})
	var err error
	for _, a := range c.Lineage.Activities {
		if sum, err = sum.Add(a.Interval); err != nil {
			return sum, err
		}
	}
	if len(c.Lineage.Missing) > 0 {
		sum.Estimate, sum.High = meter.Bound{}, meter.Bound{}
	}
	return sum, nil
}

// powerBelow is the largest power of ten that is not above o, or zero.
func powerBelow(o meter.Ops) meter.Ops {
	var best meter.Ops
	for _, p := range powers() {
		if p.Cmp(o) <= 0 {
			best = p
		}
	}
	return best
}

// powerAbove is the least power of ten that is not below a known bound, unknown
// where there is none below 2^128, and zero for zero.
func powerAbove(b meter.Bound) meter.Bound {
	if !b.Known || b.Ops.IsZero() {
		return b
	}
	for _, p := range powers() {
		if p.Cmp(b.Ops) >= 0 {
			return meter.Known(p)
		}
	}
	return meter.Bound{}
}

// powers are the powers of ten below 2^128.
func powers() []meter.Ops {
	var out []meter.Ops
	for power := big.NewInt(1); ; power = new(big.Int).Mul(power, big.NewInt(10)) {
		o, err := meter.OpsFromBig(power)
		if err != nil {
			return out
		}
		out = append(out, o)
	}
}
