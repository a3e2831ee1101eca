package fdp

import (
	"slices"

	"github.com/weighbridge/weighbridge/meter"
)

// Limits on the combinations of open choices that are tried one by one. Past any
// of them a number is bounded instead (hull.go), which is wider and never wrong.
const (
	maxRuns  = 64      // combinations of one number
	maxOpen  = 12      // open choices in one combination
	maxTotal = 100_000 // combinations times models of the document
)

// chooser lets counting be written for settled facts and settled readings, and
// runs it once for every combination of those that are not settled.
type chooser struct {
	e     *evaluation
	trail []choice
	at    int
	full  bool // more choices than maxOpen: this run and all others are void

	bounding bool      // what belongs to one model or generator is bounded, not chosen
	open     []Missing // what was bounded
}

type choice struct {
	name    string
	n       int
	value   int
	missing []Missing
}

// pick returns one of n values; the same name has the same value within a run.
func (c *chooser) pick(name string, n int, missing []Missing) int {
	for _, before := range c.trail[:c.at] {
		if before.name == name {
			return before.value
		}
	}
	if c.at == len(c.trail) {
		if c.at == maxOpen {
			c.full = true
			return 0
		}
		c.trail = append(c.trail, choice{name: name, n: n, missing: missing})
	}
	c.at++
	return c.trail[c.at-1].value
}

// truth returns a verdict as yes or no; an undetermined one is tried both ways.
func (c *chooser) truth(name string, v Verdict, missing []Missing) bool {
	if v != Undetermined {
		return v == Applies
	}
	return c.pick(name, 2, missing) == 1
}

// option returns the reading of an option: the one chosen, its default, or each
// in turn.
func (c *chooser) option(name string) string {
	if value := c.e.consult(name); value != "" {
		return value
	}
	values := c.e.pack.option[name].Values
	return values[c.pick("options."+name, len(values), []Missing{{Path: "options." + name, Reason: ReasonOption}})]
}

// next moves to the next combination, and reports false after the last.
func (c *chooser) next() bool {
	c.at = 0
	for len(c.trail) > 0 {
		last := &c.trail[len(c.trail)-1]
		if last.value++; last.value < last.n {
			return true
		}
		c.trail = c.trail[:len(c.trail)-1]
	}
	return false
}

// run is one combination of choices and what came of it.
type run[T any] struct {
	trail  []choice
	result T
}

// explore calls count for every combination; it reports false when there are
// too many.
func explore[T any](e *evaluation, count func(*chooser) T) ([]run[T], bool) {
	c := &chooser{e: e}
	var runs []run[T]
	limit := min(maxRuns, max(2, maxTotal/(1+len(e.models))))
	for {
		result := count(c)
		if c.full {
			return runs, false
		}
		runs = append(runs, run[T]{slices.Clone(c.trail), result})
		if !c.next() {
			return runs, true
		}
		if len(runs) == limit {
			return runs, false
		}
	}
}

// hull is the interval that holds the intervals of all runs. The estimate is
// known when all runs agree on it.
func hull[T any](runs []run[T], of func(T) meter.Interval) meter.Interval {
	out := of(runs[0].result)
	for _, r := range runs[1:] {
		i := of(r.result)
		if i.Low.Cmp(out.Low) < 0 {
			out.Low = i.Low
		}
		if i.Estimate != out.Estimate {
			out.Estimate = meter.Bound{}
		}
		switch {
		case !i.High.Known:
			out.High = meter.Bound{}
		case out.High.Known && i.High.Ops.Cmp(out.High.Ops) > 0:
			out.High = i.High
		}
	}
	return out
}

// pivotal returns the missing facts of the choices on which the result depends:
// two values of one choice lead to different results.
func pivotal[T any](runs []run[T], same func(a, b []run[T]) bool) []Missing {
	var out []Missing
	var names []string
	for _, r := range runs {
		for _, c := range r.trail {
			if slices.Contains(names, c.name) {
				continue
			}
			names = append(names, c.name)
			if depends(runs, c.name, same) {
				out = append(out, c.missing...)
			}
		}
	}
	return out
}

// depends groups the runs by the value that a choice had in them; those in which it
// did not come up are in no group. How many values it has may differ from run to run:
// another reading of an option can leave more candidates open.
func depends[T any](runs []run[T], name string, same func(a, b []run[T]) bool) bool {
	var groups [][]run[T]
	for _, r := range runs {
		for _, taken := range r.trail {
			if taken.name != name {
				continue
			}
			for len(groups) <= taken.value {
				groups = append(groups, nil)
			}
			groups[taken.value] = append(groups[taken.value], r)
		}
	}
	var first []run[T]
	for _, g := range groups {
		switch {
		case len(g) == 0:
		case first == nil:
			first = g
		case !same(first, g):
			return true
		}
	}
	return false
}
