package fdp

import (
	"fmt"
	"slices"

	"github.com/weighbridge/weighbridge/meter"
)

// part is one number that enters a total, and what of it is not settled.
type part struct {
	path     string // in the document
	interval meter.Interval
	missing  []Missing

	estimated bool        // its number has an estimate
	doubtful  bool        // it may not count: only high holds it
	most      meter.Bound // with doubtful: the estimate, else high, of what may count
}

// newPart makes a part of a stated number, or of one that is not stated.
func newPart(path string, i *meter.Interval) part {
	if i == nil {
		return part{path: path, interval: meter.Unbounded(meter.Ops{}), missing: []Missing{{Path: path, Reason: ReasonUnknown}}}
	}
	p := part{path: path, interval: *i, estimated: i.Estimate.Known}
	if !i.High.Known || i.High.Ops != i.Low {
		p.missing = []Missing{{Path: path, Reason: ReasonRange}}
	}
	return p
}

// open leaves a part in the high total only: the text does not say whether it
// counts.
func (p part) open(path string) part { return p.openFor(path, ReasonOpen) }

// openFor is open for another reason than the text.
func (p part) openFor(path, reason string) part {
	if p.interval == meter.Exact(meter.Ops{}) {
		return p
	}
	p = p.doubted()
	p.interval = meter.Interval{Estimate: meter.Known(meter.Ops{}), High: p.interval.High}
	p.missing = append([]Missing{{Path: path, Reason: reason}}, p.missing...)
	return p
}

// doubted notes what of a part may count.
func (p part) doubted() part {
	if !p.doubtful {
		p.doubtful, p.most = true, p.interval.High
		if p.interval.Estimate.Known {
			p.most = p.interval.Estimate
		}
	}
	return p
}

// decisive is what decides where a regime goes by the estimate: the estimate; the
// bounds where there is none; and of what may not count, nothing to all.
func (p part) decisive() meter.Interval {
	switch {
	case p.doubtful:
		return meter.Interval{High: p.most}
	case p.interval.Estimate.Known:
		return meter.Exact(p.interval.Estimate.Ops)
	}
	return p.interval
}

// estimateDecides: measurement sets only near (SPEC.md, R6).
func (e *evaluation) estimateDecides() bool { return e.pack.Measure.Decides == "estimate" }

// decisive is the interval that decides, over all runs; nil where it is the
// measured one.
func (e *evaluation) decisive(runs []run[scenario]) *meter.Interval {
	if !e.estimateDecides() {
		return nil
	}
	out := hull(runs, func(s scenario) meter.Interval { return decisiveSum(s.own, s.carried, s.added) })
	return &out
}

func decisiveSum(lists ...[]part) meter.Interval {
	var out []part
	for _, p := range slices.Concat(lists...) {
		out = append(out, part{interval: p.decisive()})
	}
	return sumOrUnbounded(out)
}

// missingOf is what could change a sum of parts. Where the estimate decides, the
// range around it could not.
func (e *evaluation) missingOf(parts []part) []Missing {
	var out []Missing
	for _, p := range parts {
		for _, m := range p.missing {
			if m.Reason != ReasonRange || !p.estimated || !e.estimateDecides() {
				out = append(out, m)
			}
		}
	}
	return out
}

// sum adds parts. The error wraps meter.ErrOpsRange.
func sum(lists ...[]part) (meter.Interval, error) {
	total := meter.Exact(meter.Ops{})
	for _, p := range slices.Concat(lists...) {
		var err error
		if total, err = total.Add(p.interval); err != nil {
			return meter.Interval{}, fmt.Errorf("adding %s: %w", p.path, err)
		}
	}
	return total, nil
}

func missingOf(parts []part) []Missing {
	var out []Missing
	for _, p := range parts {
		out = append(out, p.missing...)
	}
	return out
}

// work applies the counting table to lines of work (Technical Note 2; facts, 9a).
func (c *chooser) work(lines []Work, path string) []part {
	var out []part
	for i, w := range lines {
		at := fmt.Sprintf("%s[%d]", path, i)
		p := newPart(at, w.Interval)
		if w.Interval == nil {
			p = newPart(at+".estimate", nil)
		}
		k := c.activityCell(w.Activity)
		if !c.counted(k, &p, w, at) || discards(w) && !c.discarded(k, &p, at) {
			continue
		}
		out = append(out, p)
	}
	return out
}

