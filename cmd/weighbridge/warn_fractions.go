package main

import (
	"fmt"
	"math/big"
	"slices"
	"strings"
)

// maxFractions bounds the list of --warn.
const maxFractions = 100

// parseFractions reads percentages, as in "50,80,95", as fractions in ascending
// order; 100 is always among them. "none" is nil.
func parseFractions(text string) ([]*big.Rat, error) {
	if text == "none" {
		return nil, nil
	}
	whole := big.NewRat(1, 1)
	list := []*big.Rat{whole}
	for part := range strings.SplitSeq(text, ",") {
		f, err := parsePercent(part)
		if err != nil || len(list) > maxFractions {
			return nil, usage("--warn: found %.40q, expected percentages above 0 and up to 100, as in 50,80,95, or none", text)
		}
		list = append(list, f)
	}
	slices.SortFunc(list, func(a, b *big.Rat) int { return a.Cmp(b) })
	return slices.CompactFunc(list, func(a, b *big.Rat) bool { return a.Cmp(b) == 0 }), nil
}

// parsePercent reads one percentage, up to four places, as a fraction.
func parsePercent(text string) (*big.Rat, error) {
	digits, places, _ := strings.Cut(text, ".")
	plain := len(digits) > 0 && len(digits) <= 3 && len(places) <= 4 && strings.Trim(digits+places, "0123456789") == "" && !strings.HasSuffix(text, ".")
	r, ok := new(big.Rat).SetString(text)
	if !plain || !ok || r.Sign() == 0 || r.Cmp(big.NewRat(100, 1)) > 0 {
		return nil, fmt.Errorf("percentage %.40q", text)
	}
	return r.Quo(r, big.NewRat(100, 1)), nil
}
