package attest

import "github.com/weighbridge/weighbridge/meter"

// Records returns the attested work of each model as records, one per activity,
// for whoever builds on it: a recipient who evaluates it under facts of their
// own, a lineage of which it becomes a part. Sums, grades and parents are those
// attested; what the statement does not say (runs, outcomes) is marked stated.
func (l Lineage) Records() func(meter.ModelRef) ([]meter.Record, bool) {
	models := map[meter.ModelRef][]meter.Record{}
	for _, m := range l.Models {
		models[m.Model] = m.records()
	}
	return func(m meter.ModelRef) ([]meter.Record, bool) {
		records, found := models[m]
		return records, found
	}
}

func (m LineageModel) records() []meter.Record {
	totals := m.Activities
	if len(totals) == 0 { // no work of its own, and still parents
		totals = []ActivityTotal{{Activity: meter.Pretraining, Interval: meter.Exact(meter.Ops{})}}
	}
	records := make([]meter.Record, len(totals))
	for i, t := range totals {
		grade := t.Grade
		if grade == "" {
			grade = meter.GradeDeclared
		}
		records[i] = meter.Record{
			Schema: meter.RecordSchema, Model: m.Model, Run: "attested", Sequence: uint64(i), Activity: t.Activity, Weights: meter.WeightsKept,
			Operations: t.Interval, Method: meter.NoMethod, Grade: grade, Outcome: meter.Stated,
		}
	}
	records[0].Parents = m.Parents
	return records
}
