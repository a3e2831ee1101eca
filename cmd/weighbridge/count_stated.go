package main

import (
	"fmt"

	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/trainlog"
)

// statedTotal is the framework's own total, as far as it is printed.
func (c runCount) statedTotal() *meter.Witness {
	total := c.observed.OperationsStated
	if total == nil {
		return nil
	}
	operations := meter.Exact(*total)
	if half := c.observed.OperationsRounding; half != nil {
		low, lowErr := total.Sub(*half)
		high, highErr := total.Add(*half)
		if lowErr != nil || highErr != nil {
			return nil
		}
		operations.Low, operations.High = low, meter.Known(high)
	}
	if c.outcome != meter.Finished && c.outcome != meter.Stated {
		operations.High = meter.Bound{} // work after the total was written is not in it
	}
	return &meter.Witness{Quantity: meter.Required, Method: meter.Counted, Grade: meter.GradeReported, Operations: operations,
		Convention: trainlog.ConventionOf(c.observed.Format), Source: fmt.Sprintf("the framework's own total in the %s file", c.observed.Format)}
}

// heldTogether are the witnesses for required <= performed <= ceiling: what the
// record has of hardware, the counter and the formula. The total that a framework
// states is a formula of unknown omissions and no bound for another.
func heldTogether(r *meter.Record, more ...*meter.Witness) []meter.Witness {
	var list []meter.Witness
	for _, w := range r.Witnesses {
		if w.Quantity == meter.Ceiling {
			list = append(list, w)
		}
	}
	for _, w := range more {
		if w != nil {
			list = append(list, *w)
		}
	}
	return list
}

// against says how far the framework's total and the formula are apart, and why
// where a known ratio explains it.
func (c runCount) against(stated, formula *meter.Witness) []meter.Finding {
	if formula == nil || !formula.Operations.Estimate.Known || formula.Operations.Estimate.Ops.IsZero() {
		return nil
	}
	a, b := *c.observed.OperationsStated, formula.Operations.Estimate.Ops
	if a == b {
		return []meter.Finding{{Code: "counts-agree", Message: fmt.Sprintf("the framework's own total is the formula's, %s, to the operation", a)}}
	}
	message := fmt.Sprintf("the framework's own total says %s, the formula %s: %s", a, b, apart(a, b))
	if cause, found := meter.LikelyCause(a, b, c.causes()); found && farApart(a, b) {
		return []meter.Finding{{Code: "counts-differ", Message: message + ". Likely cause: " + cause.Name}}
	}
	return []meter.Finding{{Code: "counts-differ", Message: message + ". The total's convention: " + stated.Convention.String()}}
}

// causes are the known reasons for which two counts of this run may differ.
func (c runCount) causes() []meter.Cause {
	causes := meter.KnownCauses()
	if c.architecture != nil {
		length, _ := c.sequence.Length()
		causes = c.architecture.Causes(length)
	}
	if seen := c.observed.TokensCommitted; seen != nil && c.tokens != nil {
		if padding, found := meter.PaddingCause(*seen, *c.tokens); found {
			causes = append(causes, padding)
		}
	}
	return causes
}

// farApart: where two counts are within 2 % no large ratio is between them.
func farApart(a, b meter.Ops) bool {
	if a.Cmp(b) < 0 {
		a, b = b, a
	}
	difference, err := a.Sub(b)
	if err != nil {
		return false
	}
	fifty, err := difference.Mul(meter.NewOps(50))
	return err != nil || fifty.Cmp(b) > 0
}
