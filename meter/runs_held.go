package meter

import "slices"

// heldAlone gives a record that tells only what was held its range again where
// nothing tells any more what was computed on it: it counted nothing because
// another record said so, which may have been voided since.
func heldAlone(records []Record) []Record {
	out := records
	for i, r := range records {
		if !heldOnly(r) || slices.ContainsFunc(records, r.ToldBy) {
			continue
		}
		if &out[0] == &records[0] {
			out = slices.Clone(records)
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

// ToldBy reports whether other says what was computed on the hardware that held
// tells of (SPEC.md, N8): with a name that was given, in that run, whose part it is
// then; else in the same activity and time. A time that one of them does not state is
// no time that they share.
func (held Record) ToldBy(other Record) bool {
	ownHours := other.Method == HardwareTime && other.Observed != nil  // a file of what was held, counted by its utilisation
	silent := other.Method == NoMethod && other.Grade != GradeAttested // a statement names no method of a line of work
	switch {
	case ownHours || silent || other.Activity != held.Activity || other.Outcome == NeverStarted:
		return false
	case held.Part != nil:
		return other.Run == held.Run
	case other.Period == nil || held.Period == nil:
		return false
	}
	return other.Period.Start.Before(held.Period.End) && held.Period.Start.Before(other.Period.End)
}
