package fdp

import (
	"slices"

	"github.com/weighbridge/weighbridge/meter"
)

// Begun reports whether the records show where a model's weights began: a
// pre-training that started, or a parent whose weights it carries. Weights do not
// come from an evaluation, from a run that never started or from a fine-tuning of
// nothing: what the ledger does not show of them is unknown, never zero.
func Begun(records []meter.Record) bool {
	return slices.ContainsFunc(records, func(r meter.Record) bool {
		if r.Activity == meter.Pretraining && r.Outcome != meter.NeverStarted {
			return true
		}
		return slices.ContainsFunc(r.Parents, func(p meter.Parent) bool { return !teaches(p.Relation) })
	})
}

// unrecordedBeginning is the line that stands for it: pre-training of which only
// is known that it is not recorded.
func unrecordedBeginning() Work {
	unknown := meter.Unbounded(meter.Ops{})
	return Work{Activity: meter.Pretraining, Interval: &unknown, Weights: meter.WeightsKept}
}
