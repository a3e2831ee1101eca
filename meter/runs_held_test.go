package meter

import (
	"slices"
	"testing"
	"time"
)

// month is a period of 2026.
func month(m time.Month) *Period {
	return &Period{Start: time.Date(2026, m, 1, 0, 0, 0, 0, time.UTC), End: time.Date(2026, m+1, 1, 0, 0, 0, 0, time.UTC)}
}

// TestHeldAlone: N8, what was held counts nothing beside a count of it, and is not
// known to be nothing without one, whatever else counts.
func TestHeldAlone(t *testing.T) {
	held := Record{Schema: RecordSchema, Model: "t/t@1", Run: "sacct", Activity: Pretraining, Weights: WeightsKept, Operations: Exact(Ops{}),
		Method: NoMethod, Grade: GradeReported, Outcome: Stated, Period: month(time.February)}
	counted := partRecord()
	counted.Part, counted.Period = nil, month(time.February)
	with := func(r Record, changes ...func(*Record)) Record {
		for _, change := range changes {
			change(&r)
		}
		return r
	}
	ceiling := func(r *Record) {
		r.Witnesses = []Witness{{Quantity: Ceiling, Method: HardwareTime, Grade: GradeReported, Operations: Interval{Low: NewOps(5), High: Known(NewOps(9))}, Source: "chip-hours"}}
	}
	timeless := func(r *Record) { r.Period = nil }
	january := func(r *Record) { r.Period = month(time.January) }
	named := func(r *Record) { r.Run, r.Part = "night", &Part{Ranks: 1} }
	nothing := func(r *Record) { r.Operations, r.Method, r.Grade = Exact(Ops{}), Declared, GradeDeclared }
	never := func(r *Record) { r.Outcome, r.Operations, r.Grade = NeverStarted, Exact(Ops{}), GradeMeasured }
	hours := func(r *Record) {
		r.Method, r.Grade, r.Observed = HardwareTime, GradeDeclared, &Observation{Format: "slurm"}
	}
	for name, c := range map[string]struct {
		held  Record
		other []Record
		want  Interval
	}{
		"beside a count":                    {held, []Record{counted}, Exact(Ops{})},
		"beside nothing that is known":      {held, []Record{with(counted, nothing)}, Exact(Ops{})},
		"beside a statement of it":          {held, []Record{with(counted, func(r *Record) { r.Run, r.Method, r.Grade = AttestedRun+"a", NoMethod, GradeAttested })}, Exact(Ops{})},
		"beside one of its run":             {with(held, named, timeless), []Record{with(counted, timeless)}, Exact(Ops{})},
		"alone":                             {held, nil, Unbounded(Ops{})},
		"alone, with a ceiling":             {with(held, ceiling), nil, Interval{High: Known(NewOps(9))}},
		"beside one of the kind":            {held, []Record{with(held, ceiling)}, Unbounded(Ops{})},
		"of another activity":               {held, []Record{with(counted, func(r *Record) { r.Activity = Evaluation })}, Unbounded(Ops{})},
		"of a job that never started":       {with(held, ceiling), []Record{with(counted, never)}, Interval{High: Known(NewOps(9))}},
		"of another time":                   {held, []Record{with(counted, january)}, Unbounded(Ops{})},
		"of a time that is not stated":      {held, []Record{with(counted, timeless)}, Unbounded(Ops{})},
		"that states no time":               {with(held, timeless), []Record{counted}, Unbounded(Ops{})},
		"of another run":                    {with(held, named), []Record{with(counted, func(r *Record) { r.Run = "day" })}, Unbounded(Ops{})},
		"of other hours by their use":       {held, []Record{with(counted, hours)}, Unbounded(Ops{})},
		"of the next month, which it meets": {held, []Record{with(counted, func(r *Record) { r.Period = month(time.March) })}, Unbounded(Ops{})},
	} {
		given := append([]Record{c.held}, c.other...)
		before := slices.Clone(given)
		if got := NetRuns(given)[0]; got.Operations != c.want || got.Validate() != nil {
			t.Errorf("%s: %s, want %s (%v)", name, got.Operations, c.want, got.Validate())
		}
		for i := range given {
			if given[i].Operations != before[i].Operations || len(given[i].Findings) != len(before[i].Findings) {
				t.Errorf("%s: the record that was given is changed", name)
			}
		}
	}
}
