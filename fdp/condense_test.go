package fdp

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"github.com/weighbridge/weighbridge/meter"
)

// randomLineage is a ledger of n models, each with parents among the later ones:
// every relation, every activity, discarded weights that others started from,
// numbers without an estimate or a bound, ancestors that nobody recorded.
func randomLineage(rng *rand.Rand, n int, relations []meter.Relation) func(meter.ModelRef) ([]meter.Record, bool) {
	name := func(i int) meter.ModelRef { return meter.ModelRef(fmt.Sprintf("org-%d/m%d@%d", i%3, i%3, i)) } // a few families
	weights := func(i int) string { return fmt.Sprintf("sha256:%064x", i) }
	records := map[meter.ModelRef][]meter.Record{}
	for i := range n {
		if i > 0 && rng.IntN(12) == 0 {
			continue // nothing is known of it
		}
		for range 1 + rng.IntN(2) {
			r := meter.Record{Schema: meter.RecordSchema, Model: name(i), Run: "r", Weights: meter.WeightsKept, Method: meter.Declared, Grade: meter.GradeDeclared, Outcome: meter.Finished,
				Activity: meter.Activities()[rng.IntN(18)], Operations: randomInterval(rng), Output: weights(i)}
			if rng.IntN(3) == 0 {
				r.Activity = meter.Pretraining
			}
			if rng.IntN(4) == 0 {
				r.Weights = meter.WeightsDiscarded
			}
			if rng.IntN(9) == 0 {
				r.Outcome, r.Operations = meter.NeverStarted, meter.Exact(meter.Ops{})
			}
			for range rng.IntN(3) {
				if parent := i + 1 + rng.IntN(4); parent <= n {
					p := meter.Parent{Model: name(parent), Relation: relations[rng.IntN(len(relations))]}
					if rng.IntN(3) == 0 {
						p.Input = weights(parent)
					}
					r.Parents = append(r.Parents, p)
				}
			}
			records[name(i)] = append(records[name(i)], r)
		}
	}
	return func(m meter.ModelRef) ([]meter.Record, bool) { found, known := records[m]; return found, known }
}

func randomInterval(rng *rand.Rand) meter.Interval {
	low := mustOps(fmt.Sprintf("%de%d", 1+rng.IntN(99), 22+rng.IntN(3)))
	high, _ := low.Add(low)
	switch rng.IntN(8) {
	case 0:
		return meter.Interval{Low: low, High: meter.Known(high)}
	case 1:
		return meter.Interval{Low: low, Estimate: meter.Known(low), High: meter.Known(high)}
	case 2:
		return meter.Unbounded(low)
	}
	return meter.Exact(low)
}

// Ancestors that were put together count as they do one by one, under every
// regime and reading, for lineages of every shape.
func TestPutTogetherCountsTheSame(t *testing.T) {
	r, catalogue := embeddedForTest(t)
	rng := rand.New(rand.NewPCG(3, 4))
	compared, put := 0, 0
	for i := range 300 {
		relations := carrying()[i%5 : i%5+1+i%3]
		if i%10 == 0 {
			relations = meter.Relations() // with generators, which are not put together
		}
		records := randomLineage(rng, 1+rng.IntN(24), relations)
		q := Question{AsOf: time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC), Options: randomReadings(rng, r)}
		facts, err := FromLineage("org-0/m0@0", records)
		if err != nil {
			t.Fatal(err)
		}
		want, err := Positions(r, catalogue, facts, q)
		if err != nil {
			t.Fatal(err)
		}
		got, err := PositionsOf(r, catalogue, "org-0/m0@0", records, q)
		if err != nil || !sameOrNarrower(got, want) {
			data, _ := facts.Encode()
			t.Fatalf("%v: put together\n%+v\none by one\n%+v\nreadings %v of %s", err, got, want, q.Options, data)
		}
		compared += len(want)
		if c, err := condense("org-0/m0@0", records); err != nil {
			t.Fatal(err)
		} else if _, ok := c.byRelations(false); ok && !c.generators {
			put++
		}
	}
	if compared == 0 || put < 100 {
		t.Errorf("%d positions were compared, %d lineages put together", compared, put)
	}
}

// sameOrNarrower: the positions are equal. Where one by one more is open than can be
// tried, as the regimes leave it that ask who the provider is, those put together may
// know an estimate or a closer bound.
func sameOrNarrower(got, want []Position) bool {
	for i := range min(len(got), len(want)) {
		g, w := got[i], want[i]
		if reflect.DeepEqual(g, w) {
			continue
		}
		inside := g.Low.Cmp(w.Low) >= 0 && (!w.High.Known || g.High.Known && g.High.Ops.Cmp(w.High.Ops) <= 0) && (!w.Estimate.Known || g.Estimate == w.Estimate)
		if g.Regime == "us-4e091" || g.Regime != w.Regime || !inside {
			return false
		}
	}
	return len(got) == len(want)
}

// randomReadings chooses about half of the options of all regimes.
func randomReadings(rng *rand.Rand, r *Rules) map[string]string {
	out := map[string]string{}
	for _, name := range sortedKeys(r.packs) {
		for _, o := range r.packs[name].Options {
			if _, set := out[o.Name]; !set && rng.IntN(2) == 0 {
				out[o.Name] = o.Values[rng.IntN(len(o.Values))]
			}
		}
	}
	return out
}

// A long lineage is a document of a few entries, whatever its shape.
func TestPutTogetherIsShort(t *testing.T) {
	for name, parents := range map[string]func(i int) []int{
		"chain":   func(i int) []int { return []int{i + 1} },
		"diamond": func(i int) []int { return []int{i + 1, i + 2} },
		"wide": func(i int) []int {
			if i > 0 {
				return nil
			}
			all := make([]int, 1999)
			for k := range all {
				all[k] = k + 1
			}
			return all
		},
	} {
		const n = 2000
		records := func(m meter.ModelRef) ([]meter.Record, bool) {
			var i int
			fmt.Sscanf(string(m), "acme/m@%d", &i)
			r := work(m, meter.Pretraining, "1e20")
			for _, p := range parents(i) {
				if p < n {
					r.Parents = append(r.Parents, meter.Parent{Model: meter.ModelRef(fmt.Sprintf("acme/m@%d", p)), Relation: carrying()[p%carriers]})
				}
			}
			return []meter.Record{r}, true
		}
		c, err := condense("acme/m@0", records)
		if err != nil {
			t.Fatal(err)
		}
		f, ok := c.byRelations(false)
		if !ok || len(f.Parents) > 200 {
			t.Errorf("%s: %d entries, %v", name, len(f.Parents), ok)
		}
	}
}
