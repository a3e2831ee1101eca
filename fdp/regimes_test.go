package fdp

import (
	"bytes"
	"encoding/json"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/weighbridge/weighbridge/meter"
)

// TestFieldsThatARegimeDoesNotHave (D9): they are left out, and what is left reads back.
func TestFieldsThatARegimeDoesNotHave(t *testing.T) {
	r, catalogue := embeddedForTest(t)
	got, err := Evaluate(r, catalogue, Facts{}, Question{AsOf: time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC)})
	if err != nil || len(got) != len(r.Regimes()) || len(got) < 11 {
		t.Fatalf("%d determinations: %v", len(got), err)
	}
	export := []string{"subject_to_ear", "licence"}
	weighed := []string{"operations", "threshold", "margin", "near", "notification"}
	for _, d := range got {
		encoded, err := d.Encode()
		if err != nil {
			t.Fatal(err)
		}
		var fields map[string]json.RawMessage
		if err := json.Unmarshal(encoded, &fields); err != nil {
			t.Fatal(err)
		}
		for _, f := range export {
			if _, there := fields[f]; there != (d.Regime == "us-4e091") {
				t.Errorf("%s: %s is there: %v", d.Regime, f, there)
			}
		}
		for _, f := range weighed {
			if _, there := fields[f]; there != (d.Regime != "us-744-2025") {
				t.Errorf("%s: %s is there: %v", d.Regime, f, there)
			}
		}
		back, err := ParseDetermination(encoded)
		if err != nil {
			t.Fatalf("%s: %v", d.Regime, err)
		}
		if again, err := back.Encode(); err != nil || !bytes.Equal(again, encoded) {
			t.Errorf("%s reads back as %s, %v", d.Regime, again, err)
		}
	}
}

// TestFigures (R7): half up, on the digits of the exact number.
func TestFigures(t *testing.T) {
	for _, c := range []struct {
		number  string
		figures int
		want    string
	}{
		{"1e25", 2, "1.0e25"}, {"10000000000000000000000001", 2, "1.0e25"}, {"9999999999999999999999999", 2, "1.0e25"}, {"1.25e25", 2, "1.3e25"},
		{"1.24999e25", 2, "1.2e25"}, {"7.524e22", 2, "7.5e22"}, {"9.96e22", 2, "1.0e23"}, {"7", 2, "7.0e0"}, {"95", 1, "1e2"}, {"12345", 3, "1.23e4"},
		{"9.99e24", 0, "10^24"}, {"1e25", 0, "10^25"}, {"0", 2, "0"},
	} {
		if got := figure(meter.Known(mustOps(c.number)), c.figures); got != c.want {
			t.Errorf("%s to %d figures is %s, want %s", c.number, c.figures, got, c.want)
		}
	}
	if got := figure(meter.Bound{}, 2); got != "" {
		t.Errorf("no estimate is %q", got)
	}
}

// TestTheThirdIsExact: more than a third, for every small original and modification;
// the threshold rounded down decides as the fraction does.
func TestTheThirdIsExact(t *testing.T) {
	r, catalogue := embeddedForTest(t)
	today := lawCase{}.question(t).AsOf
	no := false
	for original := range uint64(40) {
		for modification := range uint64(16) {
			own, whole := meter.Exact(meter.NewOps(modification)), meter.Exact(meter.NewOps(original))
			f := Facts{Model: "a/m@1", Operations: []Work{{Activity: meter.FineTuning, Interval: &own}}, SyntheticData: []Generator{},
				Parents: []Parent{{Model: "o/b@1", Relation: meter.FineTunes, Provider: "other", SystemicRisk: &no, Operations: &Amount{Total: &whole}}}}
			d, err := Evaluate(r, catalogue, f, Question{AsOf: today, Regimes: []string{"eu-modifier"}})
			if err != nil {
				t.Fatal(err)
			}
			if want := verdictOf(3*modification > original); d[0].Controlled != want {
				t.Fatalf("%d of %d: %s, want %s", modification, original, d[0].Controlled, want)
			}
			if limit, _ := d[0].Threshold.Value.Uint64(); (modification > limit) != (3*modification > original) {
				t.Fatalf("%d of %d: the threshold is %d", modification, original, limit)
			}
		}
	}
}

