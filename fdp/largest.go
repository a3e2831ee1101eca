package fdp

import "github.com/weighbridge/weighbridge/meter"

// largest returns the generator with the most training operations, and the
// number that it has at least. Where intervals overlap each candidate is tried.
func (c *chooser) largest(several []*generatorTotal) (*generatorTotal, meter.Ops) {
	var most meter.Ops
	totals := make([]meter.Interval, len(several))
	for i, g := range several {
		totals[i], _ = sum(g.allTraining()) // an overflow shows again when it is added
		if totals[i].Low.Cmp(most) > 0 {
			most = totals[i].Low
		}
	}
	var candidates []*generatorTotal
	var missing []Missing
	for i, g := range several {
		if !totals[i].High.Known || totals[i].High.Ops.Cmp(most) >= 0 {
			candidates = append(candidates, g)
			missing = append(missing, missingOf(g.allTraining())...)
		}
	}
	if len(candidates) == 1 {
		return candidates[0], most
	}
	name := "largest of"
	for _, g := range candidates {
		name += " " + g.name
	}
	return candidates[c.pick(name, len(candidates), missing)], most
}

func (g *generatorTotal) allTraining() []part { return g.uncounted(nil) }

// uncounted are the training operations of g that have not been counted.
func (g *generatorTotal) uncounted(counted map[meter.ModelRef]bool) []part {
	var out []part
	for _, ref := range g.refs {
		if !counted[ref] {
			out = append(out, g.training[ref]...)
		}
	}
	return out
}

// trainingPart is the uncounted training of g as one part, when all of its training
// is known to be at least so much.
func (g *generatorTotal) trainingPart(counted map[meter.ModelRef]bool, atLeast meter.Ops) part {
	out := part{path: "synthetic_data", missing: missingOf(g.uncounted(counted))}
	net, err := sum(g.uncounted(counted))
	if err != nil {
		return part{path: "synthetic_data", interval: meter.Unbounded(meter.Ops{}), missing: out.missing}
	}
	out.interval = net
	var overlap []part
	for _, ref := range g.refs {
		if counted[ref] {
			overlap = append(overlap, g.training[ref]...)
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
