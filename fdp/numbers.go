package fdp

import (
	"fmt"
	"math/big"
	"slices"

	"github.com/weighbridge/weighbridge/meter"
)

// numbers are the quantities of an evaluation, each computed when it is first
// asked for.
type numbers struct {
	derived []run[scenario] // counted since the published ancestors
	whole   bool            // every combination was tried for derived
	memo    map[string]quantity
	tooMany bool  // of some quantity not every combination was tried
	err     error // a sum past 2^128-1
}

// scenario is one count, with every open choice made.
type scenario struct {
	own, carried, added []part
	sum                 meter.Interval
	derived             bool           // a published model is among the ancestors
	reference           meter.Interval // the operations of the published ancestors, the least to the most
	err                 error
}

// quantity is a number with what it rests on.
type quantity struct {
	interval meter.Interval
	steps    []Step
	stated   *meter.Interval // what is stated, where less of it is relied on
	ownOnly  *Step           // proves that the quantity is at least ownLow, alone
	ownLow   meter.Ops
	missing  []Missing
}

// quantity returns a number by its name.
func (e *evaluation) quantity(name string) quantity {
	if q, found := e.numbers.memo[name]; found {
		return q
	}
	var q quantity
	switch name {
	case "operations":
		q = e.totalOperations()
	case "additional_operations":
		q = e.additionalOperations()
	case "moving_number":
		q = e.movingNumber()
	case "published_parent_operations":
		q = e.publishedParents()
	}
	e.numbers.memo[name] = q
	return q
}

// totalOperations is N: the model's own work and that of every model it carries,
// each once (Technical Note 2), and what Technical Note 3 adds.
func (e *evaluation) totalOperations() quantity {
	runs, whole := explore(e, func(c *chooser) scenario {
		s := scenario{own: c.own(), carried: c.unknownParents()}
		counted := map[meter.ModelRef]bool{e.facts.Model: true}
		for _, a := range c.ancestors(c.root(), nowhere) {
			counted[a.model.ref] = true
			s.carried = append(s.carried, a.parts...)
		}
		s.added = c.additions(slices.Concat(s.own, s.carried), counted)
		s.sum, s.err = sum(s.own, s.carried, s.added)
		return s
	})
	return e.counted("operations", runs, whole)
}

// additionalOperations is A of Note 1(b): what was added since the published
// models that this one is derived from.
func (e *evaluation) additionalOperations() quantity {
	runs, whole := e.sincePublished()
	return e.counted("additional_operations", runs, whole)
}

// sincePublished counts without the published ancestors and what lies behind
// them.
func (e *evaluation) sincePublished() ([]run[scenario], bool) {
	if e.numbers.derived != nil {
		return e.numbers.derived, e.numbers.whole
	}
	runs, whole := explore(e, func(c *chooser) scenario {
		s := scenario{own: c.own(), carried: c.unknownParents()}
		var published []*modelFacts
		for _, a := range c.ancestors(c.root(), func(m *modelFacts) bool {
			o := e.published(m.publication, m.path+".publication")
			yes := c.truth("publication of "+string(m.ref), o.verdict, o.missing)
			if yes {
				published = append(published, m)
			}
			return yes
		}) {
			s.carried = append(s.carried, a.parts...)
		}
		counted := map[meter.ModelRef]bool{e.facts.Model: true}
		for _, a := range c.ancestors(c.root(), nowhere) {
			counted[a.model.ref] = true
		}
		s.added = c.additions(slices.Concat(s.own, s.carried), counted)
		s.sum, s.err = sum(s.own, s.carried, s.added)
		s.derived, s.reference = len(published) > 0, c.lineages(published, &s)
		return s
	})
	e.numbers.derived, e.numbers.whole = runs, whole
	return runs, whole
}

