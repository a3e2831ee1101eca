package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/weighbridge/weighbridge/fdp"
	"github.com/weighbridge/weighbridge/meter"
)

// traceResult is a lineage with its totals. The fields are those of the
// documented JSON; text is a rendering of them.
type traceResult struct {
	Schema     string           `json:"schema"`
	Model      meter.ModelRef   `json:"model"`
	Activities []traceActivity  `json:"activities"` // the whole lineage, each ancestor once
	Parents    []meter.Parent   `json:"parents"`
	Lineage    []traceModel     `json:"lineage"` // the model first, then its ancestors as they are met
	Regimes    []fdp.Position   `json:"regimes"`
	Crossings  []traceCrossing  `json:"crossings,omitempty"` // at the present rate; absent where no record of the model has a period
	Ceilings   []traceCeiling   `json:"ceilings,omitempty"`  // of the model's runs whose chips are known
	Convention meter.Convention `json:"convention"`          // of the total: mixed where its records differ
	Missing    []meter.ModelRef `json:"missing"`             // ancestors of which nothing is known
	Unbegun    []meter.ModelRef `json:"unbegun,omitempty"`   // models whose records show neither pre-training nor what their weights came from
	Pending    []string         `json:"pending"`             // runs that are included and not in the ledger yet
	Notes      []traceNote      `json:"notes,omitempty"`     // how runs of several processes were counted once
}

type traceActivity struct {
	Activity meter.Activity `json:"activity"`
	meter.Interval
	Own     meter.Interval `json:"own"` // this model's share
	Records uint64         `json:"records"`
	Grade   meter.Grade    `json:"grade,omitempty"`
}

type traceModel struct {
	Model meter.ModelRef `json:"model"`
	meter.Interval
	Known   bool           `json:"known"`
	Parents []meter.Parent `json:"parents"`
}

func (a *app) traceResult(model meter.ModelRef, h *history) (traceResult, error) {
	lineage, err := h.lineage(model)
	if err != nil {
		return traceResult{}, err
	}
	result := traceResult{Schema: "weighbridge.dev/trace/v1", Model: model, Activities: traceActivities(lineage),
		Parents: []meter.Parent{}, Missing: append([]meter.ModelRef{}, lineage.Missing...), Pending: h.notes(lineage.Models)}
	for _, m := range lineage.Models {
		line, err := h.traceModel(m)
		if err != nil {
			return result, err
		}
		result.Lineage = append(result.Lineage, line)
	}
	result.Parents = append(result.Parents, result.Lineage[0].Parents...)
	own, _ := h.records(model)
	if result.Ceilings, err = traceCeilings(own); err != nil {
		return result, err
	}
	var conventions conventionSum
	notes := netNotes{}
	result.Regimes, err = a.positionsOf(model, result.unbegun(notes.over(conventions.over(h.records))))
	result.Convention, result.Notes = conventions.total, notes.sorted()
	slices.Sort(result.Unbegun)
	return result, err
}

// unbegun keeps which of the models that are looked up show no beginning. Of those that
// show another's the notes tell.
func (r *traceResult) unbegun(records func(meter.ModelRef) ([]meter.Record, bool)) func(meter.ModelRef) ([]meter.Record, bool) {
	kept := map[meter.ModelRef]bool{} // every regime looks up every model
	return func(m meter.ModelRef) ([]meter.Record, bool) {
		found, known := records(m)
		told := slices.ContainsFunc(found, func(r meter.Record) bool { return len(withoutInput(r.Findings)) < len(r.Findings) })
		if known && !kept[m] && !told && !fdp.Begun(found) {
			kept[m], r.Unbegun = true, append(r.Unbegun, m)
		}
		return found, known
	}
}

func traceActivities(lineage meter.Lineage) []traceActivity {
	out := []traceActivity{}
	for _, t := range lineage.Total {
		line := traceActivity{Activity: t.Activity, Interval: t.Operations, Own: meter.Exact(meter.Ops{}), Records: t.Records, Grade: t.Grade}
		for _, own := range lineage.Own {
			if own.Activity == t.Activity {
				line.Own = own.Operations
			}
		}
		out = append(out, line)
	}
	return out
}

func (h *history) traceModel(model meter.ModelRef) (traceModel, error) {
	node, known := h.node(model)
	line := traceModel{Model: model, Known: known, Parents: append([]meter.Parent{}, node.Parents...)}
	if !known {
		return line, h.err // the zero interval: at least nothing, no upper bound
	}
	var err error
	line.Interval, err = meter.Sum(node.Own)
	return line, err
}

// positionsOf is where a lineage is against the threshold of each regime.
func (a *app) positionsOf(model meter.ModelRef, records func(meter.ModelRef) ([]meter.Record, bool)) ([]fdp.Position, error) {
	rules, catalogue, err := a.rules()
	if err != nil {
		return nil, err
	}
	return fdp.PositionsOf(rules, catalogue, model, records, fdp.Question{AsOf: a.today()})
}

