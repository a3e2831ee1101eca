package fdp

import (
	"fmt"
	"maps"
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
	since   map[string]outcome // derivedFromPublished, by citation
	asked   map[string]bool    // the options that counting asked for
	err     error              // a sum past 2^128-1
}

func newNumbers() *numbers {
	return &numbers{memo: map[string]quantity{}, since: map[string]outcome{}, asked: map[string]bool{}}
}

// clone is for an evaluation under another reading of an option that counting did
// not ask for: what was counted stands, what is counted from here on does not.
func (n *numbers) clone() *numbers {
	out := *n
	out.memo, out.since, out.asked = maps.Clone(n.memo), maps.Clone(n.since), maps.Clone(n.asked)
	return &out
}

// scenario is one count, with every open choice made.
type scenario struct {
	own, carried, added []part
	sum                 meter.Interval
	derived             Verdict        // a published model is among the ancestors
	reference           meter.Interval // the operations of the published ancestors, the least to the most
	err                 error

	bounded           bool      // over all combinations of what is open
	open, lineageOpen []Missing // with bounded: what is open, and what of it in the lineage
}

// quantity is a number with what it rests on.
type quantity struct {
	interval meter.Interval
	steps    []Step
	decides  *meter.Interval // what decides, where that is not the interval
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
	case "modification_operations":
		q = e.modification()
	case "original_operations":
		q = e.originalOperations()
	case "revenue_usd":
		q = e.revenue()
	}
	e.numbers.memo[name] = q
	return q
}

// decisive is the interval that decides.
func (q quantity) decisive() meter.Interval {
	if q.decides != nil {
		return *q.decides
	}
	return q.interval
}

// text is the number for people, and which part of it decides.
func (q quantity) text() string {
	switch {
	case q.decides == nil || *q.decides == q.interval:
		return intervalText(q.interval)
	case q.decides.High.Known && q.decides.High.Ops == q.decides.Low:
		return fmt.Sprintf("%s, the estimate of %s", opsText(q.decides.Low), intervalText(q.interval))
	}
	return fmt.Sprintf("%s by the estimates, of %s", intervalText(*q.decides), intervalText(q.interval))
}

// revenue is the developer's, in US dollars a year.
func (e *evaluation) revenue() quantity {
	v := e.value("developer.revenue_usd")
	q := quantity{interval: meter.Unbounded(meter.Ops{}), missing: v.unknown().missing}
	if v.known {
		q.interval, q.missing = meter.Exact(*e.facts.Developer.RevenueUSD), nil
	}
	q.steps = v.step(e.pack.named["revenue_usd"].Cite.Reference)
	return q
}

// totalOperations is N: the model's own work and that of every model it carries,
// each once (Technical Note 2), and what Technical Note 3 adds.
func (e *evaluation) totalOperations() quantity {
	runs, whole := combinations(e, "operations", func(c *chooser) scenario {
		s, counted := scenario{own: c.own()}, map[meter.ModelRef]bool{e.facts.Model: true}
		if e.pack.Measure.Quantity == "own" {
			s.added = c.additions(s.own, counted)
			s.sum, s.err = sum(s.own, s.added)
			return s
		}
		s.carried = c.unknownParents()
		for _, a := range c.ancestors(c.root(), nowhere) {
			counted[a.model.ref] = true
			s.carried = append(s.carried, a.parts...)
		}
		s.added = c.additions(slices.Concat(s.own, s.carried), counted)
		s.sum, s.err = sum(s.own, s.carried, s.added)
		return s
	}, (*chooser).boundedTotal)
	return e.counted("operations", runs, whole)
}

