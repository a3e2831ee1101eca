package attest

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/weighbridge/weighbridge/meter"
)

// Work is a part of a model's work that shares what rules ask of work: the
// activity, whether the weights were kept, whose data was generated and whether
// it was published. A reader rebuilds the facts of a determination from it.
type Work struct {
	Activity      meter.Activity `json:"activity"`
	Weights       string         `json:"weights"`                 // kept or discarded; kept when a kept run started from them
	Generator     meter.ModelRef `json:"generator,omitempty"`     // of the data that was generated
	DataPublished *bool          `json:"dataPublished,omitempty"` // whether that data was
	NeverStarted  bool           `json:"neverStarted,omitempty"`  // runs whose job never started: no work, and no beginning of weights
	meter.Interval
	Records uint64      `json:"records"`
	Grade   meter.Grade `json:"grade,omitempty"` // the lowest of the records
}

// LineageFromRecords returns the lineage of root as a predicate states it. The
// records function returns a model's net records, or false when nothing is known
// of it. A root of which nothing is known, a cycle, and a sum past 2^128-1 are
// errors.
func LineageFromRecords(root meter.ModelRef, records func(meter.ModelRef) ([]meter.Record, bool)) (Lineage, error) {
	walked, err := meter.Walk(root, func(m meter.ModelRef) (meter.Node, bool) {
		found, known := records(m)
		return meter.Node{Model: m, Parents: parentsOf(found)}, known
	})
	if err != nil {
		return Lineage{}, err
	}
	all := map[meter.ModelRef][]meter.Record{}
	for _, m := range walked.Models {
		all[m], _ = records(m)
	}
	keepStartingPoints(walked.Models, all)
	models := map[meter.ModelRef]LineageModel{}
	for m, found := range all {
		if len(found) > 0 {
			if models[m], err = lineageModel(m, found); err != nil {
				return Lineage{}, err
			}
		}
	}
	lineage, err := LineageOf(root, func(m meter.ModelRef) (LineageModel, bool) { found, known := models[m]; return found, known })
	if err != nil {
		return Lineage{}, err
	}
	for _, name := range lineage.generatorNames() {
		if found, known := records(name); known {
			model, err := lineageModel(name, found)
			if err != nil {
				return Lineage{}, err
			}
			lineage.Generators = append(lineage.Generators, model)
		}
	}
	return lineage, nil
}

// parentsOf returns the parents that records name, in their order, each relation
// and input once.
func parentsOf(records []meter.Record) []meter.Parent {
	parents := []meter.Parent{}
	for _, r := range records {
		for _, p := range r.Parents {
			if !slices.Contains(parents, p) {
				parents = append(parents, p)
			}
		}
	}
	return parents
}

// keepStartingPoints marks discarded weights from which a kept run started as
// kept, and so on backwards, as [fdp.FromLineage] does: what was thrown away only
// after others were made from it went into them. Records are cloned, not changed.
func keepStartingPoints(order []meter.ModelRef, records map[meter.ModelRef][]meter.Record) {
	for changed := true; changed; {
		changed = false
		started := map[string]bool{}
		for _, m := range order {
			for _, r := range records[m] {
				for _, p := range r.Parents {
					started[p.Input] = started[p.Input] || r.Weights == meter.WeightsKept
				}
			}
		}
		for _, m := range order {
			for i, r := range records[m] {
				if r.Weights == meter.WeightsDiscarded && r.Output != "" && started[r.Output] {
					records[m] = slices.Clone(records[m])
					records[m][i].Weights = meter.WeightsKept
					changed = true
				}
			}
		}
	}
}

func lineageModel(model meter.ModelRef, records []meter.Record) (LineageModel, error) {
	out := LineageModel{Model: model, Parents: parentsOf(records)}
	for _, r := range records {
		w := Work{Activity: r.Activity, Weights: r.Weights, Generator: r.Generator, DataPublished: r.DataPublished, NeverStarted: r.Outcome == meter.NeverStarted,
			Interval: meter.Exact(meter.Ops{})}
		i := slices.IndexFunc(out.Work, func(have Work) bool { return have.compare(w) == 0 })
		if i < 0 {
			i = len(out.Work)
			out.Work = append(out.Work, w)
		}
		sum, err := out.Work[i].Interval.Add(r.Operations)
		if err != nil {
			return out, fmt.Errorf("lineage: %s of %s at record %s/%d: %w", r.Activity, model, r.Run, r.Sequence, err)
		}
		out.Work[i].Interval, out.Work[i].Grade = sum, meter.LowestGrade(out.Work[i].Grade, r.Grade)
		out.Work[i].Records++
	}
	slices.SortFunc(out.Work, Work.compare)
	return out, nil
}

