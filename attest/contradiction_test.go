package attest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/weighbridge/weighbridge/fdp"
	"github.com/weighbridge/weighbridge/meter"
)

// addedFacts are what the ledger of the example cannot know.
const addedFacts = `weights: {publication: unpublished}
parents: [{model: acme/atlas@1, publication: unpublished}, {model: big/teacher@1, relation: distills-from, provider: other}]
synthetic_data: [{generator: big/teacher@1, share: "0.05", data_published: false}]
training: {location: JP, hardware: [{product: "NVIDIA H100 SXM5 80GB", subject_to_ear: true}]}
recipient: {location: SG}
`

// attestedFacts are the facts that follow from the example's statements, with
// text laid over them.
func attestedFacts(t testing.TB, c TrainingCompute, h Hardware, text string) fdp.Facts {
	t.Helper()
	facts, err := FactsOf(c, &h)
	if err != nil {
		t.Fatal(err)
	}
	over, err := fdp.ParseFacts([]byte(text), "added.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if facts, err = facts.Merge(over); err != nil {
		t.Fatal(err)
	}
	return facts
}

func withFacts(t testing.TB, facts fdp.Facts) Determination {
	t.Helper()
	encoded, err := facts.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return Determination{Model: "acme/atlas@2", Facts: encoded, Grades: facts.Grades()}
}

// TestHoldTo (D4): the facts of a determination are those that the statements
// beside it attest, with additions that are named.
func TestHoldTo(t *testing.T) {
	c, h := exampleCompute(t), exampleHardware()
	d := withFacts(t, attestedFacts(t, c, h, addedFacts))
	declared, err := d.HoldTo(c, &h)
	if err != nil || !slices.Contains(declared, "weights") || !slices.Contains(declared, "synthetic_data[0].share") || slices.Contains(declared, "operations[0]") {
		t.Errorf("%v, %v", declared, err)
	}
	if _, err := d.HoldTo(c, nil); err != nil {
		t.Errorf("without a hardware statement: %v", err)
	}
}

