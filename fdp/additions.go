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
	if c.e.facts.SyntheticData == nil {
		return []part{newPart("synthetic_data", nil)}
	}
	sources := c.sources3()
	if len(sources) == 0 {
		return nil
	}
	added := c.note3(sources, counted, one, one, "")
	if c.option("tn3_share_denominator") == "own_operations" {
		return added
	}
	low, high := scale(base, added)
	return c.note3(sources, counted, low, high, " after additions")
}

// scale is base / (base + added), as an interval: it grows with base and falls
// with what is added.
func scale(base, added []part) (low, high *big.Rat) {
	b, err := sum(base)
	if err != nil {
		return new(big.Rat), one
	}
	a, err := sum(added)
	if err != nil {
		return new(big.Rat), one
	}
	ratio := func(base meter.Bound, added meter.Bound) *big.Rat {
		switch {
		case !added.Known:
			return new(big.Rat)
		case !base.Known || base.Ops.IsZero() && added.Ops.IsZero():
			return one
		}
		return new(big.Rat).SetFrac(base.Ops.Big(), new(big.Int).Add(base.Ops.Big(), added.Ops.Big()))
	}
	return ratio(meter.Known(b.Low), a.High), ratio(b.High, meter.Known(a.Low))
}

// note3 is Technical Note 3, by its items (facts, 1.4):
//
//  1. a single G whose unpublished data more than ten percent of the operations
//     involve triggers it;
//  2. then the operations that G used to generate the data count;
//  3. and, if G's parameters were not published, those used to train G;
//  4. of several generators with unpublished parameters, only the training
//     operations of the one with the most;
//  5. no training operation twice.
func (c *chooser) note3(sources []*source3, counted map[meter.ModelRef]bool, low, high *big.Rat, basis string) []part {
	var triggered, secret []*source3
	exceeds := func(s *source3, unpublishedOnly bool, what string) bool {
		from, to, missing := c.share(s, unpublishedOnly)
		return c.exceeds(what+s.name+basis, from.Mul(from, low), to.Mul(to, high), missing)
	}
	for _, s := range sources {
		if exceeds(s, true, "share of ") { // item 1
			triggered = append(triggered, s)
		}
	}
	for _, s := range sources {
		asked := len(sources) > 1 || len(triggered) > 0
		if asked && c.truth("parameters of "+s.name, s.secret.verdict, s.secret.missing) {
			secret = append(secret, s)
		}
	}
	several := c.several(secret, exceeds, low, high, basis)
	if len(several) >= 2 {
		return c.item4(triggered, several, counted)
	}
	var out []part
	for _, s := range triggered {
		out = append(out, s.generation...) // item 2
		if slices.Contains(secret, s) {    // item 3
			out = append(out, s.uncounted(counted)...)
		}
	}
	if len(triggered) > 0 {
		out = append(out, c.unattributed()...)
	}
	return out
}

// several are the generators to which item 4 applies, under the readings of its
// two open points.
func (c *chooser) several(secret []*source3, exceeds func(*source3, bool, string) bool, low, high *big.Rat, basis string) []*source3 {
	if len(secret) < 2 {
		return nil
	}
	unpublishedOnly := c.option("tn3_multi_generator_data") == "unpublished_data_required"
	what := "share of "
	if !unpublishedOnly {
		what = "any data's share of "
	}
	if c.option("tn3_multi_generator_share") == "aggregate" {
		return c.together(secret, unpublishedOnly, low, high, "aggregate "+what+basis)
	}
	var out []*source3
	for _, s := range secret {
		if exceeds(s, unpublishedOnly, what) {
			out = append(out, s)
		}
	}
	return out
}

// together is the aggregate reading: the generators whose data was used at all,
// when their shares add up to more than ten percent.
func (c *chooser) together(secret []*source3, unpublishedOnly bool, low, high *big.Rat, what string) []*source3 {
	from, to := new(big.Rat), new(big.Rat)
	var missing []Missing
	var used []*source3
	for _, s := range secret {
		l, h, m := c.share(s, unpublishedOnly)
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
		if c.truth("use in "+what+s.name, inUse, m) {
			used = append(used, s)
		}
	}
	if c.exceeds(what, from.Mul(from, low), to.Mul(to, high), missing) {
		return used
	}
	return nil
}

// item4 adds the training operations of the largest generator, and generation
// by the reading of tn3_multi_generator_generation_ops.
func (c *chooser) item4(triggered, several []*source3, counted map[meter.ModelRef]bool) []part {
	largest, atLeast := c.largest(several)
	out := []part{largest.training3(counted, atLeast)}
	every := true
	if len(triggered) > 1 {
		every = c.option("tn3_multi_generator_generation_ops") == "every_triggering_generator"
	}
	for _, s := range triggered {
		if every || s == largest || !slices.Contains(several, s) {
			out = append(out, s.generation...)
		}
	}
	return append(out, c.unattributed()...)
}

// largest returns the generator with the most training operations, and the
// number that it has at least. Where intervals overlap each candidate is tried.
func (c *chooser) largest(several []*source3) (*source3, meter.Ops) {
	var most meter.Ops
	totals := make([]meter.Interval, len(several))
	for i, s := range several {
		totals[i], _ = sum(s.allTraining()) // an overflow shows again when it is added
		if totals[i].Low.Cmp(most) > 0 {
			most = totals[i].Low
		}
	}
	var candidates []*source3
	var missing []Missing
	for i, s := range several {
		if !totals[i].High.Known || totals[i].High.Ops.Cmp(most) >= 0 {
			candidates = append(candidates, s)
			missing = append(missing, missingOf(s.allTraining())...)
		}
	}
	if len(candidates) == 1 {
		return candidates[0], most
	}
	name := "largest of"
	for _, s := range candidates {
		name += " " + s.name
	}
	return candidates[c.pick(name, len(candidates), missing)], most
}

func (s *source3) allTraining() []part { return s.uncounted(nil) }

// uncounted are the training operations of s that have not been counted.
func (s *source3) uncounted(counted map[meter.ModelRef]bool) []part {
	var out []part
	for _, ref := range s.refs {
		if !counted[ref] {
			out = append(out, s.training[ref]...)
		}
	}
	return out
}

// training3 is the uncounted training of s as one part, when all of its training
// is known to be at least so much.
func (s *source3) training3(counted map[meter.ModelRef]bool, atLeast meter.Ops) part {
	out := part{path: "synthetic_data", missing: missingOf(s.uncounted(counted))}
	net, err := sum(s.uncounted(counted))
	if err != nil {
		return part{"synthetic_data", meter.Unbounded(meter.Ops{}), out.missing}
	}
	out.interval = net
	var overlap []part
	for _, ref := range s.refs {
		if counted[ref] {
			overlap = append(overlap, s.training[ref]...)
		}
	}
	shared, err := sum(overlap)
	if err != nil || !shared.High.Known {
		return out
	}
	least, err := atLeast.Sub(shared.High.Ops)
	if err == nil && least.Cmp(net.Low) > 0 {
		out.interval.Low = least
		if net.Estimate.Known && net.Estimate.Ops.Cmp(least) < 0 {
			out.interval.Estimate = meter.Bound{}
		}
		if net.High.Known && net.High.Ops.Cmp(least) < 0 {
			out.interval.High = meter.Known(least)
		}
	}
	return out
}
