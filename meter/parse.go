package meter

import (
	"fmt"
	"math/big"
	"strconv"
	"strings"
)

// ParseOps reads a number of operations exactly from its text: decimal ("120")
// or scientific notation ("1e26", "9.5e25", "2.5E+25"), with no sign, space or
// separator. A value that is not a whole number of operations ("1.5", "1e-3"),
// is negative, is not finite, has more than [MaxDigits] digits or is 2^128 or
// more is an error that names what was found and what is expected.
func ParseOps(s string) (Ops, error) {
	mantissa, exponent, err := splitNumber(s)
	if err != nil {
		return Ops{}, fmt.Errorf("operations %q: %w", clip(s), err)
	}
	b, err := scale(mantissa, exponent)
	if err != nil {
		return Ops{}, fmt.Errorf("operations %q: %w", clip(s), err)
	}
	if b.BitLen() > 128 {
		return Ops{}, fmt.Errorf("operations %q: %w", clip(s), ErrOpsRange)
	}
	return OpsFromBig(b)
}

// splitNumber returns the digits of s without the point, and the power of ten
// that they are to be multiplied by.
func splitNumber(s string) (digits string, exponent int, err error) {
	mantissa, exp, scientific := strings.Cut(strings.ReplaceAll(s, "E", "e"), "e")
	if scientific {
		if exponent, err = parseExponent(exp); err != nil {
			return "", 0, err
		}
	}
	whole, fraction, point := strings.Cut(mantissa, ".")
	if !allDigits(whole) || point && !allDigits(fraction) {
		return "", 0, fmt.Errorf("expected a whole number, decimal (120) or scientific (9.5e25), without sign, spaces or separators")
	}
	if len(whole)+len(fraction) > MaxDigits {
		return "", 0, fmt.Errorf("%d digits: expected at most %d; write it in scientific notation", len(whole)+len(fraction), MaxDigits)
	}
	return whole + fraction, exponent - len(fraction), nil
}

func parseExponent(s string) (int, error) {
	unsigned := strings.TrimPrefix(s, "+")
	negative := strings.HasPrefix(unsigned, "-") && unsigned == s
	unsigned = strings.TrimPrefix(unsigned, "-")
	if !allDigits(unsigned) || len(unsigned) > 4 || strings.HasPrefix(s, "+-") {
		return 0, fmt.Errorf("exponent %q: expected digits, as in 1e26", clip(s))
	}
	n, err := strconv.Atoi(unsigned)
	if negative {
		n = -n
	}
	return n, err
}

// scale returns digits x 10^exponent, refusing a fraction of an operation.
func scale(digits string, exponent int) (*big.Int, error) {
	trimmed := strings.TrimRight(digits, "0")
	exponent += len(digits) - len(trimmed)
	trimmed = strings.TrimLeft(trimmed, "0")
	if trimmed == "" {
		return new(big.Int), nil
	}
	if exponent < 0 {
		return nil, fmt.Errorf("a fraction of an operation: expected a whole number")
	}
	if len(trimmed)+exponent > 39 { // 2^128-1 has 39 digits
		return nil, ErrOpsRange
	}
	b, _ := new(big.Int).SetString(trimmed+strings.Repeat("0", exponent), 10)
	return b, nil
}

func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// clip shortens a hostile text for an error message.
func clip(s string) string {
	if len(s) > 60 {
		return s[:57] + "..."
	}
	return s
}
