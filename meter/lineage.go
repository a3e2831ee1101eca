package meter

import (
	"fmt"
	"slices"
	"strings"
)

// Node is one model as a lineage sees it: its own work by activity, and the
// models it came from.
type Node struct {
	Model   ModelRef
	Own     []ActivityTotal
	Parents []Parent
}

// ActivityTotal is the work of one activity.
type ActivityTotal struct {
	Activity   Activity
	Operations Interval
	Records    uint64
	Grade      Grade // the lowest of the records in it
}

// Edge is one step of a lineage: Model came from Parent.
type Edge struct {
	Model    ModelRef
	Parent   Parent
	From, To int // places of the two in the lineage's Models
}

// Lineage is a model and all its ancestors, each once.
type Lineage struct {
	Models  []ModelRef      // the model itself first, then its ancestors in the order they were met
	Edges   []Edge          // in the same order
	Missing []ModelRef      // ancestors of which nothing is known
	Own     []ActivityTotal // the model's own work
	Total   []ActivityTotal // the whole lineage; unbounded above in every activity when anything is missing
}

// CycleError reports that a model is its own ancestor. From names the edge's
// child and To the parent that closes the cycle.
type CycleError struct {
	From, To ModelRef
	Path     []ModelRef // from To down to From
}

func (e *CycleError) Error() string {
	names := make([]string, 0, len(e.Path)+1)
	for _, m := range append(slices.Clone(e.Path), e.To) {
		names = append(names, string(m))
	}
	return fmt.Sprintf("lineage has a cycle: %s names %s as its parent, which descends from it (%s); expected a model to come after its parents: correct the record that names this parent",
		e.From, e.To, strings.Join(names, " <- "))
}

// Walk returns the lineage of root. The lookup function returns what is known of a model, or
// false. Every ancestor counts once, however many paths lead to it. A parent
// that is not known is named in Missing and makes every total unbounded above.
// The error is a [*CycleError], or wraps [ErrOpsRange].
func Walk(root ModelRef, lookup func(ModelRef) (Node, bool)) (Lineage, error) {
	w := walker{lookup: lookup, places: map[ModelRef]int{}, totals: map[Activity]ActivityTotal{}}
	if err := w.run(root); err != nil {
		return Lineage{}, err
	}
	w.lineage.Total = sortedTotals(w.totals)
	if len(w.lineage.Missing) > 0 {
		w.lineage.Total = unbound(w.lineage.Total)
	}
	return w.lineage, nil
}

// frame is one model on the current path and the parent to look at next. The
// path is a slice, not the goroutine's stack: a lineage may be 100 000 deep.
type frame struct {
	place   int
	parents []Parent
	next    int
}

type walker struct {
	lookup  func(ModelRef) (Node, bool)
	places  map[ModelRef]int // in the lineage's models
	open    []bool           // by place: on the current path
	path    []frame
	totals  map[Activity]ActivityTotal
	lineage Lineage
}

func (w *walker) run(root ModelRef) error {
	if err := w.enter(root); err != nil {
		return err
	}
	for len(w.path) > 0 {
		top := &w.path[len(w.path)-1]
		if top.next == len(top.parents) {
			w.open[top.place] = false
			w.path = w.path[:len(w.path)-1]
			continue
		}
		parent, from := top.parents[top.next], top.place
		top.next++
		to, seen := w.places[parent.Model]
		if !seen {
			to = len(w.lineage.Models)
			if err := w.enter(parent.Model); err != nil {
				return err
			}
		} else if w.open[to] {
			return w.cycle(w.lineage.Models[from], parent.Model)
		}
		w.lineage.Edges = append(w.lineage.Edges, Edge{w.lineage.Models[from], parent, from, to})
	}
	return nil
}

// enter visits a model for the first time: its own work is added, once.
func (w *walker) enter(model ModelRef) error {
	node, known := w.lookup(model)
	place := len(w.lineage.Models)
	w.places[model] = place
	w.lineage.Models, w.open = append(w.lineage.Models, model), append(w.open, known)
	if !known {
		w.lineage.Missing = append(w.lineage.Missing, model)
		return nil
	}
	for _, t := range node.Own {
		if err := addTotal(w.totals, t); err != nil {
			return fmt.Errorf("lineage: total of %s with %s: %w", t.Activity, model, err)
		}
	}
	if place == 0 {
		w.lineage.Own = node.Own
	}
	w.path = append(w.path, frame{place: place, parents: node.Parents})
	return nil
}

func (w *walker) cycle(from, to ModelRef) error {
	var path []ModelRef
	for _, f := range w.path {
		if model := w.lineage.Models[f.place]; len(path) > 0 || model == to {
			path = append(path, model)
		}
	}
	return &CycleError{From: from, To: to, Path: path}
}

func addTotal(totals map[Activity]ActivityTotal, t ActivityTotal) error {
	have, found := totals[t.Activity]
	if !found {
		totals[t.Activity] = t
		return nil
	}
	sum, err := have.Operations.Add(t.Operations)
	totals[t.Activity] = ActivityTotal{t.Activity, sum, have.Records + t.Records, LowestGrade(have.Grade, t.Grade)}
	return err
}

func sortedTotals(totals map[Activity]ActivityTotal) []ActivityTotal {
	var out []ActivityTotal
	for _, a := range Activities() {
		if t, found := totals[a]; found {
			out = append(out, t)
		}
	}
	return out
}

// unbound takes the upper bound from every total. Work of an unknown ancestor
// may have been of any activity; without a record at all it is shown as
// pre-training, so that the lineage never reads as an empty, finite sum.
func unbound(totals []ActivityTotal) []ActivityTotal {
	if len(totals) == 0 {
		return []ActivityTotal{{Activity: Pretraining, Operations: Unbounded(Ops{})}}
	}
	for i := range totals {
		totals[i].Operations.Estimate = Bound{}
		totals[i].Operations.High = Bound{}
	}
	return totals
}

// Sum adds the intervals of totals. The sum of nothing is exactly zero.
func Sum(totals []ActivityTotal) (Interval, error) {
	sum := Exact(Ops{})
	for _, t := range totals {
		var err error
		if sum, err = sum.Add(t.Operations); err != nil {
			return Interval{}, fmt.Errorf("sum of activities at %s: %w", t.Activity, err)
		}
	}
	return sum, nil
}

// SumTotals adds two lists of totals activity by activity, in the order of
// [Activities].
func SumTotals(a, b []ActivityTotal) ([]ActivityTotal, error) {
	totals := map[Activity]ActivityTotal{}
	for _, list := range [][]ActivityTotal{a, b} {
		for _, t := range list {
			if err := addTotal(totals, t); err != nil {
				return nil, fmt.Errorf("total of %s: %w", t.Activity, err)
			}
		}
	}
	return sortedTotals(totals), nil
}

// SumRecords adds records into totals per activity, in the order of
// [Activities].
func SumRecords(records []Record) ([]ActivityTotal, error) {
	totals := map[Activity]ActivityTotal{}
	for _, r := range records {
		if err := addTotal(totals, ActivityTotal{r.Activity, r.Operations, 1, r.Grade}); err != nil {
			return nil, fmt.Errorf("total of %s at record %s/%d: %w", r.Activity, r.Run, r.Sequence, err)
		}
	}
	return sortedTotals(totals), nil
}
