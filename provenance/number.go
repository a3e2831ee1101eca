package provenance

import (
	"fmt"
	"math/big"
	"regexp"
)

// Number is an exact, non-negative rational number that may be unknown: a rate,
// an area, a TPP. The zero value is unknown. A Number cannot be changed.
type Number struct{ r *big.Rat }

var plainDecimal = regexp.MustCompile(`^(0|[1-9][0-9]{0,14})(\.[0-9]{1,9})?$`)

// ParseNumber reads a plain decimal such as "989.5": at most 15 digits before
// the point and 9 after it, no sign, no exponent, no leading zeros, nothing else.
func ParseNumber(text string) (Number, error) {
	if !plainDecimal.MatchString(text) {
		return Number{}, fmt.Errorf("number %.40q: expected a plain decimal such as 989.5, at most 15 digits before the point and 9 after it", text)
	}
	r, _ := new(big.Rat).SetString(text)
	return Number{r}, nil
}

// Known reports whether the number is known.
func (n Number) Known() bool { return n.r != nil }

// Rat returns a copy of the value, or nil when the number is unknown.
func (n Number) Rat() *big.Rat {
	if n.r == nil {
		return nil
	}
	return new(big.Rat).Set(n.r)
}

// Cmp compares two known numbers: -1 below, 0 equal, +1 above. It panics when
// either is unknown: there is no answer, and a caller that does not ask
// [Number.Known] first would take one.
func (n Number) Cmp(m Number) int {
	if n.r == nil || m.r == nil {
		panic("provenance: comparison with an unknown number")
	}
	return n.r.Cmp(m.r)
}

// String returns the exact decimal, or the value rounded to six places where it
// has no finite decimal, or "unknown".
func (n Number) String() string {
	if n.r == nil {
		return "unknown"
	}
	places, exact := n.r.FloatPrec()
	if !exact {
		places = 6
	}
	return n.r.FloatString(places)
}

// MarshalJSON writes a JSON number with the digits of [Number.String], or null.
func (n Number) MarshalJSON() ([]byte, error) {
	if n.r == nil {
		return []byte("null"), nil
	}
	return []byte(n.String()), nil
}

func integer(i int64) Number { return Number{big.NewRat(i, 1)} }

func fraction(a, b int64) Number { return Number{big.NewRat(a, b)} }

// times, over and plus are unknown when an operand is; over is unknown for
// division by zero too.
func (n Number) times(m Number) Number {
	if n.r == nil || m.r == nil {
		return Number{}
	}
	return Number{new(big.Rat).Mul(n.r, m.r)}
}

func (n Number) over(m Number) Number {
	if n.r == nil || m.r == nil || m.r.Sign() == 0 {
		return Number{}
	}
	return Number{new(big.Rat).Quo(n.r, m.r)}
}

func (n Number) plus(m Number) Number {
	if n.r == nil || m.r == nil {
		return Number{}
	}
	return Number{new(big.Rat).Add(n.r, m.r)}
}

// atLeast and below are false when either number is unknown.
func (n Number) atLeast(m Number) bool { return n.Known() && m.Known() && n.Cmp(m) >= 0 }

func (n Number) below(m Number) bool { return n.Known() && m.Known() && n.Cmp(m) < 0 }

// floor returns the value cut, never rounded up, to the given number of
// decimal places.
func (n Number) floor(places int) string {
	scale := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(places)), nil)
	scaled := new(big.Int).Mul(n.r.Num(), scale)
	scaled.Quo(scaled, n.r.Denom())
	return new(big.Rat).SetFrac(scaled, scale).FloatString(places)
}
