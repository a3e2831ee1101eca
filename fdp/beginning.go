package fdp

import (
	"slices"

	"github.com/weighbridge/weighbridge/meter"
)

// Begun reports whether the records show where a model's weights began: a
// pre-training that started, or a parent whose weights it carries. Weights do not
// come from an evaluation, from a run that never started or from a fine-tuning of
// nothing: what the ledger does not show of them is unknown, never zero. Nor is it known
// where a record found that it started from the weights of another model than it names.
func Begun(records []meter.Record) bool {
	if slices.ContainsFunc(records, misnamed) {
		return false
	}
	return slices.ContainsFunc(records, func(r meter.Record) bool {
		if r.Activity == meter.Pretraining && r.Outcome != meter.NeverStarted {
			return true
		}
		return slices.ContainsFunc(r.Parents, func(p meter.Parent) bool { return !teaches(p.Relation) })
	})
}

func misnamed(r meter.Record) bool {
	return slices.ContainsFunc(r.Findings, func(f meter.Finding) bool { return f.Code == meter.InputDiffers })
}

// unrecordedBeginning is the line that stands for it: pre-training of which only
// is known that it is not recorded.
func unrecordedBeginning() Work {
	unknown := meter.Unbounded(meter.Ops{})
	return Work{Activity: meter.Pretraining, Interval: &unknown, Weights: meter.WeightsKept}
}
