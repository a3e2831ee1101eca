package main

import (
	"cmp"

	"github.com/weighbridge/weighbridge/meter"
)

// ownReport is what the job reported of the run's own activity, under its name
// and without one.
func (c runCount) ownReport() (own meter.Report, found bool) {
	for _, report := range c.observed.Reported {
		switch {
		case report.Activity != "" && report.Activity != c.activity:
		case !found:
			own, found = report, true
		default:
			own = oneReport(own, report)
		}
	}
	return own, found
}

// oneReport joins two reports of one activity. They are of one counter, of which
// the larger figures stay, or of two, whose sum is the most that was done.
func oneReport(a, b meter.Report) meter.Report {
	a.OperationsExecuted = most(a.Operations, a.OperationsExecuted, b.Operations, b.OperationsExecuted)
	a.TokensExecuted = most(a.Tokens, a.TokensExecuted, b.Tokens, b.TokensExecuted)
	if a.Tokens == nil || b.Tokens != nil && b.Tokens.Cmp(*a.Tokens) > 0 {
		a.Tokens, a.Documents, a.SquaredLengths = b.Tokens, b.Documents, b.SquaredLengths
	}
	if a.Operations == nil || b.Operations != nil && b.Operations.Cmp(*a.Operations) > 0 {
		a.Operations = b.Operations
	}
	if a.Step == nil || b.Step != nil && *b.Step > *a.Step {
		a.Step = b.Step
	}
	a.From = nil // the pace of either says nothing of both
	return a
}

// most is the sum of what two counters come to at most; nil where no more than
// the larger figure may have been done.
func most(a, aExecuted, b, bExecuted *meter.Ops) *meter.Ops {
	if a == nil || b == nil {
		return cmp.Or(aExecuted, bExecuted)
	}
	sum, err := cmp.Or(aExecuted, a).Add(*cmp.Or(bExecuted, b))
	if limit := meter.MostOperations(); err != nil || sum.Cmp(limit) > 0 {
		sum = limit
	}
	return &sum
}
