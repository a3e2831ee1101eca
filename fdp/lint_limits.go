package fdp

import (
	"fmt"
	"math/big"
	"slices"
)

// authorities are under what a shipment of hardware can go. The quota document
// knows the same.
var authorities = []string{"licence", "LPP", "AIA", "NVEU", "UVEU", "ACM", "NAC", "ACA"}

// limits: amounts by date without gaps, or a share; and where they stand.
func (l *linter) limits() {
	seen := map[string]bool{}
	for i, row := range l.pack.Limits {
		at := fmt.Sprintf("limits[%d]", i)
		if seen[row.Name] {
			l.report(at+".name", "limit-twice", "limit %s stands twice.", row.Name)
		}
		seen[row.Name] = true
		l.sentence(at+".title", row.Title)
		l.cite(at+".cite", row.Cite)
		l.limitAmount(at, row)
		fleet := row.Authority == ""
		if fleet != (row.Share != "") {
			l.report(at, "limit-authority", "limit %s: a share is of a fleet, an amount of what was shipped under an authority.", row.Name)
		}
		if !fleet && !slices.Contains(authorities, row.Authority) {
			l.report(at+".authority", "limit-authority", "authority %q: expected one of %v.", clip(row.Authority), authorities)
		}
	}
}

func (l *linter) limitAmount(at string, row limitRow) {
	amounts := len(row.Spans) > 0
	if n := btoi(amounts) + btoi(row.Share != "") + btoi(row.Is == "never"); n != 1 {
		l.report(at, "limit-amount", "limit %s needs exactly one of spans with amounts, a share, or never; found %d.", row.Name, n)
		return
	}
	spans := make([][2]blank, len(row.Spans))
	for j, s := range row.Spans {
		spans[j] = [2]blank{s.From, s.To}
		if n, ok := new(big.Int).SetString(s.TPP, 10); !ok || n.Sign() <= 0 || n.String() != s.TPP {
			l.report(fmt.Sprintf("%s.spans[%d].tpp", at, j), "limit-tpp", "%q is no amount of TPP: expected a whole number, as in 26900000.", clip(s.TPP))
		}
	}
	l.contiguous(at+".spans", spans, false)
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}
