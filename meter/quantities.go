package meter

import (
	"fmt"
	"math"
	"math/big"
	"slices"
	"strconv"
)

// Cause is a known reason why two counts of the same work differ, with the
// ratio of the larger to the smaller that it makes.
type Cause struct {
	Name  string // a clause, as in "one of them counts recomputation"
	Ratio *big.Rat
}

// KnownCauses returns the causes that hold for every model: full recomputation
// runs the forward pass twice, 4 passes for 3 (facts: HFU/MFU = 4/3), and a
// multiply-accumulate is two operations or one.
func KnownCauses() []Cause {
	return []Cause{
		{"full recomputation of activations is in one of them and not in the other (4/3)", big.NewRat(4, 3)},
		{"a multiply-accumulate is two operations in one of them and one in the other (2)", big.NewRat(2, 1)},
	}
}

// PaddingCause is the cause that tokens of padding are in one count and not in
// the other, where both numbers of tokens are known; false when they are equal.
func PaddingCause(padded, real Ops) (Cause, bool) {
	if padded.Cmp(real) < 0 {
		padded, real = real, padded
	}
	if real.IsZero() || padded == real {
		return Cause{}, false
	}
	ratio := new(big.Rat).SetFrac(padded.Big(), real.Big())
	return Cause{fmt.Sprintf("padding is counted in one of them and not in the other (%s)", ratio.FloatString(3)), ratio}, true
}

// causeTolerance: a ratio within 2 % of a known one has its likely cause.
func causeTolerance() *big.Rat { return big.NewRat(2, 100) }

// LikelyCause returns the cause whose ratio is nearest to a/b or b/a, or false
// when none is within 2 %.
func LikelyCause(a, b Ops, causes []Cause) (Cause, bool) {
	if a.IsZero() || b.IsZero() {
		return Cause{}, false
	}
	if a.Cmp(b) < 0 {
		a, b = b, a
	}
	ratio := new(big.Rat).SetFrac(a.Big(), b.Big())
	var best Cause
	nearest := causeTolerance()
	for _, c := range causes {
		off := new(big.Rat).Quo(new(big.Rat).Sub(ratio, c.Ratio), c.Ratio)
		if off.Abs(off).Cmp(nearest) <= 0 && c.Ratio.Cmp(big.NewRat(1, 1)) > 0 {
			best, nearest = c, off
		}
	}
	return best, best.Ratio != nil
}

// Quantities holds required <= performed <= ceiling against the witnesses of one
// piece of work. Two of them break it where the least that the smaller quantity
// can be is above the most that the larger one can be. Each violation is a
// finding that names the likely cause where the ratio is a known one; nothing is
// averaged or corrected.
func Quantities(witnesses []Witness, causes []Cause) []Finding {
	var list []Finding
	for _, less := range witnesses {
		for _, more := range witnesses {
			if rank(less.Quantity) < 0 || rank(less.Quantity) >= rank(more.Quantity) ||
				!more.Operations.High.Known || less.Operations.Low.Cmp(more.Operations.High.Ops) <= 0 {
				continue
			}
			a, b := less.Operations.Low, more.Operations.High.Ops
			list = append(list, Finding{Code: fmt.Sprintf("%s-above-%s", less.Quantity, more.Quantity), Message: violation(less, more, a, b, causes)})
		}
	}
	return list
}

func violation(less, more Witness, a, b Ops, causes []Cause) string {
	message := fmt.Sprintf("%s is at least %s (%s), above the most that %s can be, %s (%s)", less.Quantity, a, less.Source, more.Quantity, b, more.Source)
	if more.Quantity == Ceiling && !b.IsZero() {
		message = fmt.Sprintf("claims %s x what the chips could do: %s", shortRatio(a, b), message)
		causes = append(causes[:len(causes):len(causes)], CeilingCauses()...)
	}
	if cause, found := LikelyCause(a, b, causes); found {
		return message + ": likely cause: " + cause.Name
	}
	return message + ": no known ratio explains it; look at the tokens, the devices and the time of both"
}

// shortRatio is a/b with two significant digits, for reading.
func shortRatio(a, b Ops) string {
	value, _ := new(big.Rat).SetFrac(a.Big(), b.Big()).Float64()
	switch {
	case value < 1.1:
		return strconv.FormatFloat(value, 'f', 3, 64)
	case value < 1e6:
		return strconv.FormatFloat(value, 'f', max(0, 1-int(math.Floor(math.Log10(value)))), 64)
	}
	return strconv.FormatFloat(value, 'e', 1, 64)
}

// CeilingCauses returns the known reasons why a count stands above the ceiling of
// the chips: a board clocked above the datasheet's boost clock (an H100 SXM at
// 1.98 GHz for 1.83), and a peak with 2:4 sparsity or half of the devices.
func CeilingCauses() []Cause {
	return []Cause{
		{"the boards' clock is above the one that the dense peak is stated at (1.082 on an H100 SXM)", big.NewRat(1082, 1000)},
		{"half of the devices were seen, or the count rests on a peak with sparsity, or a multiply-accumulate is two operations in one of them and one in the other (2)", big.NewRat(2, 1)},
	}
}

// rank is the place of a quantity in required <= performed <= ceiling, -1 for
// another.
func rank(q Quantity) int { return slices.Index([]Quantity{Required, Performed, Ceiling}, q) }
