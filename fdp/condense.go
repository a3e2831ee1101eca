package fdp

import (
	"slices"

	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/provenance"
)

// condensed is a lineage read once and put together: ancestors that no counting
// table can tell apart are one entry, whatever the tables are, so that a lineage of
// 100 000 models is a document of a few entries under every regime. What counts it is
// what counts every other document.
type condensed struct {
	root   meter.ModelRef
	lookup func(meter.ModelRef) ([]meter.Record, bool)

	models []ancestorWork // in the order of the walk; the first is the root
	edges  []meter.Edge
	labels []label // of the edges
	inUse  digests // discarded weights that count as kept

	generators bool // some are named, whose data asks for more than sums
	staged     bool // a model continues an earlier version of the same org/name
}

// ancestorWork is what counting asks of a model. Nothing at all may be known of it.
type ancestorWork struct {
	known, begun bool
	sums         []workSum
}

// condense reads the lineage of root: every model of it once, as [FromLineage] does,
// with the same errors.
func condense(root meter.ModelRef, records func(meter.ModelRef) ([]meter.Record, bool)) (*condensed, error) {
	c := &condensed{root: root, lookup: records}
	var points startingPoints
	discarded := map[int][]meter.Record{} // of models with weights that may be in use
	walked, err := meter.Walk(root, func(m meter.ModelRef) (meter.Node, bool) {
		found, known := records(m)
		if points.add(found) {
			discarded[len(c.models)] = found
		}
		c.generators = c.generators || namesGenerator(found)
		c.models = append(c.models, ancestorWork{known, Begun(found), sumWork(found)})
		return meter.Node{Parents: parentsOf(found)}, known
	})
	if err != nil {
		return nil, err
	}
	if !c.models[0].known {
		return nil, unrecorded(root)
	}
	c.inUse = points.inUse()
	for i, found := range discarded {
		c.models[i].sums = sumWork(c.inUse.kept(found))
	}
	c.label(walked)
	return c, nil
}

// positions is [Positions] of what [FromLineage] makes of the lineage. Where Evaluate
// would give bounds only because of how many entries there are, this may be narrower;
// it is never wider. Its errors are those of the two.
func (c *condensed) positions(r *Rules, catalogue *provenance.Catalogue, q Question) ([]Position, error) {
	if err := q.Validate(r); err != nil {
		return nil, err
	}
	regimes := q.regimes(r)
	asked := map[putTogether][]string{}
	for _, regime := range regimes {
		how := c.how(r.packs[regime])
		asked[how] = append(asked[how], regime)
	}
	var out []Position
	for how, these := range asked {
		facts, some, err := c.facts(how)
		if err != nil {
			return nil, err
		}
		if !some {
			continue
		}
		q.Regimes = these
		found, err := positions(r, catalogue, facts, q)
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
	}
	slices.SortFunc(out, func(a, b Position) int { return slices.Index(regimes, a.Regime) - slices.Index(regimes, b.Regime) })
	return append([]Position{}, out...), nil
}

// putTogether is a way to write a lineage down.
type putTogether int

const (
	oneByOne    putTogether = iota // as FromLineage does: a table may tell each from the others
	byRelations                    // by the relations on the ways to them
	byStages                       // the same, where stages of one training always carry
	byOriginals                    // by the originals that they stand behind
)

// how is the shortest way that a regime cannot tell from the lineage one by one.
func (c *condensed) how(p *pack) putTogether {
	switch {
	case c.generators:
		return oneByOne
	case !p.weighs() || p.Threshold.Quantity == "operations":
		switch {
		case !c.staged || !p.asksProvider():
			return byRelations
		case p.relation[meter.Continues].Carries == "yes":
			return byStages
		}
	case p.sharesOriginal():
		return byOriginals
	}
	return oneByOne
}

// asksProvider reports whether a relation has another cell for another provider's
// model, which the names of models may tell (SPEC.md, F16).
func (p *pack) asksProvider() bool {
	return slices.ContainsFunc(p.Relations, func(r relationRow) bool { return r.Another != nil })
}

// facts is the lineage written down, or false where it has no position. What cannot be
// put together stands one by one.
func (c *condensed) facts(how putTogether) (f Facts, some bool, err error) {
	short := false
	switch how {
	case byRelations, byStages:
		f, short = c.byRelations(how == byStages)
	case byOriginals:
		if len(c.originals()) > maxOpen { // more than can be tried: the share is of a number that is not known
			return Facts{}, false, nil
		}
		f, short = c.byOriginals()
	}
	if !short {
		f, err = FromLineage(c.root, c.lookup)
	}
	return f, true, err
}

// own is the facts document with the root's own work alone.
func (c *condensed) own() Facts {
	return Facts{Model: c.root, Operations: c.models[0].lines(), Parents: []Parent{}, SyntheticData: []Generator{}}
}

func (m *ancestorWork) lines() []Work {
	out := linesOf(m.sums)
	if !m.begun {
		out = append(out, unrecordedBeginning())
	}
	return out
}

// sums are the lines of work of several models in one. Where the estimate decides, a
// line that has none goes by its bounds: it stands apart.
type sums []classSum

type classSum struct {
	workKey
	estimated  bool
	operations meter.Interval
}

// add adds a model's work, or reports that a sum passes 2^128-1.
func (s *sums) add(m *ancestorWork) bool {
	for i := range m.sums {
		if !s.addOne(m.sums[i].workKey, m.sums[i].operations) {
			return false
		}
	}
	if m.known && !m.begun {
		line := unrecordedBeginning()
		return s.addOne(workKey{activity: line.Activity, weights: line.Weights}, *line.Interval)
	}
	return true
}

func (s *sums) addOne(key workKey, operations meter.Interval) bool {
	for i := range *s {
		have := &(*s)[i]
		if have.workKey != key || have.estimated != operations.Estimate.Known {
			continue
		}
		total, err := have.operations.Add(operations)
		have.operations = total
		return err == nil
	}
	*s = append(*s, classSum{key, operations.Estimate.Known, operations})
	return true
}

func (s sums) amount() *Amount {
	out := &Amount{Work: []Work{}}
	for _, sum := range s {
		out.Work = append(out.Work, linesOf([]workSum{{workKey: sum.workKey, operations: sum.operations}})...)
	}
	return out
}
