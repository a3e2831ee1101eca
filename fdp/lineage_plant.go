package fdp

import (
	"fmt"
	"slices"

	"github.com/weighbridge/weighbridge/meter"
)

// Produces reports whether an activity makes or changes weights, so that the
// hardware that it ran on is the plant that produced them: training, and the
// post-training techniques of 15 CFR 734.9(l), Note 7. Evaluating a model or
// serving it produces none.
func Produces(r meter.Record) bool {
	switch r.Activity {
	case meter.Evaluation, meter.Inference, meter.Exploration, meter.DataProcessing, meter.SyntheticData, meter.TeacherInference, meter.TeacherTraining, meter.RewardModelTraining:
		return false
	}
	return r.Outcome != meter.NeverStarted
}

// hardware lists the products of the plant that produced the model; nil when no
// record names any. It is not complete when a record of work that produced weights
// names none.
func (l *lineage) hardware(root meter.ModelRef) (out []Hardware, complete *bool) {
	gaps := false
	for _, m := range l.production(root) {
		for _, r := range l.records[m] {
			if !Produces(r) {
				continue
			}
			gaps = gaps || len(r.Hardware) == 0
			for _, d := range r.Hardware {
				i := slices.IndexFunc(out, func(h Hardware) bool { return h.Product == d.Product })
				if i < 0 {
					i = len(out)
					out = append(out, Hardware{Product: d.Product})
				}
				at := fmt.Sprintf("training.hardware[%d].product", i)
				l.grades[at] = meter.LowestGrade(l.grades[at], d.Grade)
			}
		}
	}
	if gaps && out != nil {
		l.grades["training.hardware_complete"] = l.grade(root)
		return out, new(bool)
	}
	return out, nil
}

// production returns root and the earlier versions that it continues. 734.9(l)(1)
// asks which plant produced the item. A model that continues an earlier version
// of itself (the same org/name) is one training in stages under several names,
// and all its stages ran in the plant. Whatever else came before is another item:
// weights further trained abroad on hardware that is not listed are not reached
// by (l) through the hardware of the model they came from (facts, section 2);
// derived_from_controlled and the option foreign_derivative_unlisted_hw decide.
func (l *lineage) production(root meter.ModelRef) []meter.ModelRef {
	out, seen := []meter.ModelRef{root}, map[meter.ModelRef]bool{root: true}
	for i := 0; i < len(out); i++ {
		for _, p := range parentsOf(l.records[out[i]]) {
			if p.Relation == meter.Continues && family(p.Model) == family(root) && !seen[p.Model] {
				seen[p.Model] = true
				out = append(out, p.Model)
			}
		}
	}
	return out
}