// compare orders work as a predicate lists it; equal lines are one.
func (w Work) compare(v Work) int {
	return cmp.Or(
		cmp.Compare(slices.Index(meter.Activities(), w.Activity), slices.Index(meter.Activities(), v.Activity)),
		cmp.Compare(v.Weights, w.Weights), // kept before discarded
		cmp.Compare(w.Generator, v.Generator),
		cmp.Compare(published(w), published(v)),
		cmp.Compare(started(w), started(v)))
}

func published(w Work) int {
	switch {
	case w.DataPublished == nil:
		return 0
	case *w.DataPublished:
		return 2
	}
	return 1
}

func started(w Work) int {
	if w.NeverStarted {
		return 1
	}
	return 0
}

func (w Work) validate() error {
	if w.Weights != meter.WeightsKept && w.Weights != meter.WeightsDiscarded {
		return fmt.Errorf("weights: %q: expected kept or discarded", clip(w.Weights))
	}
	if generates := []meter.Activity{meter.SyntheticData, meter.TeacherInference, meter.TeacherTraining, meter.Rollout}; (w.Generator != "" || w.DataPublished != nil) && !slices.Contains(generates, w.Activity) {
		return fmt.Errorf("generator: %s generates no data", w.Activity)
	}
	if w.Generator != "" {
		if err := validModel("generator", w.Generator); err != nil {
			return err
		}
	}
	return ActivityTotal{w.Activity, w.Interval, w.Records, w.Grade}.validate()
}

// validWork holds the lines of a model to their order, each once.
func validWork(field string, work []Work) error {
	for i, w := range work {
		at := fmt.Sprintf("%s[%d]", field, i)
		if _, err := meter.ParseActivity(string(w.Activity)); err != nil {
			return fmt.Errorf("%s: %w", at, err)
		}
		if err := w.validate(); err != nil {
			return fmt.Errorf("%s: %w", at, err)
		}
		if i > 0 && work[i-1].compare(w) >= 0 {
			return fmt.Errorf("%s: %s: expected each line once, in the order of the closed list, kept before discarded", at, w.Activity)
		}
	}
	return nil
}

// Activities returns the model's own work by activity, in the order of the closed
// list. The error is a sum past 2^128-1.
func (m LineageModel) Activities() ([]ActivityTotal, error) {
	sum, err := m.totals()
	return totals(sum), err
}

func (m LineageModel) totals() ([]meter.ActivityTotal, error) {
	lines := make([]meter.ActivityTotal, len(m.Work))
	for i, w := range m.Work {
		lines[i] = meter.ActivityTotal{Activity: w.Activity, Operations: w.Interval, Records: w.Records, Grade: w.Grade}
	}
	sum, err := meter.SumTotals(lines, nil)
	if err != nil {
		return nil, fmt.Errorf("lineage: %s: %w", m.Model, err)
	}
	return sum, nil
}

// generatorNames returns the models outside the lineage that its work names as
// generators, each once, in the order in which they are named.
func (l Lineage) generatorNames() []meter.ModelRef {
	var names []meter.ModelRef
	for _, m := range l.Models {
		for _, w := range m.Work {
			inside := slices.ContainsFunc(l.Models, func(other LineageModel) bool { return other.Model == w.Generator })
			if w.Generator != "" && !inside && !slices.Contains(names, w.Generator) {
				names = append(names, w.Generator)
			}
		}
	}
	return names
}

// validateGenerators: what stands there is named, once, in the order of naming.
func (l Lineage) validateGenerators() error {
	names := l.generatorNames()
	for i, g := range l.Generators {
		at := fmt.Sprintf("lineage.generators[%d]", i)
		if err := g.validate(at); err != nil {
			return err
		}
		place := slices.Index(names, g.Model)
		if place < 0 {
			return fmt.Errorf("%s: %s: expected a model that work of the lineage names as its generator, once, in the order of naming", at, g.Model)
		}
		names = names[place+1:]
	}
	return nil
}
