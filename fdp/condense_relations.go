package fdp

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/weighbridge/weighbridge/meter"
)

// Whether an ancestor counts depends on the relations on the ways to it alone: a
// counting table says of each relation whether it carries. For every set of
// relations that may carry, an ancestor is either reached or not; two that are
// reached under the same sets count under the same tables, whatever those are. So
// the lines of work of both may be added up, and stand as one model at the end of
// the shortest such ways.

const (
	carriers = 7 // relations that may carry: all but those that teach
	sets     = 1 << carriers
)

// label is the place of a relation among those that may carry; stage is an edge from
// a model to an earlier version of its own org/name that it continues.
type label uint8

const stage label = carriers

// carrying are the relations that may carry, in the order of their labels.
func carrying() []meter.Relation {
	return slices.DeleteFunc(meter.Relations(), teaches)
}

// label notes the edges. Those that teach are not asked for: with them nothing is put
// together.
func (c *condensed) label(walked meter.Lineage) {
	places := map[meter.Relation]label{}
	for i, relation := range carrying() {
		places[relation] = label(i)
	}
	c.edges, c.labels = walked.Edges, make([]label, len(walked.Edges))
	for i := range c.edges {
		e := &c.edges[i]
		c.labels[i] = places[e.Parent.Relation]
		if e.Parent.Relation == meter.Continues && family(e.Model) == family(e.Parent.Model) {
			c.labels[i], c.staged = stage, true
		}
	}
}

// reach is a set of sets of relations: bit S stands for the set whose members are
// the bits of S. With a set its supersets are in it.
type reach [sets / 64]uint64

func (r *reach) add(set int)      { r[set/64] |= 1 << (set % 64) }
func (r *reach) has(set int) bool { return r[set/64]>>(set%64)&1 == 1 }

// least are the sets in r of which no smaller one is in r. A part of a set is a
// smaller number than the set.
func (r *reach) least() []int {
	var out []int
	for set := range sets {
		if r.has(set) && !slices.ContainsFunc(out, func(s int) bool { return s&set == s }) {
			out = append(out, set)
		}
	}
	return out
}

// class is a number of ancestors that no counting table tells apart.
type class struct {
	reach reach
	known bool // something is recorded of them
}

// byRelations writes the lineage down by the relations on the ways to each model, or
// reports that a sum passes 2^128-1, or that this would not make it shorter. Stages
// that always carry are no relation on the way.
func (c *condensed) byRelations(stages bool) (Facts, bool) {
	byClass := map[class]*sums{}
	var last class
	var into *sums
	for i, r := range c.reached(stages) {
		if i == 0 {
			continue
		}
		if of := (class{r, c.models[i].known}); into == nil || of != last {
			if byClass[of] == nil {
				byClass[of] = &sums{}
			}
			last, into = of, byClass[of]
		}
		if !into.add(&c.models[i]) {
			return Facts{}, false
		}
	}
	f := c.own()
	for _, of := range sortedClasses(byClass) {
		f.Parents = append(f.Parents, c.entries(of, len(f.Parents), *byClass[of])...)
	}
	return f, c.shorter(f)
}

// reached works out the reach of every model, parents after all their children.
func (c *condensed) reached(stages bool) []reach {
	out := make([]reach, len(c.models))
	for set := range sets {
		out[0].add(set)
	}
	with := withLabels(stages)
	c.descend(func(i int) {
		from, to, word := &out[c.edges[i].From], &out[c.edges[i].To], &with[c.labels[i]]
		for k := range word {
			to[k] |= from[k] & word[k]
		}
	})
	return out
}

// descend visits the edges, those to a model before those from it.
func (c *condensed) descend(visit func(edge int)) {
	children, begins := make([]int, len(c.models)), make([]int, len(c.models)+1)
	for i := range c.edges {
		children[c.edges[i].To]++
		begins[c.edges[i].From+1]++
	}
	for i := range c.models {
		begins[i+1] += begins[i]
	}
	from, next := make([]int, len(c.edges)), slices.Clone(begins)
	for i := range c.edges {
		from[next[c.edges[i].From]] = i
		next[c.edges[i].From]++
	}
	for ready := []int{0}; len(ready) > 0; {
		model := ready[len(ready)-1]
		ready = ready[:len(ready)-1]
		for _, i := range from[begins[model]:begins[model+1]] {
			visit(i)
			if to := c.edges[i].To; children[to] == 1 {
				ready = append(ready, to)
			} else {
				children[to]--
			}
		}
	}
}

// withLabels are, by label, the sets under which an edge carries.
func withLabels(stages bool) [carriers + 1]reach {
	var out [carriers + 1]reach
	for set := range sets {
		for l := range label(carriers) {
			if set>>l&1 == 1 {
				out[l].add(set)
			}
		}
		if stages {
			out[stage].add(set)
		}
	}
	if !stages {
		out[stage] = out[slices.Index(carrying(), meter.Continues)]
	}
	return out
}

func sortedClasses(sums map[class]*sums) []class {
	var out []class
	for of := range sums {
		out = append(out, of)
	}
	slices.SortFunc(out, func(a, b class) int {
		return cmp.Or(slices.Compare(a.reach[:], b.reach[:]), cmp.Compare(fmt.Sprint(a.known), fmt.Sprint(b.known)))
	})
	return out
}

// entries are a class as parents of the root: one model at the end of each of its
// least sets of relations, through models of no work. One that stages alone reach is
// an earlier version of the root.
func (c *condensed) entries(of class, n int, work sums) []Parent {
	name := func(part string) meter.ModelRef { return meter.ModelRef(fmt.Sprintf("put-together/%s@%d", part, n)) }
	end := Parent{Model: name("class")}
	if of.reach.has(0) {
		end.Model, end.Relation = c.version(n), meter.Continues
	}
	if of.known {
		end.Operations, end.Parents = work.amount(), []Parent{}
	}
	var out []Parent
	relations := carrying()
	for i, set := range of.reach.least() {
		next := end
		if i > 0 {
			next = Parent{Model: end.Model} // it stands in full above
		}
		step := 0
		for r, relation := range relations {
			if set>>r&1 == 0 {
				continue
			}
			if step++; step > 1 {
				next = Parent{Model: name(fmt.Sprintf("way-%d-%d", i, step)), Operations: &Amount{Work: []Work{}}, Parents: []Parent{next}}
			}
			next.Relation = relation
		}
		out = append(out, next)
	}
	return out
}

// version is a name in the root's family that no model has.
func (c *condensed) version(n int) meter.ModelRef {
	return meter.ModelRef(fmt.Sprintf("%s@put together %d", family(c.root), n))
}

// shorter: of no relation f has more entries than the lineage. Where a table leaves
// an entry open it is tried both ways, and more of them could not all be tried.
func (c *condensed) shorter(f Facts) bool {
	left := map[meter.Relation]int{}
	for i := range c.edges {
		left[c.edges[i].Parent.Relation]++
	}
	var take func([]Parent)
	take = func(parents []Parent) {
		for _, p := range parents {
			left[p.Relation]--
			take(p.Parents)
		}
	}
	take(f.Parents)
	for _, n := range left {
		if n < 0 {
			return false
		}
	}
	return true
}
