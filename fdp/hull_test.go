package fdp

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/provenance"
)

// dice makes small random documents.
type dice struct{ *rand.Rand }

func pickOne[T any](d dice, list ...T) T { return list[d.IntN(len(list))] }

func (d dice) amount() *Amount {
	switch d.IntN(5) {
	case 0:
		return nil
	case 1:
		i := d.number()
		return &Amount{Work: []Work{{Activity: pickOne(d, meter.Pretraining, meter.Rollout, meter.Exploration, meter.Evaluation), Interval: &i, Weights: pickOne(d, "", meter.WeightsDiscarded)}}}
	}
	i := d.number()
	return &Amount{Total: &i}
}

func (d dice) number() meter.Interval {
	return meter.Exact(mustOps(fmt.Sprintf("%de24", 1+d.IntN(60))))
}

func (d dice) parents(depth int, names *int) []Parent {
	if d.IntN(6) == 0 {
		return nil
	}
	out := []Parent{}
	for range d.IntN(4 - depth) {
		*names++
		p := Parent{Model: meter.ModelRef(fmt.Sprintf("org/m%d@1", *names)), Relation: pickOne(d, "", meter.Continues, meter.Merges, meter.DistillsFrom),
			Publication: pickOne(d, "", Published, Restricted, Unpublished, Unpublished), Operations: d.amount()}
		if depth < 2 {
			p.Parents = d.parents(depth+1, names)
		}
		if *names > 2 && d.IntN(5) == 0 { // a model that stands elsewhere
			p = Parent{Model: meter.ModelRef(fmt.Sprintf("org/m%d@1", 1+d.IntN(*names-1))), Relation: p.Relation}
		}
		out = append(out, p)
	}
	return out
}

// document leaves open much that evaluation asks for.
func (d dice) document() Facts {
	names := 0
	own, rollout := d.number(), d.number()
	f := Facts{Model: "acme/root@1", Operations: []Work{{Activity: meter.Pretraining, Interval: &own}, {Activity: meter.Rollout, Interval: &rollout}}, SyntheticData: []Generator{}}
	f.Parents = d.parents(0, &names)
	for range d.IntN(4) {
		names++
		g := Generator{Generator: meter.ModelRef(fmt.Sprintf("org%d/g@1", names)), Share: pickOne[Share](d, "", "0.05", "0.1", "0.2", "0.6"), DataPublished: d.maybe(), WeightsPublished: pickOne(d, "", Published, Restricted, Unpublished, Unpublished),
			GenerationOperations: d.amount(), TrainingOperations: d.amount()}
		if d.IntN(3) == 0 {
			g.Parents = d.parents(1, &names)
		}
		if names > 2 && d.IntN(3) == 0 {
			g.Parents = append(g.Parents, Parent{Model: "org/m1@1", Relation: meter.FineTunes})
		}
		f.SyntheticData = append(f.SyntheticData, g)
	}
	return f
}

func (d dice) maybe() *bool {
	yes := d.IntN(2) == 0
	return pickOne(d, nil, &yes, &yes)
}

// settled states at random what a document leaves open, but numbers.
func (d dice) settled(f Facts) Facts {
	f.Parents = d.settledParents(f.Parents)
	f.SyntheticData = slices.Clone(f.SyntheticData)
	for i := range f.SyntheticData {
		g := &f.SyntheticData[i]
		if g.Share == "" {
			g.Share = pickOne[Share](d, "0", "0.05", "0.1", "0.3", "1")
		}
		for g.DataPublished == nil {
			g.DataPublished = d.maybe()
		}
		if g.WeightsPublished == "" {
			g.WeightsPublished = pickOne(d, Published, Restricted, Unpublished)
		}
		g.Parents = d.settledParents(g.Parents)
	}
	return f
}

func (d dice) settledParents(parents []Parent) []Parent {
	parents = slices.Clone(parents)
	for i := range parents {
		p := &parents[i]
		if p.Relation == "" {
			p.Relation = pickOne(d, meter.Continues, meter.TrainsOnOutput)
		}
		if p.Publication == "" && (p.Operations != nil || p.Parents != nil) {
			p.Publication = pickOne(d, Published, Unpublished)
		}
		p.Parents = d.settledParents(p.Parents)
	}
	return parents
}

func within(inner, outer meter.Interval) bool {
	return inner.Low.Cmp(outer.Low) >= 0 && (!outer.High.Known || inner.High.Known && inner.High.Ops.Cmp(outer.High.Ops) <= 0)
}

// counts are the two numbers of a document and whether it derives from a published
// model, tried one by one or bounded.
func counts(t *testing.T, r *Rules, catalogue *provenance.Catalogue, f Facts, options map[string]string, bounded bool) (total, added meter.Interval, derived Verdict, ok bool) {
	e := newEvaluation(r.packs["us-4e091"], catalogue, f, Question{AsOf: lawCase{}.question(t).AsOf, Options: options})
	e.shared.bounded["operations"], e.shared.bounded["additional_operations"] = bounded, bounded
	total, added = e.quantity("operations").interval, e.quantity("additional_operations").interval
	runs, whole := e.sincePublished()
	return total, added, allDerived(runs), whole && e.shared.bounded["operations"] == bounded && e.shared.bounded["additional_operations"] == bounded
}

