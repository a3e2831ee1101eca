package meter

import (
	"errors"
	"fmt"
	"math/big"
	"math/bits"
	"strings"
)

// MaxDigits is the most decimal digits that [ParseOps] reads as a mantissa or
// that an [Ops] can print: 2^128-1 has 39, and one more is allowed for leading
// zeros and trailing zeros of a fraction. The limit keeps a hostile document
// from making us build a huge number only to refuse it.
const MaxDigits = 40

// ErrOpsRange reports that the exact result of an arithmetic operation does not
// fit 128 unsigned bits, or would be negative. [Ops.Add], [Ops.Sub], [Ops.Mul]
// and [ParseOps] wrap it.
var ErrOpsRange = errors.New("operations out of range 0 to 2^128-1")

// Ops is a number of operations: mathematical operations of training, where
// one multiply-accumulate is two (ECCN 4E091, Technical Note 2). It is an exact
// unsigned integer below 2^128. The zero value is no operations; values compare
// with ==.
type Ops struct{ hi, lo uint64 }

// mostOperations is 10^33, ten million times the largest threshold of any
// regime: a greater figure is a mistake of digits or units.
const mostOperations = 1_000_000_000_000_000_000_000_000_000_000_000

// MostOperations is the most that one piece of work can have taken, 10^33. A
// figure above it cannot be true; whoever states one is told so.
func MostOperations() Ops { return Ops{hi: mostOperations >> 64, lo: mostOperations & (1<<64 - 1)} }

// NewOps returns n operations.
func NewOps(n uint64) Ops { return Ops{lo: n} }

// IsZero reports whether o is no operations.
func (o Ops) IsZero() bool { return o == Ops{} }

// Uint64 returns o and true when it fits 64 bits.
func (o Ops) Uint64() (uint64, bool) { return o.lo, o.hi == 0 }

// Cmp returns -1, 0 or 1 as o is less than, equal to or greater than p.
func (o Ops) Cmp(p Ops) int {
	switch {
	case o == p:
		return 0
	case o.hi < p.hi, o.hi == p.hi && o.lo < p.lo:
		return -1
	}
	return 1
}

// Add returns o + p, or an error wrapping [ErrOpsRange].
func (o Ops) Add(p Ops) (Ops, error) {
	lo, carry := bits.Add64(o.lo, p.lo, 0)
	hi, carry := bits.Add64(o.hi, p.hi, carry)
	if carry != 0 {
		return Ops{}, fmt.Errorf("%s + %s: %w", o, p, ErrOpsRange)
	}
	return Ops{hi, lo}, nil
}

// Sub returns o - p, or an error wrapping [ErrOpsRange] when p is greater.
func (o Ops) Sub(p Ops) (Ops, error) {
	lo, borrow := bits.Sub64(o.lo, p.lo, 0)
	hi, borrow := bits.Sub64(o.hi, p.hi, borrow)
	if borrow != 0 {
		return Ops{}, fmt.Errorf("%s - %s: %w", o, p, ErrOpsRange)
	}
	return Ops{hi, lo}, nil
}

// Mul returns o x p, or an error wrapping [ErrOpsRange].
func (o Ops) Mul(p Ops) (Ops, error) {
	if o.hi != 0 && p.hi != 0 {
		return Ops{}, fmt.Errorf("%s x %s: %w", o, p, ErrOpsRange)
	}
	if o.hi == 0 {
		o, p = p, o
	}
	hi, lo := bits.Mul64(o.lo, p.lo)
	over, top := bits.Mul64(o.hi, p.lo)
	sum, carry := bits.Add64(hi, top, 0)
	if over != 0 || carry != 0 {
		return Ops{}, fmt.Errorf("%s x %s: %w", o, p, ErrOpsRange)
	}
	return Ops{sum, lo}, nil
}

// Div returns the quotient rounded down and the remainder of o / d. It panics
// when d is zero, as integer division does.
func (o Ops) Div(d uint64) (quotient Ops, remainder uint64) {
	hi, r := bits.Div64(0, o.hi, d)
	lo, r := bits.Div64(r, o.lo, d)
	return Ops{hi, lo}, r
}

// Big returns o as a new big integer, for exact ratios.
func (o Ops) Big() *big.Int {
	b := new(big.Int).SetUint64(o.hi)
	return b.Lsh(b, 64).Or(b, new(big.Int).SetUint64(o.lo))
}

// OpsFromBig returns b as operations, or an error wrapping [ErrOpsRange].
func OpsFromBig(b *big.Int) (Ops, error) {
	if b.Sign() < 0 || b.BitLen() > 128 {
		return Ops{}, fmt.Errorf("%s: %w", b, ErrOpsRange)
	}
	hi := new(big.Int).Rsh(b, 64)
	lo := new(big.Int).And(b, new(big.Int).SetUint64(^uint64(0)))
	return Ops{hi.Uint64(), lo.Uint64()}, nil
}

// String returns o as a decimal integer without sign, point or exponent: the
// one form that leaves this program in JSON.
func (o Ops) String() string {
	const chunk = 10_000_000_000_000_000_000 // 10^19, the largest power of ten in a uint64
	if o.hi == 0 {
		return fmt.Sprint(o.lo)
	}
	q, low := o.Div(chunk)
	if q.hi == 0 {
		return fmt.Sprintf("%d%019d", q.lo, low)
	}
	top, mid := q.Div(chunk)
	return fmt.Sprintf("%d%019d%019d", top.lo, mid, low)
}

// Short returns o for people: exact below 10^6, otherwise three significant
// digits rounded half up, as in "9.50e25". It is for reading only; no
// comparison may use it.
func (o Ops) Short() string {
	s := o.String()
	if len(s) <= 6 {
		return s
	}
	exponent := len(s) - 1
	digits := int(s[0]-'0')*100 + int(s[1]-'0')*10 + int(s[2]-'0')
	if s[3] >= '5' {
		digits++
	}
	if digits == 1000 {
		digits, exponent = 100, exponent+1
	}
	return fmt.Sprintf("%d.%02de%d", digits/100, digits%100, exponent)
}

// Beside is Short next to a threshold t: in full where rounding would make o
// equal to t, though it is not.
func (o Ops) Beside(t Ops) string {
	if o != t && o.Short() == t.Short() {
		return o.String()
	}
	return o.Short()
}

// MarshalText returns the decimal digits of o.
func (o Ops) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// UnmarshalText reads only what MarshalText writes, so that a stored number has
// one encoding: digits, no leading zero, no exponent.
func (o *Ops) UnmarshalText(text []byte) error {
	parsed, err := ParseOps(string(text))
	if err != nil {
		return err
	}
	if parsed.String() != string(text) {
		return fmt.Errorf("operations %q: not in canonical form: expected the plain digits %s", text, parsed)
	}
	*o = parsed
	return nil
}

// UnmarshalJSON accepts a JSON string of plain digits only: a JSON number would
// reach other readers as a float64, where 10^26-1 equals 10^26.
func (o *Ops) UnmarshalJSON(data []byte) error {
	if len(data) < 2 || data[0] != '"' || strings.ContainsRune(string(data), '\\') {
		return fmt.Errorf("operations %.60s: expected a decimal integer in quotes, as in \"95000000000000000000000000\"", data)
	}
	return o.UnmarshalText(data[1 : len(data)-1])
}