// String is the trace for people: one screen for a lineage of a few models.
func (r traceResult) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: a lineage of %d model(s)\n", r.Model, len(r.Lineage))
	for _, t := range r.Activities {
		fmt.Fprintf(&b, "  %-27s %-34s own %s (%d record(s), %s)\n", t.Activity, t.Interval, t.Own, t.Records, t.Grade)
	}
	b.WriteString("  lineage, each model once\n")
	shown := map[meter.ModelRef]bool{}
	r.tree(&b, r.index(), r.Model, "", 2, shown)
	drawn := false
	for _, s := range r.Regimes {
		fmt.Fprintf(&b, "  %s\n", positionLine(s))
		if onScale(s) {
			fmt.Fprintf(&b, "      %s\n", bar(s, barWidth))
			drawn = true
		}
	}
	if drawn {
		fmt.Fprintf(&b, "  %s\n", barScale)
	}
	writeCrossings(&b, r.Crossings)
	for _, c := range r.Ceilings {
		b.WriteString(c.String())
	}
	if mixed := r.Convention.MixedFields(); len(mixed) > 0 {
		fmt.Fprintf(&b, "  counted by different conventions, added as they stand: %s\n", strings.Join(mixed, ", "))
	}
	if slices.ContainsFunc(r.Regimes, func(p fdp.Position) bool { return p.ThresholdVerdict == fdp.Applies }) {
		fmt.Fprintf(&b, "  a threshold is one test of several: `weighbridge evaluate %s` says what follows\n", r.Model)
	}
	if len(r.Missing) == 0 && slices.ContainsFunc(r.Regimes, func(p fdp.Position) bool { return p.ThresholdVerdict == fdp.Undetermined }) {
		fmt.Fprintf(&b, "  not all is known: `weighbridge evaluate %s` says what is missing\n", r.Model)
	}
	for _, m := range r.Missing {
		fmt.Fprintf(&b, "  missing: nothing is recorded of %s, so there is no upper bound; record it, or state its whole lineage with `weighbridge record`\n", m)
	}
	for _, m := range r.Unbegun {
		fmt.Fprintf(&b, "  missing: the records of %s show no beginning, neither pre-training nor a parent whose weights it carries, so there is no upper bound; record its pre-training, or the parent (`weighbridge record --parent`)\n", m)
	}
	for _, p := range r.Pending {
		fmt.Fprintf(&b, "  included: %s\n", p)
	}
	writeNotes(&b, r.Notes)
	return b.String()
}

// tree prints a model and its parents below it; a model met before is named
// only.
func (r traceResult) tree(b *strings.Builder, lines map[meter.ModelRef]traceModel, model meter.ModelRef, relation meter.Relation, depth int, shown map[meter.ModelRef]bool) {
	line := lines[model]
	via := ""
	if relation != "" {
		via = fmt.Sprintf(" (%s)", relation)
	}
	switch {
	case shown[model]:
		fmt.Fprintf(b, "%s%s%s, above\n", strings.Repeat("  ", depth), model, via)
		return
	case !line.Known:
		fmt.Fprintf(b, "%s%s%s  nothing is recorded\n", strings.Repeat("  ", depth), model, via)
	default:
		fmt.Fprintf(b, "%s%s%s  %s\n", strings.Repeat("  ", depth), model, via, line.Interval)
	}
	shown[model] = true
	if depth > maxTreeDepth && len(line.Parents) > 0 {
		fmt.Fprintf(b, "%s... deeper ancestors: --json lists them\n", strings.Repeat("  ", depth+1))
		return
	}
	for _, p := range line.Parents {
		r.tree(b, lines, p.Model, p.Relation, depth+1, shown)
	}
}

// maxTreeDepth bounds the tree that people see; a lineage may be 100 000 deep.
const maxTreeDepth = 40

func (r traceResult) index() map[meter.ModelRef]traceModel {
	lines := make(map[meter.ModelRef]traceModel, len(r.Lineage))
	for _, m := range r.Lineage {
		lines[m.Model] = m
	}
	return lines
}

// leftOf says how far the threshold is, and what follows when it is reached.
func leftOf(p fdp.Position) string {
	left := "margin unknown"
	switch {
	case p.ThresholdVerdict == fdp.Applies:
		left = "reached"
	case p.Margin != nil && !p.Margin.IsZero():
		left = p.Margin.Short() + " left"
	}
	if p.Near && p.ThresholdVerdict == fdp.Undetermined {
		left += "; the high bound reaches it"
	}
	if p.NoticeDays > 0 && (p.Near || p.ThresholdVerdict == fdp.Applies) {
		left += fmt.Sprintf("; %s within %d days after it is met or known that it will be", notifyWord(p.NoticeOpen), p.NoticeDays)
	}
	if !p.Codified {
		left += "; the text does not stand today"
	}
	return left
}

// notifyWord says how sure it is that a notification follows from the threshold.
func notifyWord(open bool) string {
	if open {
		return "perhaps to be notified (evaluate says when)"
	}
	return "notify"
}

func positionLine(p fdp.Position) string {
	return fmt.Sprintf("%s: %s that count %s; threshold %s %s: %s; %s",
		p.Regime, p.Quantity, p.Interval.Beside(p.Threshold), p.Comparison, p.Threshold.Short(), p.ThresholdVerdict, leftOf(p))
}
