package fdp

import (
	"fmt"
	"math/big"
	"slices"

	"github.com/weighbridge/weighbridge/meter"
)

// The one-third test of the EU's modifier: the modification's own compute against
// the original model's (Guidelines, section 3.2). The original is the nearest
// model of another provider behind this one, over relations that carry weights;
// what the same provider put between belongs to the modification, under the
// reading sum_of_modifications.

// aggregationOption says whether successive modifications by one modifier add up.
const aggregationOption = "eu_modifier_aggregation"

// origins are the original models, and the own earlier modifications between.
type origins struct {
	originals []*modelFacts
	between   []*modelFacts
	unknown   []Missing // own earlier models of which it is not stated what they came from
}

// origins walks back from the model. Where the providers or relations are not
// known both ways are tried.
func (c *chooser) origins() origins {
	var out origins
	c.e.walk(c.root(), func(list stated[[]Parent], i int) bool {
		relation := list.value[i].Relation
		if relation == "" {
			at := fmt.Sprintf("%s[%d].relation", list.path, i)
			return c.truth(at, Undetermined, []Missing{{Path: at, Reason: ReasonUnknown}})
		}
		return !teaches(relation)
	}, func(parent *modelFacts) bool {
		list, i := c.e.edgeTo(parent.ref)
		another := c.e.another(list, i)
		if c.truth(fmt.Sprintf("%s[%d].provider", list.path, i), another.verdict, another.missing) {
			out.originals = append(out.originals, parent)
			return false
		}
		out.between = append(out.between, parent)
		if parent.parents.path == "" {
			out.unknown = append(out.unknown, Missing{Path: parent.path + ".parents", Reason: ReasonUnknown})
		}
		return true
	})
	return out
}

// edgeTo is the first entry, in the order of the walk, that names a model.
func (e *evaluation) edgeTo(ref meter.ModelRef) (stated[[]Parent], int) {
	if e.shared.edges == nil {
		e.shared.edges = map[meter.ModelRef]edgePlace{}
		seen := map[meter.ModelRef]bool{}
		e.walk(e.models[e.facts.Model], func(list stated[[]Parent], i int) bool {
			if name := list.value[i].Model; !seen[name] && !teaches(list.value[i].Relation) {
				seen[name] = true
				e.shared.edges[name] = edgePlace{list, i}
			}
			return !teaches(list.value[i].Relation)
		}, func(*modelFacts) bool { return true })
	}
	at := e.shared.edges[ref]
	return at.list, at.i
}

type edgePlace struct {
	list stated[[]Parent]
	i    int
}

// modification is what the modifier spent: on this modification, or on all of its
// own since the original, by the reading of eu_modifier_aggregation.
func (e *evaluation) modification() quantity {
	runs, whole := combinations(e, "modification_operations", func(c *chooser) scenario {
		s := scenario{own: c.own()} // what a model came from is no part of its modification
		if between := c.origins().between; len(between) > 0 && c.option(aggregationOption) == "sum_of_modifications" {
			for _, m := range between {
				s.carried = append(s.carried, c.ownParts(m)...)
			}
		}
		s.added = c.tableGeneration(map[meter.ModelRef]bool{e.facts.Model: true})
		s.sum, s.err = sum(s.own, s.carried, s.added)
		return s
	}, (*chooser).boundedModification)
	return e.counted("modification_operations", runs, whole)
}

// boundedModification bounds it: the own work, and at most all that lies between.
func (c *chooser) boundedModification() scenario {
	c.bounding = true
	s := scenario{own: c.own(), added: c.tableGeneration(map[meter.ModelRef]bool{c.e.facts.Model: true})}
	c.e.walk(c.root(), func(stated[[]Parent], int) bool { return true }, func(m *modelFacts) bool {
		s.carried = append(s.carried, perhaps(c.ownParts(m))...)
		return true
	})
	s.sum, s.err = sum(s.own, s.carried, s.added)
	return s
}

