package attest

import (
	"fmt"
	"slices"

	"github.com/weighbridge/weighbridge/fdp"
	"github.com/weighbridge/weighbridge/meter"
)

// Contradiction returns an error when d's facts state fewer operations than c
// attests, of the model or of an ancestor, or leave out a parent (SPEC.md D4).
// Facts may say more: a person may know of work that the ledger does not.
func (d Determination) Contradiction(c TrainingCompute) error {
	facts, err := d.parseFacts()
	if err != nil {
		return err
	}
	known := map[meter.ModelRef]LineageModel{}
	for _, m := range c.Lineage.Models {
		known[m.Model] = m
	}
	x := comparison{lineage: c.Lineage, known: known}
	if err := x.work(c.Model, facts.Operations); err != nil {
		return err
	}
	return x.parents(c.Model, facts.Parents)
}

// comparison holds facts to an attested lineage.
type comparison struct {
	lineage Lineage
	known   map[meter.ModelRef]LineageModel
}

// work compares a model's own work, activity by activity.
func (x comparison) work(model meter.ModelRef, stated []fdp.Work) error {
	for _, attested := range x.known[model].Activities {
		total, err := statedWork(stated, attested.Activity)
		if err != nil {
			return fmt.Errorf("determination: facts: %s of %s: %w", attested.Activity, model, err)
		}
		if below(total, attested.Interval) {
			return understated(string(attested.Activity), model, total, attested.Interval)
		}
	}
	return nil
}

func understated(what string, model meter.ModelRef, stated, attested meter.Interval) error {
	return fmt.Errorf("determination: its facts state %s of %s for %s, the training-compute statement attests %s", stated, what, model, attested)
}

// parents compares the parents of a model that is in the lineage, and theirs.
func (x comparison) parents(model meter.ModelRef, stated []fdp.Parent) error {
	for _, p := range x.known[model].Parents {
		if !slices.ContainsFunc(stated, func(s fdp.Parent) bool { return s.Model == p.Model }) {
			return fmt.Errorf("determination: its facts leave out %s, which the training-compute statement names as a parent of %s", p.Model, model)
		}
	}
	for _, s := range stated {
		if _, attested := x.known[s.Model]; !attested || s.Operations == nil {
			continue
		}
		if err := x.parent(s); err != nil {
			return err
		}
	}
	return nil
}

// parent compares one ancestor. A single number for a model that lists no parents
// is its whole lineage (fdp/SPEC.md), else its own work.
func (x comparison) parent(s fdp.Parent) error {
	if s.Operations.Total == nil {
		if err := x.work(s.Model, s.Operations.Work); err != nil {
			return err
		}
		return x.further(s)
	}
	walked, err := meter.Walk(s.Model, x.lineage.Lookup())
	if err != nil {
		return fmt.Errorf("determination: facts: %w", err)
	}
	attested := walked.Total
	if len(s.Parents) > 0 {
		attested = walked.Own
	}
	sum, err := meter.Sum(attested)
	if err != nil {
		return fmt.Errorf("determination: facts: %w", err)
	}
	if below(*s.Operations.Total, sum) {
		return understated("operations", s.Model, *s.Operations.Total, sum)
	}
	if len(s.Parents) == 0 {
		return nil
	}
	return x.further(s)
}

// further compares the parents of an ancestor where the facts list them; a model
// that stands in the document more than once lists them once.
func (x comparison) further(s fdp.Parent) error {
	if len(s.Parents) == 0 {
		return nil
	}
	return x.parents(s.Model, s.Parents)
}

// statedWork adds up the lines of one activity.
func statedWork(work []fdp.Work, activity meter.Activity) (meter.Interval, error) {
	total := meter.Exact(meter.Ops{})
	for _, w := range work {
		if w.Activity != activity {
			continue
		}
		interval := meter.Interval{} // a line without a number: at least nothing
		if w.Interval != nil {
			interval = *w.Interval
		}
		var err error
		if total, err = total.Add(interval); err != nil {
			return meter.Interval{}, err
		}
	}
	return total, nil
}

// below reports whether a bound of stated is lower than that of attested. An
// unknown upper bound is above every number, an unknown estimate is none.
func below(stated, attested meter.Interval) bool {
	if stated.Low.Cmp(attested.Low) < 0 {
		return true
	}
	if stated.Estimate.Known && attested.Estimate.Known && stated.Estimate.Ops.Cmp(attested.Estimate.Ops) < 0 {
		return true
	}
	return stated.High.Known && (!attested.High.Known || stated.High.Ops.Cmp(attested.High.Ops) < 0)
}
