package fdp

import (
	"fmt"
	"math/big"
	"strings"

	"github.com/weighbridge/weighbridge/meter"
)

// figure writes an estimate with that many significant figures, half up (no regime
// fixes a rounding mode), or its order of magnitude, rounded down. It is for a
// form: a threshold is always tested on the number that was not rounded.
func figure(estimate meter.Bound, figures int) string {
	digits := ""
	if estimate.Known {
		digits = estimate.Ops.String()
	}
	switch {
	case digits == "" || digits == "0":
		return digits
	case figures == 0:
		return fmt.Sprintf("10^%d", len(digits)-1)
	}
	exponent := len(digits) - 1
	if len(digits) > figures {
		digits, exponent = roundDigits(digits, figures, exponent)
	} else {
		digits += strings.Repeat("0", figures-len(digits))
	}
	if figures == 1 {
		return fmt.Sprintf("%se%d", digits, exponent)
	}
	return fmt.Sprintf("%s.%se%d", digits[:1], digits[1:], exponent)
}

func roundDigits(digits string, figures, exponent int) (string, int) {
	n, _ := new(big.Int).SetString(digits[:figures], 10)
	if digits[figures] >= '5' {
		n.Add(n, big.NewInt(1))
	}
	rounded := n.String()
	if len(rounded) > figures { // 99.6 is 1.0e2
		return rounded[:figures], exponent + 1
	}
	return rounded, exponent
}
