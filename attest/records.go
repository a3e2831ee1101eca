package attest

import (
	"slices"

	"github.com/weighbridge/weighbridge/fdp"
	"github.com/weighbridge/weighbridge/meter"
)

// Records returns the attested work of each model as records, one per line of
// work, for whoever builds on it: a recipient who evaluates it under facts of
// their own, a lineage of which it becomes a part. Sums, grades, parents, and
// whether weights were kept are those attested; what the statement does not say
// (runs, outcomes) is marked stated. Generators beside the lineage are found too.
func (l Lineage) Records() func(meter.ModelRef) ([]meter.Record, bool) {
	models := map[meter.ModelRef][]meter.Record{}
	for _, m := range l.Generators {
		models[m.Model] = m.records()
	}
	for _, m := range l.Models {
		models[m.Model] = m.records()
	}
	return func(m meter.ModelRef) ([]meter.Record, bool) {
		records, found := models[m]
		return records, found
	}
}

// records are those of the lineage. Where the statement finds that work of it started
// from the weights of another model than it names, so does the first record of the model:
// what follows from the statement has no upper bound then.
func (c TrainingCompute) records() func(meter.ModelRef) ([]meter.Record, bool) {
	lineage := c.Lineage.Records()
	differs := slices.DeleteFunc(slices.Clone(c.Findings), func(f meter.Finding) bool { return f.Code != meter.InputDiffers })
	return func(m meter.ModelRef) ([]meter.Record, bool) {
		records, found := lineage(m)
		if m == c.Model && len(records) > 0 && len(differs) > 0 {
			records = slices.Clone(records)
			records[0].Findings = differs
		}
		return records, found
	}
}

func (m LineageModel) records() []meter.Record {
	work := m.Work
	if len(work) == 0 { // no work of its own, and still parents
		work = []Work{{Activity: meter.Pretraining, Weights: meter.WeightsKept, NeverStarted: true, Interval: meter.Exact(meter.Ops{})}}
	}
	records := make([]meter.Record, len(work))
	for i, w := range work {
		grade, outcome := w.Grade, meter.Stated
		if grade == "" {
			grade = meter.GradeDeclared
		}
		if w.NeverStarted {
			outcome = meter.NeverStarted
		}
		records[i] = meter.Record{
			Schema: meter.RecordSchema, Model: m.Model, Run: "attested", Sequence: uint64(i), Activity: w.Activity, Weights: w.Weights,
			Generator: w.Generator, DataPublished: w.DataPublished,
			Operations: w.Interval, Method: meter.NoMethod, Grade: grade, Outcome: outcome,
		}
	}
	records[0].Parents = m.Parents
	return records
}

// AttestedFacts returns the facts that follow from what c and h attest, h may be
// nil, as a recipient has them who has verified the signature: what somebody else
// signed is graded attested, whatever the signer's own grade of it. The predicate
// keeps that grade.
func AttestedFacts(c TrainingCompute, h *Hardware) (fdp.Facts, error) {
	facts, err := FactsOf(c, h)
	if err != nil {
		return fdp.Facts{}, err
	}
	grades := facts.Grades()
	for path := range grades {
		grades[path] = meter.GradeAttested
	}
	return facts.WithGrades(grades), nil
}

// on adds the products that h names to the records of the models that they
// worked on: those that produced the weights, to the work that did.
func (h Hardware) on(records func(meter.ModelRef) ([]meter.Record, bool)) func(meter.ModelRef) ([]meter.Record, bool) {
	return func(m meter.ModelRef) ([]meter.Record, bool) {
		found, known := records(m)
		if !known {
			return nil, false
		}
		for _, worked := range h.Models {
			if worked.Model == m {
				found = worked.on(found)
			}
		}
		return found, true
	}
}

func (w WorkedOn) on(records []meter.Record) []meter.Record {
	var plant []meter.Device
	for _, p := range w.Products {
		if !p.Beside {
			plant = append(plant, meter.Device{Product: p.Product, Count: 1, Grade: p.Grade})
		}
	}
	records = slices.Clone(records)
	var unseen []meter.Record
	for i := range records {
		if !fdp.Produces(records[i]) {
			continue
		}
		if w.Partial && unseen == nil { // work of no operations: some of it named no hardware
			gap := records[i]
			gap.Sequence, gap.Operations, gap.Parents = uint64(len(records)), meter.Exact(meter.Ops{}), nil
			unseen = append(unseen, gap)
		}
		records[i].Hardware = plant
	}
	return append(records, unseen...)
}
