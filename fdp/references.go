package fdp

import (
	"fmt"
	"slices"

	"github.com/weighbridge/weighbridge/meter"
)

// movingNumber is F of Note 2. Without evidence the number that is stated is not
// relied on: F is at most what is claimed. The steps show what is stated.
func (e *evaluation) movingNumber() quantity {
	number, evidence := e.value("most_advanced_published.operations"), e.value("most_advanced_published.evidence")
	cite := e.pack.named["moving_number"].Cite.Reference
	stated := e.facts.MostAdvanced.Operations
	q := quantity{interval: meter.Unbounded(meter.Ops{}), stated: stated}
	if !number.known {
		q.missing = []Missing{{Path: number.path, Reason: ReasonUnknown}}
		return q
	}
	q.interval = *stated
	q.steps = slices.Concat(number.step(cite), evidence.step(cite))
	if !stated.High.Known || stated.High.Ops != stated.Low {
		q.missing = append(q.missing, Missing{Path: number.path, Reason: ReasonRange})
	}
	if !evidence.known || evidence.values[0] == "none" {
		q.interval.Low = meter.Ops{}
		q.missing = append(q.missing, Missing{Path: "most_advanced_published.evidence", Reason: ReasonEvidence})
	}
	return q
}

// publishedParents is R of reading P: the operations of the published parent.
func (e *evaluation) publishedParents() quantity {
	runs, whole := e.sincePublished()
	q := quantity{interval: meter.Unbounded(meter.Ops{})}
	var derived []run[scenario]
	for _, r := range runs {
		if r.result.derived != DoesNotApply {
			derived = append(derived, r)
		}
	}
	if len(derived) > 0 && whole {
		q.interval = hull(derived, func(s scenario) meter.Interval { return s.reference })
	}
	if !q.interval.High.Known || q.interval.High.Ops != q.interval.Low {
		q.missing = []Missing{{Path: e.publishedPath(), Reason: ReasonUnknown}}
	}
	row := e.pack.named["published_parent_operations"]
	q.steps = []Step{{"parents", row.Name + ": " + intervalText(q.interval), e.lowestGrade("parents", len(e.facts.Parents)), row.Cite.Reference}}
	return q
}

// publishedPath names the operations of the first parent that may be published.
func (e *evaluation) publishedPath() string {
	for i, p := range e.facts.Parents {
		if p.Publication != Unpublished {
			return fmt.Sprintf("parents[%d].operations", i)
		}
	}
	return "parents"
}

// maxReference bounds published ancestors times models: past it the lineages of
// the published ones are not added up one by one.
const maxReference = 5000

// lineages is the interval from the least to the most of the lineages of several
// published models: reading P does not say which.
func (c *chooser) lineages(published []*modelFacts, s *scenario) meter.Interval {
	if len(published) == 0 {
		return meter.Unbounded(meter.Ops{})
	}
	if c.bounding && len(published) > 1 || len(published)*len(c.e.models) > maxReference && len(published) > 1 {
		return c.leastToAll(published)
	}
	var all []run[meter.Interval]
	for _, m := range published {
		parts := c.ownParts(m)
		for _, a := range c.ancestors(m, nowhere) {
			parts = append(parts, a.parts...)
		}
		total, err := sum(parts)
		if err != nil {
			s.err = err
		}
		all = append(all, run[meter.Interval]{result: total})
	}
	return hull(all, func(i meter.Interval) meter.Interval { return i })
}

// leastToAll bounds lineages that are too many to add up one by one: from the
// least of the models themselves to all lineages together.
func (c *chooser) leastToAll(published []*modelFacts) meter.Interval {
	var own []run[meter.Interval]
	together := &modelFacts{}
	for _, m := range published {
		own = append(own, run[meter.Interval]{result: sumOrUnbounded(c.ownParts(m))})
		together.parents.value = append(together.parents.value, Parent{Model: m.ref, Relation: meter.Continues})
	}
	out := hull(own, func(i meter.Interval) meter.Interval { return i })
	var all []part
	c.e.walk(together, func(list stated[[]Parent], i int) bool {
		verdict, _ := c.e.edge(list, i)
		return list.path == "" || verdict != DoesNotApply
	}, func(m *modelFacts) bool {
		all = append(all, c.ownParts(m)...)
		return true
	})
	out.Estimate, out.High = meter.Bound{}, sumOrUnbounded(all).High
	return out
}
