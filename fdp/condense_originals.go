package fdp

import (
	"slices"

	"github.com/weighbridge/weighbridge/meter"
)

// A share of the original's operations asks who provided each model. Of a ledger's
// models that is open, but for stages of one training: each model that no stage leads
// to may be an original, or the provider's own. Between those few and the root, all
// that lies behind the same of them counts together: it is one model, a stage behind
// each of them.

// sharesOriginal reports whether the threshold is a share of the original's
// operations, and the quantity what the modifier spent.
func (p *pack) sharesOriginal() bool {
	t := p.Threshold
	return t.Quantity == "modification_operations" && t.Value == "" && len(t.HighestOf) > 0 &&
		!slices.ContainsFunc(t.HighestOf, func(b bound) bool { return b.Of != "original_operations" })
}

// originals are the models that may be one, in the order of the walk: those that the
// first entry to name them does not make a stage.
func (c *condensed) originals() []int {
	named := make([]bool, len(c.models))
	var out []int
	for i := range c.edges {
		if to := c.edges[i].To; !named[to] {
			named[to] = true
			if c.labels[i] != stage {
				out = append(out, to)
			}
		}
	}
	return out
}

// behind is a set of the root (bit 0) and of originals (bit 1 and on).
type behind uint16

// byOriginals writes the lineage down by the originals that each model stands behind,
// or reports that a sum passes 2^128-1. There are at most maxOpen of them.
func (c *condensed) byOriginals() (Facts, bool) {
	heads := append([]int{0}, c.originals()...)
	bit := make([]behind, len(c.models))
	for i, model := range heads {
		bit[model] = 1 << i
	}
	directly := make([]behind, len(c.models)) // through no other head
	c.descend(func(i int) {
		from := c.edges[i].From
		if bit[from] != 0 {
			directly[c.edges[i].To] |= bit[from]
		} else {
			directly[c.edges[i].To] |= directly[from]
		}
	})
	list := entryList{root: c, heads: heads}
	for i, model := range heads[1:] {
		one := sums{}
		if !one.add(&c.models[model]) {
			return Facts{}, false
		}
		list.add(meter.FineTunes, directly[model], c.models[model].known, one, i+1)
	}
	type apart struct {
		behind behind
		known  bool
	}
	classes, order := map[apart]*sums{}, []apart{}
	for i := range c.models {
		if bit[i] != 0 {
			continue
		}
		of := apart{directly[i], c.models[i].known}
		if classes[of] == nil {
			classes[of], order = &sums{}, append(order, of)
		}
		if !classes[of].add(&c.models[i]) {
			return Facts{}, false
		}
	}
	for _, of := range order {
		list.add(meter.Continues, of.behind, of.known, *classes[of], len(heads)+len(list.ancestors))
	}
	return list.facts(), true
}

// entryList is a document in the making: what stands in full, and whose parents each
// is.
type entryList struct {
	root      *condensed
	heads     []int
	ancestors []Parent
	parents   [maxOpen + 1][]Parent // of the root and of the originals
}

// add adds a model behind the heads. All are versions of one family, so that one that
// is continued is a stage and one that is fine-tuned is not.
func (l *entryList) add(relation meter.Relation, of behind, known bool, work sums, n int) {
	entry := Parent{Model: l.root.version(n)}
	for i := range l.heads {
		if of>>i&1 == 1 {
			l.parents[i] = append(l.parents[i], Parent{Model: entry.Model, Relation: relation})
		}
	}
	if known {
		entry.Operations, entry.Parents = work.amount(), []Parent{}
	}
	l.ancestors = append(l.ancestors, entry)
}

func (l *entryList) facts() Facts {
	f := l.root.own()
	f.Parents, f.Ancestors = append(f.Parents, l.parents[0]...), l.ancestors
	for i := range l.heads[1:] {
		if l.ancestors[i].Parents != nil {
			f.Ancestors[i].Parents = append(f.Ancestors[i].Parents, l.parents[i+1]...)
		}
	}
	return f
}