// TestHoldToRefuses (D4): each vector changes the facts of the example so that
// something attested counts otherwise, or no more.
func TestHoldToRefuses(t *testing.T) {
	c, h := exampleCompute(t), exampleHardware()
	bounded := func(low, estimate, high string) *meter.Interval { i := between(t, low, estimate, high); return &i }
	vectors := []struct {
		name   string
		change func(*fdp.Facts)
		want   string
	}{
		{"lower-low", func(f *fdp.Facts) { f.Operations[0].Interval = bounded("4e24", "6e24", "7e24") }, "operations"},
		{"lower-estimate", func(f *fdp.Facts) { f.Operations[0].Interval = bounded("5e24", "55e23", "7e24") }, "operations"},
		{"lower-high", func(f *fdp.Facts) { f.Operations[0].Interval = bounded("5e24", "6e24", "6e24") }, "operations"},
		{"higher-high", func(f *fdp.Facts) { f.Operations[0].Interval = bounded("5e24", "6e24", "8e24") }, "operations"},
		{"line-left-out", func(f *fdp.Facts) { f.Operations = f.Operations[:1] }, "operations"},
		{"further-work", func(f *fdp.Facts) {
			f.Operations = append(f.Operations, fdp.Work{Activity: meter.Exploration, Interval: bounded("0", "0", "0"), Weights: "kept"})
		}, "operations"},
		{"another-activity", func(f *fdp.Facts) { f.Operations[0].Activity = meter.Exploration }, "operations"},
		{"work-marked-discarded", func(f *fdp.Facts) { f.Operations[0].Weights = "discarded" }, "operations"},
		{"work-marked-as-neither", func(f *fdp.Facts) { f.Operations[0].Weights = "" }, "operations"},
		{"work-given-a-generator", func(f *fdp.Facts) {
			f.Operations[0].Activity, f.Operations[0].Generator = meter.SyntheticData, "acme/writer@1"
		}, ""},
		{"work-given-published-data", func(f *fdp.Facts) { yes := true; f.Operations[0].DataPublished = &yes }, ""},
		{"all-work-left-out", func(f *fdp.Facts) { f.Operations = nil }, "leave out"},
		{"relation-distills-from", func(f *fdp.Facts) { f.Parents[0].Relation = meter.DistillsFrom }, ""},
		{"relation-left-out", func(f *fdp.Facts) { f.Parents[0].Relation = "" }, "leave out"},
		{"parent-left-out", func(f *fdp.Facts) { f.Parents = f.Parents[:1] }, "leave out"},
		{"parents-left-out", func(f *fdp.Facts) { f.Parents = nil }, ""},
		{"parents-none", func(f *fdp.Facts) { f.Parents = []fdp.Parent{} }, "parents"},
		{"parent-understated", func(f *fdp.Facts) { f.Parents[0].Operations.Work[0].Interval = bounded("9e24", "9e24", "9e24") }, "parents[0].operations"},
		{"parent-discarded", func(f *fdp.Facts) { f.Parents[0].Operations.Work[0].Weights = "discarded" }, "parents[0].operations"},
		{"parent-as-one-number", func(f *fdp.Facts) { f.Parents[0].Operations = &fdp.Amount{Total: bounded("1", "1", "1")} }, "parents[0].operations"},
		{"parent-without-operations", func(f *fdp.Facts) { f.Parents[0].Operations = nil }, "leave out"},
		{"generators-none", func(f *fdp.Facts) { f.SyntheticData = []fdp.Generator{} }, "synthetic_data"},
		{"hardware-left-out", func(f *fdp.Facts) { f.Training.Hardware = nil }, "leave out"},
		{"hardware-exchanged", func(f *fdp.Facts) { f.Training.Hardware[0].Product = "T4" }, ""},
		{"hardware-none", func(f *fdp.Facts) { f.Training.Hardware = []fdp.Hardware{} }, "training.hardware"},
		{"grade-raised", func(f *fdp.Facts) {
			grades := f.Grades()
			grades["weights"] = meter.GradeAttested
			*f = f.WithGrades(grades)
		}, "weights: found"},
		{"grade-invented", func(f *fdp.Facts) {
			grades := f.Grades()
			grades["recipient.location"] = meter.GradeAttested
			*f = f.WithGrades(grades)
		}, "recipient.location: found"},
		{"grade-left-out", func(f *fdp.Facts) { *f = f.WithGrades(nil) }, "other grades"},
	}
	names := map[string]bool{}
	for _, v := range vectors {
		names[v.name] = true
		facts := attestedFacts(t, c, h, addedFacts)
		v.change(&facts)
		declared, err := withFacts(t, facts).HoldTo(c, &h)
		if err == nil || !strings.Contains(err.Error(), v.want) {
			t.Errorf("%s: %v, declared %v", v.name, err, declared)
		}
	}
	if len(names) != len(vectors) || len(vectors) < 25 {
		t.Errorf("%d vectors, %d names", len(vectors), len(names))
	}
}