// TestEveryRegimesTextIsWhole: a reader finds every clause, a row for every activity
// and relation, and for every option the places that it covers or why there are none.
func TestEveryRegimesTextIsWhole(t *testing.T) {
	r, _ := embeddedForTest(t)
	on := lawCase{}.question(t).AsOf
	ambiguous := map[string]bool{}
	for _, regime := range r.Regimes() {
		text, found := r.Text(regime, on)
		if !found || len(text.Clauses) != len(r.Clauses(regime)) || len(text.Standing) == 0 || len(text.Sources) == 0 {
			t.Fatalf("%s: %d clauses", regime, len(text.Clauses))
		}
		if text.Threshold != "" && (len(text.Counting) != len(meter.Activities())+1 || len(text.Relations) != len(meter.Relations()) || len(text.Duties) == 0) {
			t.Errorf("%s: %d rows, %d relations, %d duties", regime, len(text.Counting), len(text.Relations), len(text.Duties))
		}
		for _, o := range text.Options {
			if ambiguous[o.Name] = true; len(o.Covers) == 0 && o.Note == "" {
				t.Errorf("%s: option %s covers nothing and has no note", regime, o.Name)
			}
		}
		open := 0
		for _, c := range slices.Concat(text.Counting, text.Relations) {
			if c.Open {
				open++
			}
		}
		t.Logf("%s: %d clauses, %d options, %d cells open without an option", regime, len(text.Clauses), len(text.Options), open)
	}
	t.Logf("%d options in all: %v", len(ambiguous), slices.Sorted(maps.Keys(ambiguous)))
	if _, found := r.Text("none", on); found {
		t.Error("a regime that is not there has a text")
	}
}

// TestBoundsHoldInEveryRegime: whatever is stated of what was open, and however the
// options are read, the number that is compared, and what decides of it, is within the
// bounds of the open document, tried one by one or bounded in one walk.
func TestBoundsHoldInEveryRegime(t *testing.T) {
	r, catalogue := embeddedForTest(t)
	d := dice{rand.New(rand.NewPCG(5, 5))}
	tried := 0
	for range 250 {
		f := d.documentOfAll()
		if f.contradiction() != nil {
			continue
		}
		for _, regime := range r.Regimes() {
			p := r.packs[regime]
			if !p.weighs() || regime == "us-4e091" { // TestBoundsHoldEveryReading
				continue
			}
			name := p.Threshold.Quantity
			of := func(f Facts, options map[string]string, bounded bool) quantity {
				e := newEvaluation(p, catalogue, f, Question{AsOf: lawCase{}.question(t).AsOf, Options: options})
				e.shared.bounded[name] = bounded
				return e.quantity(name)
			}
			open, bounded := of(f, nil, false), of(f, nil, true)
			for range 3 {
				settled := d.settleAll(d.settled(f))
				if settled.contradiction() != nil {
					continue
				}
				options := map[string]string{}
				for _, o := range p.Options {
					if o.Default == "" {
						options[o.Name] = pickOne(d, o.Values...)
					}
				}
				one := of(settled, options, false)
				tried++
				for _, wide := range []quantity{open, bounded} {
					if !within(one.interval, wide.interval) || !within(one.decisive(), wide.decisive()) {
						before, _ := f.Encode()
						after, _ := settled.Encode()
						t.Fatalf("%s: %s, %s do not hold %s, %s under %v\n%s\nof %s", regime, intervalText(wide.interval), intervalText(wide.decisive()),
							intervalText(one.interval), intervalText(one.decisive()), options, after, before)
					}
				}
			}
		}
	}
	if t.Logf("%d tried", tried); tried < 3000 {
		t.Fatalf("%d tried: too few", tried)
	}
}