// lineages is the interval from the least to the most of the lineages of several
// published models: reading P does not say which.
func (c *chooser) lineages(published []*modelFacts, s *scenario) meter.Interval {
	if len(published) == 0 {
		return meter.Unbounded(meter.Ops{})
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

// counted turns the runs of a count into a quantity with its steps.
func (e *evaluation) counted(name string, runs []run[scenario], whole bool) quantity {
	for _, r := range runs {
		if r.result.err != nil && e.numbers.err == nil {
			e.numbers.err = r.result.err
		}
	}
	q := quantity{interval: hull(runs, func(s scenario) meter.Interval { return s.sum })}
	for _, r := range runs {
		q.missing = append(q.missing, missingOf(slices.Concat(r.result.own, r.result.carried, r.result.added))...)
	}
	if whole {
		q.missing = append(q.missing, pivotal(runs, sameSum)...)
	} else { // more combinations than were tried: nothing is certain
		e.numbers.tooMany = true
		q.interval = meter.Unbounded(meter.Ops{})
		for _, r := range runs {
			for _, c := range r.trail {
				q.missing = append(q.missing, c.missing...)
			}
		}
	}
	q.missing = uniqueMissing(q.missing)
	q.describe(e, name, runs, whole)
	return q
}

func sameSum(a, b []run[scenario]) bool {
	of := func(s scenario) meter.Interval { return s.sum }
	return hull(a, of) == hull(b, of)
}

// describe writes the steps: the number, and the three places it comes from.
func (q *quantity) describe(e *evaluation, name string, runs []run[scenario], whole bool) {
	note2, note3 := e.pack.named["operations"].Cite.Reference, e.pack.Synthetic.Cite.Reference
	side := func(of func(scenario) []part) meter.Interval {
		return hull(runs, func(s scenario) meter.Interval { i, _ := sum(of(s)); return i })
	}
	own := side(func(s scenario) []part { return s.own })
	carried := side(func(s scenario) []part { return s.carried })
	added := side(func(s scenario) []part { return s.added })
	lowest := e.lowestGrade("operations", len(e.facts.Operations))
	if e.facts.Parents != nil {
		parents := e.lowestGrade("parents", len(e.facts.Parents))
		q.steps = append(q.steps, Step{"parents", carriedText(carried, runs, name), parents, note2})
		if len(e.facts.Parents) > 0 {
			lowest = meter.LowestGrade(lowest, parents)
		}
	}
	if e.facts.SyntheticData != nil {
		generators := e.lowestGrade("synthetic_data", len(e.facts.SyntheticData))
		q.steps = append(q.steps, Step{"synthetic_data", addedText(added, len(e.facts.SyntheticData)), generators, note3})
		if len(e.facts.SyntheticData) > 0 {
			lowest = meter.LowestGrade(lowest, generators)
		}
	}
	number := intervalText(q.interval)
	if name != "operations" {
		q.steps = append([]Step{{"operations", "own work " + intervalText(own), lowest, note2}}, q.steps...)
		number = e.pack.named[name].Name + ": " + number
	}
	q.steps = append([]Step{{"operations", number, lowest, e.pack.named[name].Cite.Reference}}, q.steps...)
	if whole {
		q.ownLow = own.Low
		q.ownOnly = &Step{"operations", "own work " + intervalText(own), e.lowestGrade("operations", len(e.facts.Operations)), note2}
	}
}

func carriedText(i meter.Interval, runs []run[scenario], name string) string {
	n := 0
	for _, r := range runs {
		n = max(n, len(r.result.carried))
	}
	switch {
	case n == 0 && name == "operations":
		return "carry nothing in"
	case n == 0:
		return "add nothing since the published one"
	}
	return "carry in " + intervalText(i)
}

func addedText(i meter.Interval, generators int) string {
	if generators == 0 {
		return "none"
	}
	return "adds " + intervalText(i)
}

// lowestGrade is the grade of a list: the lowest in it. An empty list has that
// of its own path.
func (e *evaluation) lowestGrade(list string, n int) meter.Grade {
	lowest := meter.Grade("")
	for i := range n {
		lowest = meter.LowestGrade(lowest, e.facts.gradeBelow(fmt.Sprintf("%s[%d]", list, i)))
	}
	if lowest == "" {
		lowest = e.facts.grade(list)
	}
	return lowest
}

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
		if r.result.derived {
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

// intervalText prints bounds for people so that no two different numbers look the same:
// short where that is exact, in full otherwise.
func intervalText(i meter.Interval) string {
	if i.High.Known && i.High.Ops == i.Low {
		return opsText(i.Low)
	}
	if !i.High.Known {
		return "at least " + opsText(i.Low) + ", no upper bound"
	}
	return opsText(i.Low) + " to " + opsText(i.High.Ops)
}

func opsText(o meter.Ops) string {
	if short, err := meter.ParseOps(o.Short()); err == nil && short == o {
		return o.Short()
	}
	return o.String()
}

// ratBound is one end of an interval; nil is without end.
func ratBound(o meter.Ops) *big.Rat { return new(big.Rat).SetInt(o.Big()) }
