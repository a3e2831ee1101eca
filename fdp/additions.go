package fdp

import (
	"math/big"
	"slices"

	"github.com/weighbridge/weighbridge/meter"
)

// additions are the operations that Technical Note 3 adds to base (the model's
// own and carried operations). Models in counted have been counted already: "no
// actual training 'operation' is counted more than once".
func (c *chooser) additions(base []part, counted map[meter.ModelRef]bool) []part {
	if !c.e.pack.technicalNote3() {
		return c.tableGeneration(counted)
	}
	if c.e.facts.SyntheticData == nil {
		return []part{newPart("synthetic_data", nil)}
	}
	generators := c.generatorTotals()
	if len(generators) == 0 {
		return nil
	}
	before := c.technicalNote3(generators, counted, one)
	added := before.additions()
	if len(added) == 0 || c.option("tn3_share_denominator") == "own_operations" {
		return added
	}
	return c.afterAdditions(base, added, before)
}

// technicalNote3 is the note under one denominator of its ten percent.
type technicalNote3 struct {
	c          *chooser
	generators []*generatorTotal
	counted    map[meter.ModelRef]bool
	scale      *big.Rat   // the model's operations before additions over the denominator
	basis      string     // tells the choices made at this scale from those at another
	turns      []*big.Rat // the scales at which a share that was asked for passes the limit
}

func (c *chooser) technicalNote3(generators []*generatorTotal, counted map[meter.ModelRef]bool, scale *big.Rat) *technicalNote3 {
	n := &technicalNote3{c: c, generators: generators, counted: counted, scale: scale}
	if scale.Cmp(one) != 0 {
		n.basis = " at " + scale.RatString()
	}
	return n
}

// additions is the note by its items (facts, 1.4):
//
//  1. a single G whose unpublished data more than ten percent of the operations
//     involve triggers it;
//  2. then the operations that G used to generate the data count;
//  3. and, if G's parameters were not published, those used to train G;
//  4. of several generators with unpublished parameters, only the training
//     operations of the one with the most;
//  5. no training operation twice.
func (n *technicalNote3) additions() []part {
	var triggered, secret []*generatorTotal
	for _, g := range n.generators {
		if n.exceeds(g, true, "share of ") { // item 1
			triggered = append(triggered, g)
		}
	}
	for _, g := range n.generators {
		asked := len(n.generators) > 1 || len(triggered) > 0
		if asked && n.c.truth("parameters of "+g.name, g.secret.verdict, g.secret.missing) {
			secret = append(secret, g)
		}
	}
	several := n.several(secret)
	if len(several) >= 2 {
		return n.item4(triggered, several)
	}
	var out []part
	for _, g := range triggered {
		out = append(out, g.generation...) // item 2
		if slices.Contains(secret, g) {    // item 3
			out = append(out, g.uncounted(n.counted)...)
		}
	}
	if len(triggered) > 0 {
		out = append(out, n.c.unattributed()...)
	}
	return out
}

func (n *technicalNote3) exceeds(g *generatorTotal, unpublishedOnly bool, what string) bool {
	low, high, missing := n.c.share(g, unpublishedOnly)
	return n.moreThanLimit(what+g.name, low, high, missing)
}

// moreThanLimit is the strict test "more than ten percent": exactly ten percent
// does not trigger.
func (n *technicalNote3) moreThanLimit(name string, low, high *big.Rat, missing []Missing) bool {
	limit, _ := n.c.e.pack.Synthetic.ShareMoreThan.Rat()
	for _, share := range []*big.Rat{low, high} {
		if share.Cmp(limit) > 0 {
			n.turns = append(n.turns, new(big.Rat).Quo(limit, share))
		}
	}
	verdict := Undetermined
	switch {
	case new(big.Rat).Mul(low, n.scale).Cmp(limit) > 0:
		verdict = Applies
	case new(big.Rat).Mul(high, n.scale).Cmp(limit) <= 0:
		verdict = DoesNotApply
	}
	return n.c.truth(name+n.basis, verdict, missing)
}

// several are the generators to which item 4 applies, under the readings of its
// two open points.
func (n *technicalNote3) several(secret []*generatorTotal) []*generatorTotal {
	if len(secret) < 2 {
		return nil
	}
	unpublishedOnly := n.c.option("tn3_multi_generator_data") == "unpublished_data_required"
	what := "share of "
	if !unpublishedOnly {
		what = "any data's share of "
	}
	if n.c.option("tn3_multi_generator_share") == "aggregate" {
		return n.together(secret, unpublishedOnly, "aggregate "+what)
	}
	var out []*generatorTotal
	for _, g := range secret {
		if n.exceeds(g, unpublishedOnly, what) {
			out = append(out, g)
		}
	}
	return out
}

// together is the aggregate reading: the generators whose data was used at all,
// when their shares add up to more than ten percent.
func (n *technicalNote3) together(secret []*generatorTotal, unpublishedOnly bool, what string) []*generatorTotal {
	from, to := new(big.Rat), new(big.Rat)
	var missing []Missing
	var used []*generatorTotal
	for _, g := range secret {
		l, h, m := n.c.share(g, unpublishedOnly)
		from.Add(from, l)
		to.Add(to, h)
		missing = append(missing, m...)
		inUse := Undetermined
		switch {
		case l.Sign() > 0:
			inUse = Applies
		case h.Sign() == 0:
			inUse = DoesNotApply
		}
		if n.c.truth("use in "+what+g.name, inUse, m) {
			used = append(used, g)
		}
	}
	if n.moreThanLimit(what, from, to, missing) {
		return used
	}
	return nil
}

// item4 adds the training operations of the largest generator, and generation
// by the reading of tn3_multi_generator_generation_ops.
func (n *technicalNote3) item4(triggered, several []*generatorTotal) []part {
	largest, atLeast := n.c.largest(several)
	out := []part{largest.trainingPart(n.counted, atLeast)}
	every := true
	if len(triggered) > 1 {
		every = n.c.option("tn3_multi_generator_generation_ops") == "every_triggering_generator"
	}
	for _, g := range triggered {
		if every || g == largest || !slices.Contains(several, g) {
			out = append(out, g.generation...)
		}
	}
	return append(out, n.c.unattributed()...)
}
