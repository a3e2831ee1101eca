package attest

import (
	"slices"

	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/entry"
)

// ConventionOf is the convention of a sum: that of its records, mixed where they
// differ.
func ConventionOf(records []meter.Record) Convention {
	var convention meter.Convention
	for i, r := range records {
		if i == 0 {
			convention = r.Convention
			continue
		}
		convention = convention.Merge(r.Convention)
	}
	return Convention(convention)
}

// MethodsOf are the methods behind the records, best first, each once.
func MethodsOf(records []meter.Record) []meter.Method {
	var methods []meter.Method
	for _, m := range meter.Methods() {
		if slices.ContainsFunc(records, func(r meter.Record) bool { return r.Method == m }) {
			methods = append(methods, m)
		}
	}
	return methods
}

// PeriodOf spans the periods of the records; nil when none states one.
func PeriodOf(records []meter.Record) *meter.Period {
	var span *meter.Period
	for _, r := range records {
		switch {
		case r.Period == nil:
		case span == nil:
			span = &meter.Period{Start: r.Period.Start, End: r.Period.End}
		default:
			if r.Period.Start.Before(span.Start) {
				span.Start = r.Period.Start
			}
			if r.Period.End.After(span.End) {
				span.End = r.Period.End
			}
		}
	}
	return span
}

// CorrectionsOf are the corrections in a model's logs. entries are all of theirs, log
// by log and in order.
func CorrectionsOf(model meter.ModelRef, entries []entry.Entry) []Correction {
	counted := map[uint64]meter.Record{} // what each entry of the log at hand made count
	var all []Correction
	for _, e := range entries {
		c := e.Correction
		if c == nil {
			counted[e.Index] = *e.Record
			continue
		}
		made := Correction{Model: model, Kind: string(c.Kind), Run: c.Run, Sequence: c.Sequence, Reason: c.Reason, Author: c.Author, Time: c.Time,
			Before: CorrectedOf(counted[c.Entry])}
		if c.Record != nil {
			counted[e.Index] = *c.Record
			after := CorrectedOf(*c.Record)
			made.After = &after
		}
		all = append(all, made)
	}
	return all
}
