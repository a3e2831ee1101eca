package accounting

import (
	"errors"
	"fmt"
	"math/big"
	"math/bits"
	"strings"
)

// ChipTime is an exact amount of time that chips were held, in chip-picoseconds:
// an unsigned integer below 2^128, which is 10^9 chips for 10 million years. The
// zero value is none; values compare with ==.
type ChipTime struct{ hi, lo uint64 }

// The units of a [ChipTime].
const (
	picosecondsPerNanosecond = 1000
	picosecondsPerHour       = 3600 * 1_000_000_000_000
)

var errAmount = errors.New("chip-time out of range 0 to 2^128-1")

// over is a rate in thousandths of a chip held for some nanoseconds.
func over(rate uint64, nanoseconds int64) ChipTime {
	hi, lo := bits.Mul64(rate, uint64(nanoseconds)) // a thousandth of a chip for a nanosecond is a chip-picosecond
	return ChipTime{hi, lo}
}

// Add returns a + b; beyond 2^128-1 it stays there, which no real sum reaches.
func (a ChipTime) Add(b ChipTime) ChipTime {
	lo, carry := bits.Add64(a.lo, b.lo, 0)
	hi, carry := bits.Add64(a.hi, b.hi, carry)
	if carry != 0 {
		return ChipTime{1<<64 - 1, 1<<64 - 1}
	}
	return ChipTime{hi, lo}
}

// Sub returns a - b and true, or zero and false where b is greater.
func (a ChipTime) Sub(b ChipTime) (ChipTime, bool) {
	lo, borrow := bits.Sub64(a.lo, b.lo, 0)
	hi, borrow := bits.Sub64(a.hi, b.hi, borrow)
	if borrow != 0 {
		return ChipTime{}, false
	}
	return ChipTime{hi, lo}, true
}

// Cmp returns -1, 0 or 1 as a is less than, equal to or greater than b.
func (a ChipTime) Cmp(b ChipTime) int {
	switch {
	case a == b:
		return 0
	case a.hi < b.hi, a.hi == b.hi && a.lo < b.lo:
		return -1
	}
	return 1
}

// IsZero reports whether a is none.
func (a ChipTime) IsZero() bool { return a == ChipTime{} }

// Big returns the chip-picoseconds.
func (a ChipTime) Big() *big.Int {
	b := new(big.Int).SetUint64(a.hi)
	return b.Lsh(b, 64).Or(b, new(big.Int).SetUint64(a.lo))
}

// Seconds returns the chip-seconds, exactly.
func (a ChipTime) Seconds() *big.Rat {
	return new(big.Rat).SetFrac(a.Big(), big.NewInt(1_000_000_000_000))
}

// Hours returns the chip-hours as a decimal: exact where six places are enough,
// else rounded to six.
func (a ChipTime) Hours() string {
	hours := new(big.Rat).SetFrac(a.Big(), big.NewInt(picosecondsPerHour)).FloatString(6)
	return strings.TrimSuffix(strings.TrimRight(hours, "0"), ".")
}

// amountOf returns a rational number of chip-seconds, rounded up to a picosecond.
func amountOf(chipSeconds *big.Rat) (ChipTime, error) {
	picoseconds := new(big.Rat).Mul(chipSeconds, new(big.Rat).SetInt64(1_000_000_000_000))
	quotient, rest := new(big.Int).QuoRem(picoseconds.Num(), picoseconds.Denom(), new(big.Int))
	if rest.Sign() > 0 {
		quotient.Add(quotient, big.NewInt(1))
	}
	if quotient.Sign() < 0 || quotient.BitLen() > 128 {
		return ChipTime{}, fmt.Errorf("%s chip-seconds: %w", chipSeconds.FloatString(3), errAmount)
	}
	lo := new(big.Int).And(quotient, new(big.Int).SetUint64(1<<64-1))
	return ChipTime{new(big.Int).Rsh(quotient, 64).Uint64(), lo.Uint64()}, nil
}

// times returns a x thousandths / 1000, rounded up.
func (a ChipTime) times(thousandths uint64) (ChipTime, error) {
	if thousandths == 1000 {
		return a, nil
	}
	product := new(big.Rat).SetFrac(new(big.Int).Mul(a.Big(), new(big.Int).SetUint64(thousandths)), new(big.Int).SetInt64(1000*1_000_000_000_000))
	return amountOf(product)
}

// spread is the rate at which an amount fills a window: rate + 1 in its first
// rest nanoseconds, rate in the others; together exactly the amount.
func (a ChipTime) spread(nanoseconds int64) (rate uint64, rest int64, err error) {
	if nanoseconds <= 0 || a.hi >= uint64(nanoseconds) {
		return 0, 0, fmt.Errorf("%s chip-hours in %d ns: %w", a.Hours(), nanoseconds, errAmount)
	}
	q, r := bits.Div64(a.hi, a.lo, uint64(nanoseconds))
	if q > maxRate {
		return 0, 0, fmt.Errorf("%s chip-hours in %d ns: expected at most %d chips at a time", a.Hours(), nanoseconds, maxRate/1000)
	}
	return q, int64(r), nil
}

// maxRate bounds the chips of one row, in thousandths: far above all there are.
const maxRate = 1_000_000_000_000
