package fdp

import (
	"reflect"

	"github.com/weighbridge/weighbridge/meter"
)

// threshold holds the number that margins are measured against to the clauses that
// decide: where no clause behind outcomes.controlled compares with it, a verdict
// and the margin beside it would speak of two thresholds.
func (l *linter) threshold() {
	if !l.pack.weighs() {
		return
	}
	deciding := map[string]bool{}
	if l.compares(l.pack.Outcomes.Controlled, *l.pack.Threshold, deciding) {
		return
	}
	l.report("threshold", "threshold-clause", "no clause that decides %s compares with this threshold: margin and near would be measured against another number than the verdict.", l.pack.Outcomes.Controlled)
}

// compares reports whether a clause, or one that it names, has the comparison.
func (l *linter) compares(id string, with comparison, seen map[string]bool) (found bool) {
	c, known := l.pack.byID[id]
	if !known || seen[id] {
		return false
	}
	seen[id] = true
	c.When.walk(func(n condition) {
		if n.Compare != nil && sameComparison(*n.Compare, with) || n.Rule != "" && l.compares(n.Rule, with, seen) {
			found = true
		}
	})
	return found
}

func sameComparison(a, b comparison) bool {
	if a.Quantity != b.Quantity || a.Is != b.Is || !reflect.DeepEqual(a.HighestOf, b.HighestOf) {
		return false
	}
	if a.Value == b.Value {
		return true
	}
	x, err := meter.ParseOps(a.Value)
	y, other := meter.ParseOps(b.Value)
	return err == nil && other == nil && x == y
}