// originalOperations is the training compute of the original model; of several,
// from the least to the most: the text does not say which.
func (e *evaluation) originalOperations() quantity {
	e.counting++
	defer func() { e.counting-- }()
	q := quantity{interval: meter.Unbounded(meter.Ops{})}
	runs, whole := explore(e, func(c *chooser) []scenario {
		var out []scenario
		for _, m := range c.origins().originals {
			s := scenario{own: c.ownParts(m)}
			c.e.walk(m, func(list stated[[]Parent], i int) bool { return !teaches(list.value[i].Relation) }, func(a *modelFacts) bool {
				s.carried = append(s.carried, c.ownParts(a)...)
				return true
			})
			s.sum, s.err = sum(s.own, s.carried)
			out = append(out, s)
		}
		return out
	})
	var all []run[scenario]
	for _, r := range runs {
		for _, s := range r.result {
			if s.err != nil && e.numbers.err == nil {
				e.numbers.err = s.err
			}
			all = append(all, run[scenario]{r.trail, s})
			q.missing = append(q.missing, e.missingOf(slices.Concat(s.own, s.carried))...)
		}
	}
	if len(all) > 0 && whole {
		q.interval = hull(all, func(s scenario) meter.Interval { return s.sum })
		q.decides = e.decisive(all)
		if len(all) > len(runs) { // the readings differ in more than what is open
			q.missing = append(q.missing, Missing{Path: "parents", Reason: ReasonOpen})
		}
	}
	for _, r := range runs {
		for _, ch := range r.trail {
			q.missing = append(q.missing, ch.missing...)
		}
	}
	if len(all) == 0 {
		q.missing = append(q.missing, Missing{Path: "parents", Reason: ReasonUnknown})
	}
	q.missing = uniqueMissing(q.missing)
	row := e.pack.named["original_operations"]
	q.steps = []Step{{"parents", row.Name + ": " + q.text(), e.lowestGrade("parents", len(e.facts.Parents)), row.Cite.Reference}}
	return q
}

// eachOrigin asks a question of every original under every open choice: they agree,
// or the outcome is undetermined.
func (e *evaluation) eachOrigin(cite, text string, ask func(*modelFacts) outcome) outcome {
	if e.facts.Parents == nil {
		return outcome{missing: []Missing{{Path: "parents", Reason: ReasonUnknown}}}
	}
	runs, whole := explore(e, func(c *chooser) outcome {
		found := c.origins()
		switch {
		case len(found.originals) == 0 && len(found.unknown) > 0:
			return outcome{missing: found.unknown}
		case len(found.originals) == 0:
			return outcome{verdict: DoesNotApply}
		}
		var all []outcome
		for _, m := range found.originals {
			all = append(all, ask(m))
		}
		return combine(all, Applies)
	})
	if len(runs) == 0 { // more is open in the lineage than can be tried
		return outcome{missing: []Missing{{Path: "parents", Reason: ReasonOpen}}}
	}
	out := outcome{verdict: runs[0].result.verdict}
	for _, r := range runs {
		if r.result.verdict != out.verdict {
			out.verdict = Undetermined
		}
		out.missing = append(out.missing, r.result.missing...)
	}
	if !whole {
		out.verdict = Undetermined
	}
	if out.verdict == Undetermined {
		for _, r := range runs {
			for _, ch := range r.trail {
				out.missing = append(out.missing, ch.missing...)
			}
		}
		out.missing = uniqueMissing(out.missing)
	} else {
		out.missing = nil
	}
	word := map[Verdict]string{Applies: "yes", DoesNotApply: "no", Undetermined: "cannot be told"}[out.verdict]
	out.steps = []Step{{"parents", text + ": " + word, e.lowestGrade("parents", len(e.facts.Parents)), cite}}
	return out
}

// modifiesAnothers: a model of another provider stands behind this one.
func (e *evaluation) modifiesAnothers(cite string) outcome {
	return e.eachOrigin(cite, "a model of another provider is modified", func(*modelFacts) outcome { return outcome{verdict: Applies} })
}

// originalSystemic: the original has systemic risk.
func (e *evaluation) originalSystemic(cite string) outcome {
	return e.eachOrigin(cite, "the original model has systemic risk", func(m *modelFacts) outcome {
		return e.factOf(m, "systemic_risk")
	})
}

// originalUnknown: the original's compute is not stated and the modifier cannot
// estimate it.
func (e *evaluation) originalUnknown(cite string) outcome {
	return e.eachOrigin(cite, "the original's compute is neither known nor can it be estimated", func(m *modelFacts) outcome {
		if m.amount.path != "" {
			return outcome{verdict: DoesNotApply}
		}
		o := e.factOf(m, "operations_estimable").not()
		if o.verdict != Applies {
			o.missing = append(o.missing, Missing{Path: m.path + ".operations", Reason: ReasonUnknown})
		}
		return o
	})
}

func (e *evaluation) factOf(m *modelFacts, name string) outcome {
	f := m.facts[name]
	if f.path == "" {
		return outcome{missing: []Missing{{Path: m.path + "." + name, Reason: ReasonUnknown}}}
	}
	return outcome{verdict: verdictOf(f.value == "true")}
}

// ratio reads a fraction such as 1/3; the linter refuses what is none.
func ratio(text string) *big.Rat {
	r, ok := new(big.Rat).SetString(text)
	if !ok {
		return new(big.Rat)
	}
	return r
}
