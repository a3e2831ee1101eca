package provenance

import (
	"fmt"
	"math/big"
	"slices"
)

// Ceiling is the most operations that chips of one product could have performed
// in the time they were held: time x dense peak (facts: the bound with a
// utilisation of 1). It is stated twice, at the format that training is counted
// at and at the fastest that the chip has, because the format that a job used is
// rarely proven; on an H100 the two are a factor of two apart.
//
// The peaks are the makers' own, at the boost clock that they state. A board may
// be clocked above it (an H100 SXM by 8.2 %).
type Ceiling struct {
	Product     string
	ChipSeconds *big.Rat
	// Training is at BF16, or at FP16 on chips without it (V100, T4, Ascend
	// 910): the rate with FP32 accumulation. Unknown where the catalogue has
	// neither.
	Training CeilingAt
	// Fastest is at the highest dense peak of any format, integer ones included:
	// the regimes of the US count "integer or floating-point operations".
	Fastest CeilingAt
}

// CeilingAt is a ceiling in one format. The zero value is unknown.
type CeilingAt struct {
	Format     Format
	Peak       Number   // dense, T(FL)OPS
	Operations *big.Int // rounded up: a bound never falls below what it bounds
}

// Known reports whether there is a ceiling.
func (c CeilingAt) Known() bool { return c.Operations != nil }

// Ceiling returns the most that the product could have performed in a time of
// whole packages or modules; a device that is a part of one counts by its share
// ([Accelerator.DevicesPerProduct]). The error is for a product of which the
// catalogue has no rate at all: there is then no ceiling, never a number.
func (a Accelerator) Ceiling(chipSeconds *big.Rat) (Ceiling, error) {
	if chipSeconds == nil || chipSeconds.Sign() < 0 {
		return Ceiling{}, fmt.Errorf("ceiling of %s: found chip-seconds %v: expected a time of at least 0", a.Name(), chipSeconds)
	}
	c := Ceiling{Product: a.Name(), ChipSeconds: new(big.Rat).Set(chipSeconds)}
	if format, known := a.TrainingFormat(); known {
		c.Training = ceilingAt(format, a.Peak(format), chipSeconds)
	}
	for _, r := range a.Rates {
		if !c.Fastest.Known() || r.Peak.Cmp(c.Fastest.Peak) > 0 {
			c.Fastest = ceilingAt(r.Format, r.Peak, chipSeconds)
		}
	}
	if !c.Fastest.Known() {
		return c, fmt.Errorf("ceiling of %s: the catalogue has no peak rate of it, so there is no ceiling", a.Name())
	}
	return c, nil
}

// TrainingFormat is the format in which training on the product is counted: BF16,
// else FP16; false where the catalogue has a rate for neither.
func (a Accelerator) TrainingFormat() (Format, bool) {
	for _, f := range []Format{BF16, FP16} {
		if a.Peak(f).Known() {
			return f, true
		}
	}
	return "", false
}

func ceilingAt(f Format, peak Number, chipSeconds *big.Rat) CeilingAt {
	return CeilingAt{f, peak, roundUp(new(big.Rat).Mul(OperationsPerSecond(peak), chipSeconds))}
}

// OperationsPerSecond is a known rate of the catalogue, stated in T(FL)OPS, as
// operations.
func OperationsPerSecond(peak Number) *big.Rat {
	return new(big.Rat).Mul(peak.r, big.NewRat(1_000_000_000_000, 1))
}

func roundUp(r *big.Rat) *big.Int {
	quotient, rest := new(big.Int).QuoRem(r.Num(), r.Denom(), new(big.Int))
	if rest.Sign() > 0 {
		quotient.Add(quotient, big.NewInt(1))
	}
	return quotient
}

// Band is a range of shares of the dense peak with its middle.
type Band struct{ Low, Middle, High *big.Rat }

// UsualShare is the share of the dense BF16 peak that the operations required
// filled over all chip-hours of 32 published runs: 10th percentile, median and
// 90th percentile (their whole range is 0.11 to 0.57).
func UsualShare() Band { return Band{big.NewRat(20, 100), big.NewRat(29, 100), big.NewRat(44, 100)} }

// Achievable is the share of the dense BF16 peak that the best matrix products
// reach on a product (stas00, ml-engineering, "maximum achievable matmul FLOPS",
// at 744d01e1); false where nobody has measured it. A whole training run above it
// is a mistake or another convention.
func (a Accelerator) Achievable() (*big.Rat, bool) {
	for _, m := range []struct {
		percent  int64
		products []string
	}{
		{87, []string{"NVIDIA A100 SXM4 40GB", "NVIDIA A100 SXM4 80GB", "NVIDIA A100 PCIe 40GB", "NVIDIA A100 PCIe 80GB"}},
		{80, []string{"NVIDIA H100 SXM5 80GB", "NVIDIA H100 PCIe 80GB", "NVIDIA H100 NVL 94GB"}},
		{78, []string{"NVIDIA B200 (HGX)"}},
		{73, []string{"NVIDIA GB200 (per GPU)"}},
		{51, []string{"AMD Instinct MI300X"}},
		{68, []string{"AMD Instinct MI355X"}},
		{97, []string{"Intel Gaudi2 (HL-225)"}},
	} {
		if slices.Contains(m.products, a.Name()) {
			return big.NewRat(m.percent, 100), true
		}
	}
	return nil, false
}

// Plausibility is what a share of the peak says about a claim.
type Plausibility string

// The plausibilities, from the lowest share to the highest.
const (
	BelowUsual      Plausibility = "below-usual"      // under the usual band: chips held by something else, or under-reporting
	Usual           Plausibility = "usual"            // within the band
	AboveUsual      Plausibility = "above-usual"      // over the band, and still achievable
	AboveAchievable Plausibility = "above-achievable" // more than the best matrix products reach: an alarm
	AbovePeak       Plausibility = "above-peak"       // more than the chips could do at all
)

// Judge says where a range of shares of the dense peak at [Ceiling.Training]
// stands; a range is judged by the end that is nearer to the band. achievable is
// nil where it is not known.
func Judge(low, high, achievable *big.Rat) Plausibility {
	band := UsualShare()
	switch {
	case low.Cmp(big.NewRat(1, 1)) > 0:
		return AbovePeak
	case achievable != nil && low.Cmp(achievable) > 0:
		return AboveAchievable
	case low.Cmp(band.High) > 0:
		return AboveUsual
	case high.Cmp(band.Low) < 0:
		return BelowUsual
	}
	return Usual
}
