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
	seen := map[meter.ModelRef]bool{m.ref: true}
	var out []ancestor
	var visit func(m *modelFacts)
	visit = func(m *modelFacts) {
		for i, p := range m.parents.value {
			at := fmt.Sprintf("%s[%d]", m.parents.path, i)
			if seen[p.Model] || !c.carries(p.Relation, at) {
				continue
			}
			seen[p.Model] = true
			parent := c.e.models[p.Model]
			if stop(parent) {
				continue
			}
			out = append(out, ancestor{parent, c.ownParts(parent)})
			visit(parent)
		}
	}
	visit(m)
	return out
}

func nowhere(*modelFacts) bool { return false }

// carries applies the relation table.
func (c *chooser) carries(r meter.Relation, at string) bool {
	if r == "" {
		return c.truth(at+".relation", Undetermined, []Missing{{Path: at + ".relation", Reason: ReasonUnknown}})
	}
	switch c.e.pack.relation[r].Carries {
	case "yes":
		return true
	case "open":
		return c.truth(at+".relation", Undetermined, []Missing{{Path: at + ".relation", Reason: ReasonOpen}})
	}
	return false
}

// ownParts are what one model of the document adds: its number or its work, and
// an unbounded part when its parents are not known but should be.
func (c *chooser) ownParts(m *modelFacts) []part {
	parts := c.amount(m.amount, m.path+".operations")
	if m.parents.path == "" && m.amount.path != "" && m.amount.value.Work != nil {
		parts = append(parts, newPart(m.path+".parents", nil)) // work by activity is the model's own alone
	}
	return parts
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