// discards: the weights that a line of work made were not kept. Generation makes
// data, and no weights.
func discards(w Work) bool {
	return w.Weights == meter.WeightsDiscarded && w.Activity != meter.SyntheticData && w.Activity != meter.TeacherInference
}

// discarded says whether work whose weights were discarded counts.
func (c *chooser) discarded(k cell, p *part, at string) bool {
	switch row := c.e.pack.Discarded; row.Counts {
	case "no":
		return false
	case "option":
		return c.option(row.Option) == row.When
	case "open":
		if k.Counts != "open" {
			*p = p.open(at + ".weights")
		}
	}
	return true
}

// amount counts another model's number: given as one, it stands as it is; given
// by activity, the counting table applies.
func (c *chooser) amount(a stated[*Amount], path string) []part {
	switch {
	case a.path == "":
		return []part{newPart(path, nil)}
	case a.value.Total != nil:
		return []part{newPart(a.path, a.value.Total)}
	}
	return c.work(a.value.Work, a.path)
}

// ancestor is a model whose operations are carried into another, with its own
// parts.
type ancestor struct {
	model *modelFacts
	parts []part
}

// ancestors returns the models whose operations m carries, each once, by the
// relation table. It does not look behind a model that stop accepts, nor count
// it. What is not known of the lineage comes back as an unbounded part.
func (c *chooser) ancestors(m *modelFacts, stop func(*modelFacts) bool) []ancestor {
	if c.bounding {
		return c.boundedAncestors(m)
	}
	var out []ancestor
	c.e.walk(m, c.carries, func(parent *modelFacts) bool {
		if stop(parent) {
			return false
		}
		out = append(out, ancestor{parent, c.ownParts(parent)})
		return true
	})
	return out
}

func nowhere(*modelFacts) bool { return false }

// walk enters each model behind m once, in the order of the lists, parents
// before siblings, and goes on behind it when enter says so. It keeps its own
// stack: a lineage may be 100 000 models deep.
func (e *evaluation) walk(m *modelFacts, carries func(stated[[]Parent], int) bool, enter func(*modelFacts) bool) {
	type frame struct {
		parents stated[[]Parent]
		next    int
	}
	seen := map[meter.ModelRef]bool{m.ref: true}
	for path := []frame{{parents: m.parents}}; len(path) > 0; {
		top := &path[len(path)-1]
		if top.next == len(top.parents.value) {
			path = path[:len(path)-1]
			continue
		}
		i := top.next
		top.next++
		name := top.parents.value[i].Model
		if seen[name] || !carries(top.parents, i) {
			continue
		}
		seen[name] = true
		if parent := e.models[name]; enter(parent) {
			path = append(path, frame{parents: parent.parents})
		}
	}
}

// ownParts are what one model of the document adds: its number or its work, and
// an unbounded part when its parents are not known but should be. They are kept
// where no option was asked for.
func (c *chooser) ownParts(m *modelFacts) []part {
	if parts, found := c.e.shared.parts[m.ref]; found {
		return parts
	}
	parts := c.amount(m.amount, m.path+".operations")
	if m.parents.path == "" && m.amount.path != "" && m.amount.value.Work != nil {
		parts = append(parts, newPart(m.path+".parents", nil)) // work by activity is the model's own alone
	}
	if !c.e.asksOption(m.amount.value) {
		c.e.shared.parts[m.ref] = slices.Clip(parts)
	}
	return parts
}

// asksOption reports whether a line of work counts by the reading of an option.
func (e *evaluation) asksOption(a *Amount) bool {
	return a != nil && slices.ContainsFunc(a.Work, func(w Work) bool {
		row := e.pack.activity[w.Activity]
		return row.Counts == "option" || row.Systemic != nil || discards(w) && e.pack.Discarded.Counts == "option"
	})
}

// own is the work of the model itself, and an unbounded part when its list of
// work or of parents is not stated.
func (c *chooser) own() []part {
	if c.e.facts.Operations == nil {
		return []part{newPart("operations", nil)}
	}
	return c.work(c.e.facts.Operations, "operations")
}

func (c *chooser) root() *modelFacts { return c.e.models[c.e.facts.Model] }

// unknownParents is unbounded when the model's parents are not stated.
func (c *chooser) unknownParents() []part {
	if c.e.facts.Parents == nil {
		return []part{newPart("parents", nil)}
	}
	return nil
}
