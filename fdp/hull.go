package fdp

import (
	"maps"
	"math/big"
	"slices"

	"github.com/weighbridge/weighbridge/meter"
)

// Where more is open than can be tried one by one, a number is bounded: low is at
// most the least of all combinations, high at least the greatest, and no best
// value is known. So a verdict may become undetermined, and never wrong. One walk
// suffices, where trying would take two to the power of the open choices.

// perhaps are parts that one combination has and another has not.
func perhaps(parts []part) []part {
	out := make([]part, len(parts))
	for i, p := range parts {
		p = p.doubted()
		p.interval = meter.Interval{High: p.interval.High}
		out[i] = p
	}
	return out
}

// sure is the test of an edge that carries under every combination.
func (e *evaluation) sure(list stated[[]Parent], i int) bool {
	verdict, _ := e.edge(list, i)
	return verdict == Applies
}

// possible is the test of an edge that carries under some combination; it notes
// what is open.
func (c *chooser) possible(list stated[[]Parent], i int) bool {
	verdict, missing := c.e.edge(list, i)
	c.open = append(c.open, missing...)
	return verdict != DoesNotApply
}

// behind is the set of m and the models behind it over edges that carries accepts.
func (e *evaluation) behind(m *modelFacts, carries func(stated[[]Parent], int) bool) map[meter.ModelRef]bool {
	out := map[meter.ModelRef]bool{m.ref: true}
	e.walk(m, carries, func(parent *modelFacts) bool { out[parent.ref] = true; return true })
	return out
}

// boundedAncestors are the ancestors under any combination; the parts of one that
// is carried under some only count in high.
func (c *chooser) boundedAncestors(m *modelFacts) []ancestor {
	certain := c.e.behind(m, c.e.sure)
	var out []ancestor
	c.e.walk(m, c.possible, func(parent *modelFacts) bool {
		parts := c.ownParts(parent)
		if !certain[parent.ref] {
			parts = perhaps(parts)
		}
		out = append(out, ancestor{parent, parts})
		return true
	})
	return out
}

// boundedTotal bounds N.
func (c *chooser) boundedTotal() scenario {
	c.bounding = true
	s := scenario{own: c.own()}
	if c.e.pack.Measure.Quantity == "own" {
		return c.boundedSum(s)
	}
	s.carried = c.unknownParents()
	for _, a := range c.boundedAncestors(c.root()) {
		s.carried = append(s.carried, a.parts...)
	}
	return c.boundedSum(s)
}

func (c *chooser) boundedSum(s scenario) scenario {
	s.added = c.boundedAdditions(c.e.behind(c.root(), c.e.sure), c.e.behind(c.root(), c.possible))
	s.sum, s.err = sum(s.own, s.carried, s.added)
	s.open, c.open = c.open, nil
	return s
}

// boundedSincePublished bounds A of Note 1(b). A model counts when nothing
// published stands on a way to it, itself included.
func (c *chooser) boundedSincePublished() scenario {
	c.bounding = true
	s := scenario{own: c.own(), carried: c.unknownParents()}
	publication := func(m *modelFacts) outcome { return c.e.published(m.publication, m.path+".publication") }
	certain := map[meter.ModelRef]bool{}
	c.e.walk(c.root(), c.e.sure, func(m *modelFacts) bool {
		certain[m.ref] = publication(m).verdict == DoesNotApply
		return certain[m.ref]
	})
	var published []*modelFacts
	c.e.walk(c.root(), c.possible, func(m *modelFacts) bool {
		o := publication(m)
		c.open = append(c.open, o.missing...)
		if o.verdict != DoesNotApply {
			published = append(published, m)
		}
		if o.verdict == Applies {
			return false
		}
		parts := c.ownParts(m)
		if !certain[m.ref] {
			parts = perhaps(parts)
		}
		s.carried = append(s.carried, parts...)
		return true
	})
	s.derived = DoesNotApply
	if len(published) > 0 {
		s.derived = Undetermined
	}
	for ref := range c.e.behind(c.root(), c.e.sure) {
		if m := c.e.models[ref]; ref != c.e.facts.Model && publication(m).verdict == Applies {
			s.derived = Applies
		}
	}
	s.lineageOpen = slices.Clip(c.open)
	s.reference = c.lineages(published, &s)
	return c.boundedSum(s)
}

// boundedGenerator is what a generator may add.
type boundedGenerator struct {
	*generatorTotal
	triggers, secret Verdict
	several          bool // item 4 may be about it
	missing          []Missing
}