// documentOfAll leaves open what the other regimes ask for too.
func (d dice) documentOfAll() Facts {
	f := d.document()
	for _, a := range []meter.Activity{meter.SyntheticData, meter.TeacherInference, meter.DataProcessing, meter.Quantization, meter.Evaluation, meter.FineTuning} {
		if d.IntN(2) == 0 {
			i := d.number()
			w := Work{Activity: a, Interval: &i, Weights: pickOne(d, "", meter.WeightsDiscarded)}
			if generating(a) {
				w.DataPublished = pickOne(d, nil, yes(true), yes(false))
			}
			f.Operations = append(f.Operations, w)
		}
	}
	for i := range f.Parents {
		f.Parents[i].Provider = pickOne(d, "", "same", "other")
		f.Parents[i].SystemicRisk = pickOne(d, nil, yes(true), yes(false))
	}
	return f
}

// settleAll states what is still open.
func (d dice) settleAll(f Facts) Facts {
	f.Operations = slices.Clone(f.Operations)
	for i := range f.Operations {
		if w := &f.Operations[i]; generating(w.Activity) && w.DataPublished == nil {
			w.DataPublished = yes(d.IntN(2) == 0)
		}
	}
	f.Parents = slices.Clone(f.Parents)
	for i := range f.Parents {
		if p := &f.Parents[i]; p.Provider == "" {
			p.Provider = pickOne(d, "same", "other")
		}
		if p := &f.Parents[i]; p.SystemicRisk == nil {
			p.SystemicRisk = yes(d.IntN(2) == 0)
		}
	}
	return f
}

func yes(b bool) *bool { return &b }

// TestAPanicIsTheCallers: whoever evaluates beside a job can recover.
func TestAPanicIsTheCallers(t *testing.T) {
	defer func() {
		if recover() != "boom" {
			t.Error("the panic of a regime did not reach the caller")
		}
	}()
	underEach([]string{"a", "b"}, func(regime string) (int, error) {
		if regime == "b" {
			panic("boom")
		}
		return 0, nil
	})
}

// TestPositions: the regimes whose threshold is known, and the days to notify in where
// such a duty can follow: of a modification only where the original has systemic risk.
func TestPositions(t *testing.T) {
	r, catalogue := embeddedForTest(t)
	own, original := meter.Exact(mustOps("2e24")), meter.Exact(mustOps("3e24"))
	f := Facts{Model: "a/m@1", Operations: []Work{{Activity: meter.FineTuning, Interval: &own}}, SyntheticData: []Generator{},
		Parents: []Parent{{Model: "o/b@1", Relation: meter.FineTunes, Provider: "other", Operations: &Amount{Total: &original}}}}
	for _, c := range []struct {
		systemic *bool
		days     int
	}{{nil, 14}, {yes(true), 14}, {yes(false), 0}} {
		f.Parents[0].SystemicRisk = c.systemic
		got, err := Positions(r, catalogue, f, Question{AsOf: lawCase{}.question(t).AsOf})
		if err != nil || len(got) != 10 {
			t.Fatalf("%d positions: %v", len(got), err)
		}
		for _, p := range got {
			want := map[string]int{"eu-gpai-systemic": 14, "eu-modifier": c.days}[p.Regime]
			if p.NoticeDays != want || p.Codified == (p.Regime == "us-eo14110") {
				t.Errorf("%s: %d days, codified %v", p.Regime, p.NoticeDays, p.Codified)
			}
			if p.Regime == "eu-modifier" && (p.Threshold != mustOps("1e24") || p.ThresholdVerdict != Applies) {
				t.Errorf("the modifier's threshold is %s, %s", p.Threshold, p.ThresholdVerdict)
			}
		}
	}
	f.Parents = []Parent{}
	if got, err := Positions(r, catalogue, f, Question{AsOf: lawCase{}.question(t).AsOf}); err != nil || len(got) != 9 {
		t.Errorf("%d positions without an original: %v", len(got), err)
	}
}
