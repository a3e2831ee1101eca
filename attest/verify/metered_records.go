package verify

import (
	"fmt"
	"slices"

	"github.com/weighbridge/weighbridge/attest"
	"github.com/weighbridge/weighbridge/meter"
)

// unmeteredRecords are those whose figures are somebody's word: that they stand in
// a witnessed log shows when it was given, and meters nothing.
func unmeteredRecords(records []meter.Record) []string {
	var why []string
	for _, r := range records {
		switch r.Grade {
		case meter.GradeDeclared:
			why = append(why, nameOf(r)+" has its operations by declaration: nothing metered them")
		case meter.GradeAttested:
			why = append(why, nameOf(r)+" is another organisation's word: its level is that of its own shipment")
		}
	}
	return few(why)
}

// few keeps the first of many reasons of one kind, so that no kind hides another.
func few(why []string) []string {
	const most = 3
	if len(why) <= most+1 {
		return why
	}
	return append(slices.Clone(why[:most]), fmt.Sprintf("and %d more of this kind", len(why)-most))
}

// weightsWithoutRecord: a record of the model says that it wrote these very weights,
// else the work of one model could be told of the weights of another.
func weightsWithoutRecord(c attest.TrainingCompute, records []meter.Record) []string {
	if slices.ContainsFunc(records, func(r meter.Record) bool { return r.Model == c.Model && r.Output == c.Weights.Root }) {
		return nil
	}
	return []string{fmt.Sprintf("no record of %s says that it wrote these weights, %s (run --weights DIR records it)", c.Model, c.Weights.Root)}
}

// inputsWithoutOutput: the weights that each record started from were written by a
// record of the logs that ended before, so that no work on them is left out.
func inputsWithoutOutput(records []meter.Record) []string {
	var why []string
	for _, r := range records {
		for _, p := range r.Parents {
			reads := p.Relation != meter.DistillsFrom && p.Relation != meter.TrainsOnOutput
			switch {
			case p.Input == "" && reads:
				why = append(why, fmt.Sprintf("%s does not say which weights of %s it started from", nameOf(r), p.Model))
			case p.Input != "" && !writtenBefore(records, p, r):
				why = append(why, fmt.Sprintf("%s started from %s, which no earlier record of %s wrote", nameOf(r), p.Input, p.Model))
			}
		}
	}
	return few(why)
}

// heldRecords are the records of all logs that count.
func heldRecords(logs []provedLog) []meter.Record {
	var out []meter.Record
	for _, l := range logs {
		if records, err := l.net(); l.whole && err == nil {
			out = append(out, records...)
		}
	}
	return out
}

func writtenBefore(records []meter.Record, p meter.Parent, child meter.Record) bool {
	return slices.ContainsFunc(records, func(r meter.Record) bool {
		late := r.Period != nil && child.Period != nil && r.Period.End.After(child.Period.Start.Add(clockSkew))
		return r.Model == p.Model && r.Output == p.Input && !late
	})
}