// TestBoundsHoldEveryReading: whatever is stated of what was open, and however the
// options are read, the numbers are within the bounds of the open document; and
// where nothing is open the bounds are the numbers.
func TestBoundsHoldEveryReading(t *testing.T) {
	r, catalogue := embeddedForTest(t)
	p := r.packs["us-4e091"]
	d := dice{rand.New(rand.NewPCG(3, 3))}
	tried, open, exact := 0, 0, 0
	for range 1500 {
		f := d.document()
		if f.contradiction() != nil {
			continue
		}
		denominator := pickOne(d, p.option["tn3_share_denominator"].Values...) // has a default: not open
		total, added, derived, ok := counts(t, r, catalogue, f, map[string]string{"tn3_share_denominator": denominator}, true)
		if !ok {
			t.Fatalf("%+v: bounds tried one by one", f)
		}
		for range 4 {
			settled := d.settled(f)
			if settled.contradiction() != nil {
				continue
			}
			options := map[string]string{}
			for _, name := range optionsOfCode {
				options[name] = pickOne(d, p.option[name].Values...)
			}
			options["tn3_share_denominator"] = denominator
			if options["restricted_release_treatment"] == "flag" {
				options["restricted_release_treatment"] = "not_published"
			}
			oneTotal, oneAdded, oneDerived, whole := counts(t, r, catalogue, settled, options, false)
			if !whole {
				continue
			}
			tried++
			if total.High.Known {
				open++
			}
			encoded, _ := settled.Encode()
			if !within(oneTotal, total) || !within(oneAdded, added) || derived != Undetermined && derived != oneDerived {
				before, _ := f.Encode()
				t.Fatalf("bounds %s, %s, %s do not hold %s, %s, %s\nunder %v\n%s\nof %s", intervalText(total), intervalText(added), derived, intervalText(oneTotal), intervalText(oneAdded), oneDerived, options, encoded, before)
			}
			if options["tn3_share_denominator"] != "own_operations" || options["tn3_multi_generator_generation_ops"] == "largest_only" {
				continue
			}
			boundTotal, boundAdded, boundDerived, _ := counts(t, r, catalogue, settled, options, true)
			if !within(oneTotal, boundTotal) || !within(oneAdded, boundAdded) || boundDerived != oneDerived {
				t.Fatalf("bounds %s, %s, %s do not hold %s, %s, %s\nunder %v\n%s", intervalText(boundTotal), intervalText(boundAdded), boundDerived, intervalText(oneTotal), intervalText(oneAdded), oneDerived, options, encoded)
			}
			if boundTotal.Low == oneTotal.Low && boundTotal.High == oneTotal.High && boundAdded.Low == oneAdded.Low && boundAdded.High == oneAdded.High {
				exact++
			}
		}
	}
	t.Logf("%d tried, %d with an upper bound, %d exact", tried, open, exact)
	if tried < 1000 || open < 300 || exact < 300 {
		t.Fatalf("%d tried, %d with an upper bound, %d exact: the test does not try enough", tried, open, exact)
	}
}

// TestWhatIsTooMuchToTryIsBounded: past the combinations that are tried, an answer is
// still given, says so, and is right where the bounds leave no doubt.
func TestWhatIsTooMuchToTryIsBounded(t *testing.T) {
	r, catalogue := embeddedForTest(t)
	for _, s := range shapes() {
		if len(s.facts.Ancestors) > 1000 {
			continue
		}
		got, err := Evaluate(r, catalogue, s.facts, lawCase{}.question(t))
		if err != nil {
			t.Fatalf("%s: %v", s.name, err)
		}
		if d := got[0]; d.Operations.Low.Cmp(mustOps("1e27")) > 0 || d.Findings[0].Verdict == Undetermined && len(d.Missing) == 0 {
			t.Errorf("%s: %s, %s, %d missing", s.name, intervalText(d.Operations), d.Findings[0].Verdict, len(d.Missing))
		}
	}
	small, err := Evaluate(r, catalogue, parentsOfRelation(100, ""), lawCase{}.question(t))
	if err != nil {
		t.Fatal(err)
	}
	d := small[0] // 100 parents of 1e22: at most 1e24, whatever their relations
	if want := "0 to 1.00e24"; intervalText(d.Operations) != want || d.Findings[0].Verdict != DoesNotApply {
		t.Errorf("100 parents without a relation: %s, heading %s; want %s, does-not-apply", intervalText(d.Operations), d.Findings[0].Verdict, want)
	}
	if want := "0 to 1.00e24, from the least to the greatest reading: more is open than is tried one by one (is it >= 1.00e26?)"; !slices.ContainsFunc(d.Findings[0].Trace, func(s Step) bool { return s.Value == want }) {
		t.Errorf("the trace does not say that the number is bounded: %v", d.Findings[0].Trace)
	}
}
