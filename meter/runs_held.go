package meter

import "slices"

// heldAlone gives a record that tells only what was held its range again where
// nothing tells any more what was computed on it: it counted nothing because
// another record said so, which may have been voided since.
func heldAlone(records []Record) []Record {
	told := map[Activity]bool{}
	alone := false
	for _, r := range records {
		alone = alone || heldOnly(r)
		told[r.Activity] = told[r.Activity] || r.Method != NoMethod && r.Outcome != NeverStarted
	}
	if !alone {
		return records
	}
	out := slices.Clone(records)
	for i, r := range out {
		if !heldOnly(r) || told[r.Activity] {
			continue
		}
		out[i].Operations = Unbounded(Ops{})
		for _, w := range r.Witnesses {
			if w.Quantity == Ceiling {
				out[i].Operations.High = w.Operations.High
			}
		}
		out[i].Findings = append(slices.Clone(r.Findings), Finding{Code: "held-alone", Message: "no record that counts says any more what was computed on the hardware that it tells of, so that is not known"})
	}
	return out
}

// heldOnly says that a record tells what was held or paid for and nothing of work.
func heldOnly(r Record) bool {
	return r.Method == NoMethod && r.Operations == Exact(Ops{}) && r.Grade == GradeReported
}

// MayBeHeldAlone says that a sum of an activity may be of records that tell only
// what was held, for which [NetRuns] is to be asked.
func MayBeHeldAlone(t ActivityTotal) bool {
	return t.Operations == Exact(Ops{}) && t.Records > 0 && t.Grade == GradeReported
}