// boundedAdditions bounds what Technical Note 3 adds, where the models of certain
// have been counted for sure and those of possible perhaps. At most one training
// is added: that of the only generator that triggers and is secret (item 3), or of
// the largest (item 4). A total after additions can only make less trigger.
func (c *chooser) boundedAdditions(certain, possible map[meter.ModelRef]bool) []part {
	if !c.e.pack.technicalNote3() {
		return c.tableGeneration(maps.Clone(possible))
	}
	if c.e.facts.SyntheticData == nil {
		return []part{newPart("synthetic_data", nil)}
	}
	generators := c.boundedGenerators()
	secret, triggers := 0, false
	for _, g := range generators {
		triggers = triggers || g.triggers != DoesNotApply
		if g.secret != DoesNotApply {
			secret++
		}
	}
	every := secret < 2 || c.reading("tn3_multi_generator_generation_ops") == "every_triggering_generator"
	var out []part
	for _, g := range generators {
		c.open = append(c.open, g.missing...)
		switch {
		case g.triggers == Applies && (every || g.secret == DoesNotApply):
			out = append(out, g.generation...)
		case g.triggers != DoesNotApply:
			out = append(out, perhaps(g.generation)...)
		}
	}
	if triggers {
		out = append(out, perhaps(c.unattributed())...)
	}
	return append(out, boundedTraining(generators, secret > 1, certain, possible)...)
}

// reading returns the reading of an option that is bounded, and notes an open one.
func (c *chooser) reading(name string) string {
	value := c.e.consult(name)
	if value == "" {
		c.open = append(c.open, Missing{Path: "options." + name, Reason: ReasonOption})
	}
	return value
}

func (c *chooser) boundedGenerators() []boundedGenerator {
	limit, _ := c.e.pack.Synthetic.ShareMoreThan.Rat()
	before := c.reading("tn3_share_denominator") == "own_operations"
	var out []boundedGenerator
	together, anyData := new(big.Rat), false
	totals := c.generatorTotals()
	several := len(totals) > 1
	perModel := false
	if several {
		anyData = c.reading("tn3_multi_generator_data") != "unpublished_data_required"
		perModel = c.reading("tn3_multi_generator_share") == "per_model"
	}
	highs := make([]*big.Rat, len(totals))
	for i, t := range totals {
		low, high, missing := c.share(t, true)
		g := boundedGenerator{generatorTotal: t, triggers: Undetermined, secret: t.secret.verdict}
		switch {
		case high.Cmp(limit) <= 0:
			g.triggers = DoesNotApply
		case before && low.Cmp(limit) > 0:
			g.triggers = Applies
		}
		_, highs[i], _ = c.share(t, !anyData)
		together.Add(together, highs[i])
		if g.triggers == Undetermined || several {
			g.missing = append(g.missing, missing...)
		}
		if g.triggers != DoesNotApply || several {
			g.missing = append(g.missing, t.secret.missing...)
		}
		out = append(out, g)
	}
	for i, g := range out {
		passes := highs[i].Cmp(limit) > 0 || !perModel && highs[i].Sign() > 0 && together.Cmp(limit) > 0
		out[i].several = several && g.secret != DoesNotApply && passes
	}
	return out
}

// boundedTraining bounds the one training that is added. A generator that triggers
// and is secret for sure makes it certain that one is added: itself, or another
// with at least as many operations in all.
func boundedTraining(generators []boundedGenerator, several bool, certain, possible map[meter.ModelRef]bool) []part {
	var atLeast meter.Ops
	anchored := false
	totals := make([]meter.Interval, len(generators))
	for i, g := range generators {
		totals[i] = sumOrUnbounded(g.allTraining())
		if g.triggers == Applies && g.secret == Applies {
			anchored = true
			if totals[i].Low.Cmp(atLeast) > 0 {
				atLeast = totals[i].Low
			}
		}
	}
	out := part{path: "synthetic_data"}
	var bounds []run[meter.Interval]
	for i, g := range generators {
		candidate := g.secret != DoesNotApply && (g.triggers != DoesNotApply || several && g.several)
		if !candidate || totals[i].High.Known && totals[i].High.Ops.Cmp(atLeast) < 0 {
			continue
		}
		net := sumOrUnbounded(g.uncounted(certain))
		least := g.trainingPart(possible, atLeast).interval.Low
		net.Low, net.Estimate = least, meter.Bound{}
		if net.High.Known && net.High.Ops.Cmp(least) < 0 {
			net.High = meter.Known(least)
		}
		bounds = append(bounds, run[meter.Interval]{result: net})
		out.missing = append(out.missing, missingOf(g.allTraining())...)
	}
	if len(bounds) == 0 {
		return nil
	}
	out.interval = hull(bounds, func(i meter.Interval) meter.Interval { return i })
	if !anchored {
		return perhaps([]part{out})
	}
	return []part{out}
}

// sumOrUnbounded is a sum, or no upper bound where it passes 2^128-1.
func sumOrUnbounded(parts []part) meter.Interval {
	total, err := sum(parts)
	if err != nil {
		return meter.Unbounded(meter.Ops{})
	}
	return total
}