// combinations tries every combination of what is open, or bounds what cannot be
// tried one by one. It reports false when even the readings of options that a
// counting table names are too many.
func combinations(e *evaluation, name string, count, bound func(*chooser) scenario) ([]run[scenario], bool) {
	e.counting++
	defer func() { e.counting-- }()
	if !e.shared.bounded[name] { // another reading of one option does not make them few
		if runs, whole := explore(e, count); whole {
			return runs, true
		}
		e.shared.bounded[name] = true
	}
	runs, whole := explore(e, bound)
	if len(runs) == 0 { // options of a table past maxOpen: nothing is known
		runs = []run[scenario]{{result: scenario{sum: meter.Unbounded(meter.Ops{})}}}
	}
	for i := range runs {
		runs[i].result.bounded = true
	}
	return runs, whole
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
	runs, whole := combinations(e, "additional_operations", func(c *chooser) scenario {
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
		s.derived, s.reference = verdictOf(len(published) > 0), c.lineages(published, &s)
		return s
	}, (*chooser).boundedSincePublished)
	e.numbers.derived, e.numbers.whole = runs, whole
	return runs, whole
}

// counted turns the runs of a count into a quantity with its steps.
func (e *evaluation) counted(name string, runs []run[scenario], whole bool) quantity {
	for _, r := range runs {
		if r.result.err != nil && e.numbers.err == nil {
			e.numbers.err = r.result.err
		}
	}
	q := quantity{interval: hull(runs, func(s scenario) meter.Interval { return s.sum }), decides: e.decisive(runs)}
	for _, r := range runs {
		q.missing = append(q.missing, e.missingOf(slices.Concat(r.result.own, r.result.carried, r.result.added))...)
		q.missing = append(q.missing, r.result.open...)
	}
	if whole {
		q.missing = append(q.missing, pivotal(runs, sameSum)...)
	} else { // more combinations than were tried: nothing is certain
		q.interval, q.decides = meter.Unbounded(meter.Ops{}), nil
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
	note2, note3 := e.pack.named["operations"].Cite.Reference, e.pack.generationCite()
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
	number := q.text()
	if runs[0].result.bounded {
		number += ", from the least to the greatest reading: more is open than is tried one by one"
	}
	if name != "operations" {
		q.steps = append([]Step{{"operations", "own work " + intervalText(own), lowest, note2}}, q.steps...)
		number = e.pack.named[name].Name + ": " + number
	}
	q.steps = append([]Step{{"operations", number, lowest, e.pack.named[name].Cite.Reference}}, q.steps...)
	if whole && !e.pack.ownByOriginal() {
		alone := quantity{interval: own}
		if q.decides != nil {
			estimates := hull(runs, func(s scenario) meter.Interval { return decisiveSum(s.own) })
			alone.decides = &estimates
		}
		q.ownLow = alone.decisive().Low
		q.ownOnly = &Step{"operations", "own work " + alone.text(), e.lowestGrade("operations", len(e.facts.Operations)), note2}
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
	case n == 0 && name == "modification_operations":
		return "add no earlier modification"
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
// of its own path. Of ancestors that stand in a list of their own it is not told
// who descends from them: their grades go into both lists.
func (e *evaluation) lowestGrade(list string, n int) meter.Grade {
	if known, found := e.shared.lowest[list]; found {
		return known
	}
	lowest := e.facts.lowestIn(list, n)
	if lowest == "" {
		lowest = e.facts.grade(list)
	} else if n := len(e.facts.Ancestors); n > 0 && list != "operations" {
		lowest = meter.LowestGrade(lowest, e.facts.lowestIn("ancestors", n))
	}
	e.shared.lowest[list] = lowest
	return lowest
}

// intervalText prints bounds for people so that no two different numbers look the same:
// short where that is exact, in full otherwise.
func intervalText(i meter.Interval) string { return boundsText(i, opsText) }

func boundsText(i meter.Interval, number func(meter.Ops) string) string {
	if i.High.Known && i.High.Ops == i.Low {
		return number(i.Low)
	}
	if !i.High.Known {
		return "at least " + number(i.Low) + ", no upper bound"
	}
	return number(i.Low) + " to " + number(i.High.Ops)
}

func opsText(o meter.Ops) string {
	if short, err := meter.ParseOps(o.Short()); err == nil && short == o {
		return o.Short()
	}
	return o.String()
}

// ratBound is one end of an interval; nil is without end.
func ratBound(o meter.Ops) *big.Rat { return new(big.Rat).SetInt(o.Big()) }
