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
}

// newPart makes a part of a stated number, or of one that is not stated.
func newPart(path string, i *meter.Interval) part {
	if i == nil {
		return part{path, meter.Unbounded(meter.Ops{}), []Missing{{Path: path, Reason: ReasonUnknown}}}
	}
	p := part{path: path, interval: *i}
	if !i.High.Known || i.High.Ops != i.Low {
		p.missing = []Missing{{Path: path, Reason: ReasonRange}}
	}
	return p
}

// open leaves a part in the high total only: the text does not say whether it
// counts.
func (p part) open(path string) part {
	if p.interval == meter.Exact(meter.Ops{}) {
		return p
	}
	p.interval = meter.Interval{Estimate: meter.Known(meter.Ops{}), High: p.interval.High}
	p.missing = append([]Missing{{Path: path, Reason: ReasonOpen}}, p.missing...)
	return p
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
		row := c.e.pack.activity[w.Activity]
		p := newPart(at, w.Interval)
		if w.Interval == nil {
			p = newPart(at+".estimate", nil)
		}
		if !c.counts(row, &p, at) {
			continue
		}
		if w.Weights == meter.WeightsDiscarded && row.Counts != "open" {
			switch c.e.pack.Discarded.Counts {
			case "no":
				continue
			case "open":
				p = p.open(at + ".weights")
			}
		}
		out = append(out, p)
	}
	return out
}

// counts says whether an activity counts; an open one counts in high only.
func (c *chooser) counts(row activityRow, p *part, at string) bool {
	switch row.Counts {
	case "yes":
		return true
	case "option":
		return c.option(row.Option) == row.When
	case "open":
		*p = p.open(at + ".activity")
		return true
	}
	return false
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

// carries says whether entry i of a list of parents carries its operations.
func (c *chooser) carries(list stated[[]Parent], i int) bool {
	verdict, missing := c.e.edge(list, i)
	if verdict != Undetermined {
		return verdict == Applies
	}
	return c.truth(missing[0].Path, Undetermined, missing)
}

// edge applies the relation table.
func (e *evaluation) edge(list stated[[]Parent], i int) (Verdict, []Missing) {
	reason := ReasonUnknown
	if r := list.value[i].Relation; r != "" {
		switch e.pack.relation[r].Carries {
		case "yes":
			return Applies, nil
		case "open":
			reason = ReasonOpen
		default:
			return DoesNotApply, nil
		}
	}
	return Undetermined, []Missing{{Path: fmt.Sprintf("%s[%d].relation", list.path, i), Reason: reason}}
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
	return a != nil && slices.ContainsFunc(a.Work, func(w Work) bool { return e.pack.activity[w.Activity].Counts == "option" })
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