// randomRecords returns the records of a random ledger of models m0, m1, ...;
// parents have higher numbers.
func randomRecords(r *rand.Rand) map[meter.ModelRef][]meter.Record {
	name := func(i int) meter.ModelRef { return meter.ModelRef(fmt.Sprintf("acme/m%d@1", i)) }
	digests := []string{digestOf("a"), digestOf("b"), digestOf("c"), ""}
	pick := func(n int) int { return r.IntN(n) }
	all := map[meter.ModelRef][]meter.Record{}
	for i := range 6 {
		if i > 0 && pick(5) == 0 {
			continue // nothing is known of it
		}
		for seq := range 1 + pick(4) {
			activities := []meter.Activity{meter.Pretraining, meter.FineTuning, meter.SyntheticData, meter.Evaluation, meter.Rollout}
			record := meter.Record{
				Model: name(i), Run: "r", Sequence: uint64(seq), Activity: activities[pick(len(activities))], Weights: []string{meter.WeightsKept, meter.WeightsDiscarded}[pick(2)],
				Operations: meter.Exact(meter.NewOps(uint64(1 + pick(9)))), Grade: []meter.Grade{meter.GradeDeclared, meter.GradeMeasured}[pick(2)], Outcome: meter.Finished, Output: digests[pick(4)],
			}
			if record.Activity == meter.Pretraining && pick(4) == 0 {
				record.Outcome, record.Operations = meter.NeverStarted, meter.Exact(meter.Ops{})
			}
			if record.Activity == meter.SyntheticData {
				if pick(2) == 0 {
					record.Generator = meter.ModelRef([]string{"acme/writer@1", "acme/unknown@1", "acme/m5@1"}[pick(3)])
				}
				if no := false; pick(2) == 0 {
					record.DataPublished = &no
				}
			}
			for range pick(3) {
				if i < 5 {
					relations := meter.Relations()
					record.Parents = append(record.Parents, meter.Parent{Model: name(i + 1 + pick(5-i)), Relation: relations[pick(len(relations))], Input: digests[pick(4)]})
				}
			}
			if pick(3) == 0 {
				record.Hardware = []meter.Device{{Product: []string{"T4", "NVIDIA H100 SXM5 80GB"}[pick(2)], Count: 1, Grade: record.Grade}}
			}
			all[name(i)] = append(all[name(i)], record)
		}
	}
	all["acme/writer@1"] = []meter.Record{{Model: "acme/writer@1", Activity: meter.Pretraining, Weights: meter.WeightsKept, Operations: meter.Exact(meter.NewOps(7)), Grade: meter.GradeMeasured, Outcome: meter.Finished}}
	return all
}

// workedOn is what a hardware statement says of the models.
func workedOn(lineage Lineage, records map[meter.ModelRef][]meter.Record) Hardware {
	var h Hardware
	for _, m := range lineage.Models {
		h.Worked(m.Model, records[m.Model])
	}
	return h
}

// TestFactsFollowFromTheAttestedLineage (D4): of any ledger, the facts that follow
// from what is attested are those that the ledger itself gives, grades included,
// but for the order of generators, which a sum of records does not keep.
func TestFactsFollowFromTheAttestedLineage(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	compared := 0
	for range 600 {
		all := randomRecords(r)
		records := func(m meter.ModelRef) ([]meter.Record, bool) { found, known := all[m]; return found, known }
		ledger, err := fdp.FromLineage("acme/m0@1", records)
		if err != nil {
			continue // contradicts itself
		}
		lineage, err := LineageFromRecords("acme/m0@1", records)
		if err != nil {
			t.Fatal(err)
		}
		c, h := TrainingCompute{Model: "acme/m0@1", Lineage: lineage}, workedOn(lineage, all)
		if c.Activities, err = lineage.Models[0].Activities(); err != nil {
			t.Fatal(err)
		}
		if err := firstError("", c.validateLineage(), lineage.validateGenerators()); err != nil {
			t.Fatal(err)
		}
		attested, err := FactsOf(c, &h)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := comparable(t, attested), comparable(t, ledger); got != want {
			t.Fatalf("attested %s\nledger   %s\n%+v", got, want, all)
		}
		d := withFacts(t, attested)
		d.Model = c.Model
		if declared, err := d.HoldTo(c, &h); err != nil || len(declared) > 0 {
			t.Fatalf("%v %v", declared, err)
		}
		if _, err := d.HoldTo(c, nil); err != nil {
			t.Fatal(err)
		}
		compared++
	}
	if compared < 200 {
		t.Errorf("only %d ledgers were compared", compared)
	}
	t.Logf("%d ledgers", compared)
}

// comparable is a text of facts and grades in which generators have no order.
// Which of them has an ancestor's work in full depends on it: only names are
// compared there.
func comparable(t *testing.T, f fdp.Facts) string {
	t.Helper()
	var generators []string
	for _, g := range f.SyntheticData {
		generators = append(generators, string(g.Generator))
	}
	slices.Sort(generators)
	var grades []string
	for path, grade := range f.Grades() {
		if !strings.HasPrefix(path, "synthetic_data[") {
			grades = append(grades, path+"="+string(grade))
		}
	}
	slices.Sort(grades)
	f.SyntheticData = nil
	text, err := f.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%s %v %v", text, generators, grades)
}
