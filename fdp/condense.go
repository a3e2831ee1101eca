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

// classWork is what lines of one sum share. Where the estimate decides, a line that
// has none goes by its bounds.
type classWork struct {
	workKey
	estimated bool
}

// condensedLineage returns facts that count as those of [FromLineage] do in every
// sum over the lineage, or false where the lineage cannot be put together: where
// generators are named, whose data asks for more than sums, where a sum passes
// 2^128-1, or where that would not make it shorter. It also says whether a model of it
// continues an earlier version of the same org/name: names of its own do not show that.
func condensedLineage(root meter.ModelRef, records func(meter.ModelRef) ([]meter.Record, bool)) (f Facts, condensed, staged bool, err error) {
	l := &lineage{lookup: records, records: map[meter.ModelRef][]meter.Record{}, grades: map[string]meter.Grade{}}
	if err := l.read(root); err != nil {
		return Facts{}, false, false, err
	}
	for _, m := range l.order {
		if len(l.namedBy(m)) > 0 {
			return Facts{}, false, false, nil
		}
	}
	l.keepStartingPoints()
	own := l.work(root, "operations")
	sums := map[class]map[classWork]meter.Interval{}
	for m, r := range l.reached(root) {
		if m == root {
			continue
		}
		found, known := l.records[m]
		of := class{*r, known}
		if sums[of] == nil {
			sums[of] = map[classWork]meter.Interval{}
		}
		if known && !addLines(sums[of], l.linesOf(m, found)) {
			return Facts{}, false, false, nil
		}
	}
	f = Facts{Model: root, Operations: own, Parents: []Parent{}, SyntheticData: []Generator{}}
	for _, of := range sortedClasses(sums) {
		f.Parents = append(f.Parents, of.entries(len(f.Parents), sums[of])...)
	}
	staged = slices.ContainsFunc(l.edges, func(e meter.Edge) bool {
		return e.Parent.Relation == meter.Continues && family(e.Model) == family(e.Parent.Model)
	})
	return f, l.shorter(f), staged, nil
}

// shorter: of no relation f has more entries than the lineage. Where a table leaves
// an entry open it is tried both ways, and more of them could not all be tried.
func (l *lineage) shorter(f Facts) bool {
	left := map[meter.Relation]int{}
	for _, e := range l.edges {
		left[e.Parent.Relation]++
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

// reached works out the reach of every model, parents after all their children.
func (l *lineage) reached(root meter.ModelRef) map[meter.ModelRef]*reach {
	children, behind := map[meter.ModelRef]int{}, map[meter.ModelRef][]meter.Parent{}
	for _, e := range l.edges {
		children[e.Parent.Model]++
		behind[e.Model] = append(behind[e.Model], e.Parent)
	}
	out := map[meter.ModelRef]*reach{root: {}}
	for set := range sets {
		out[root].add(set)
	}
	with := withRelations()
	for ready := []meter.ModelRef{root}; len(ready) > 0; ready = ready[1:] {
		from := out[ready[0]]
		for _, p := range behind[ready[0]] {
			to := out[p.Model]
			if to == nil {
				to = &reach{}
				out[p.Model] = to
			}
			for i, word := range with[p.Relation] {
				to[i] |= from[i] & word
			}
			if children[p.Model]--; children[p.Model] == 0 {
				ready = append(ready, p.Model)
			}
		}
	}
	return out
}

// carrying are the relations that may carry, in the order of their bits.
func carrying() []meter.Relation {
	return slices.DeleteFunc(meter.Relations(), teaches)
}

// withRelations are, by relation, the sets that hold it.
func withRelations() map[meter.Relation]reach {
	out := map[meter.Relation]reach{}
	for i, relation := range carrying() {
		var r reach
		for set := range sets {
			if set>>i&1 == 1 {
				r.add(set)
			}
		}
		out[relation] = r
	}
	return out
}

// linesOf is a model's work; of one record, as most models have, it is that record.
func (l *lineage) linesOf(m meter.ModelRef, records []meter.Record) []Work {
	if len(records) != 1 || !begun(records) {
		return l.work(m, "")
	}
	r := records[0]
	return []Work{{Activity: r.Activity, Interval: &r.Operations, Weights: r.Weights, DataPublished: r.DataPublished}}
}

// addLines adds lines of work, or reports that a sum passes 2^128-1.
func addLines(sums map[classWork]meter.Interval, lines []Work) bool {
	for _, w := range lines {
		key := classWork{workKey{w.Activity, w.Weights, w.Generator, yesNo(w.DataPublished)}, w.Interval.Estimate.Known}
		have, found := sums[key]
		if !found {
			have = meter.Exact(meter.Ops{})
		}
		total, err := have.Add(*w.Interval)
		if err != nil {
			return false
		}
		sums[key] = total
	}
	return true
}

func sortedClasses(sums map[class]map[classWork]meter.Interval) []class {
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
// least sets of relations, through models of no work.
func (of class) entries(n int, sums map[classWork]meter.Interval) []Parent {
	name := func(part string) meter.ModelRef { return meter.ModelRef(fmt.Sprintf("put-together/%s@%d", part, n)) }
	end := Parent{Model: name("class")}
	if of.known {
		end.Operations, end.Parents = &Amount{Work: classLines(sums)}, []Parent{}
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

func classLines(sums map[classWork]meter.Interval) []Work {
	out := []Work{}
	for _, a := range meter.Activities() {
		for key, total := range sums {
			if key.activity == a {
				out = append(out, Work{Activity: a, Interval: &total, Weights: key.weights, DataPublished: ofYesNo(key.published)})
			}
		}
	}
	return out
}
