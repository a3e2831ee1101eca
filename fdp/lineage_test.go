package fdp

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/weighbridge/weighbridge/meter"
)

// work is a record in short.
func work(model meter.ModelRef, a meter.Activity, operations string, more ...func(*meter.Record)) meter.Record {
	r := meter.Record{
		Schema: meter.RecordSchema, Model: model, Run: "r", Activity: a, Weights: meter.WeightsKept, Operations: meter.Exact(mustOps(operations)),
		Method: meter.Counted, Grade: meter.GradeMeasured, Outcome: meter.Finished,
	}
	for _, f := range more {
		f(&r)
	}
	return r
}

func from(model meter.ModelRef, relation meter.Relation) func(*meter.Record) {
	return func(r *meter.Record) { r.Parents = append(r.Parents, meter.Parent{Model: model, Relation: relation}) }
}

func on(product string) func(*meter.Record) {
	return func(r *meter.Record) {
		r.Hardware = append(r.Hardware, meter.Device{Product: product, Count: 8, Grade: meter.GradeMeasured})
	}
}

func lookupIn(records ...meter.Record) func(meter.ModelRef) ([]meter.Record, bool) {
	return func(m meter.ModelRef) ([]meter.Record, bool) {
		var out []meter.Record
		for _, r := range records {
			if r.Model == m {
				out = append(out, r)
			}
		}
		return out, out != nil
	}
}

// TestFromLineage (F11): what a ledger holds becomes a document, with its grades.
func TestFromLineage(t *testing.T) {
	start := "sha256:" + strings.Repeat("a", 64)
	f, err := FromLineage("acme/atlas@2", lookupIn(
		work("acme/atlas@2", meter.FineTuning, "6e24", from("acme/atlas@1", meter.FineTunes), on("T4"), func(r *meter.Record) { r.Grade = meter.GradeReported }),
		work("acme/atlas@2", meter.FineTuning, "4e24", from("acme/atlas@1", meter.FineTunes), from("big/teacher@1", meter.DistillsFrom)),
		work("acme/atlas@2", meter.SyntheticData, "1e24", func(r *meter.Record) { r.Generator = "acme/writer@1" }),
		work("acme/atlas@1", meter.Pretraining, "9e25", from("acme/seed@1", meter.Continues), func(r *meter.Record) {
			r.Parents[0].Input = start
		}, on("NVIDIA H100 SXM5 80GB")),
		work("acme/seed@1", meter.Pretraining, "1e24", func(r *meter.Record) { r.Weights, r.Output = meter.WeightsDiscarded, start }),
		work("acme/seed@1", meter.Pretraining, "5e23", func(r *meter.Record) { r.Weights = meter.WeightsDiscarded }),
	))
	if err != nil {
		t.Fatal(err)
	}
	got, err := f.Encode()
	if err != nil {
		t.Fatal(err)
	}
	want := `{"model":"acme/atlas@2",` +
		`"operations":[{"activity":"fine-tuning","low":"10000000000000000000000000","estimate":"10000000000000000000000000","high":"10000000000000000000000000","weights":"kept"},` +
		`{"activity":"synthetic-data","low":"1000000000000000000000000","estimate":"1000000000000000000000000","high":"1000000000000000000000000","weights":"kept","generator":"acme/writer@1"}],` +
		`"parents":[{"model":"acme/atlas@1","relation":"fine-tunes","operations":[{"activity":"pretraining","low":"90000000000000000000000000","estimate":"90000000000000000000000000","high":"90000000000000000000000000","weights":"kept"}],` +
		`"parents":[{"model":"acme/seed@1","relation":"continues","operations":[{"activity":"pretraining","low":"1000000000000000000000000","estimate":"1000000000000000000000000","high":"1000000000000000000000000","weights":"kept"},` +
		`{"activity":"pretraining","low":"500000000000000000000000","estimate":"500000000000000000000000","high":"500000000000000000000000","weights":"discarded"}],"parents":[]}]},` +
		`{"model":"big/teacher@1","relation":"distills-from"}],` +
		`"synthetic_data":[{"generator":"big/teacher@1"},{"generator":"acme/writer@1"}],` +
		`"training":{"hardware":[{"product":"T4"}],"hardware_complete":false}}`
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	for path, grade := range map[string]meter.Grade{
		"operations[0]": meter.GradeReported, "parents[0].operations[0]": meter.GradeMeasured, "training.hardware[0].product": meter.GradeMeasured, "recipient.location": meter.GradeDeclared,
	} {
		if f.grade(path) != grade {
			t.Errorf("%s is graded %s, want %s", path, f.grade(path), grade)
		}
	}
	back, err := ParseFacts(got, "canonical")
	if err != nil || !reflect.DeepEqual(back.WithGrades(f.Grades()), f) {
		t.Errorf("the document with its grades is not the same facts: %v", err)
	}
}

func unpublish(parents []Parent) {
	for i := range parents {
		parents[i].Publication = Unpublished
		unpublish(parents[i].Parents)
	}
}

// TestThePlantIsTheModelsOwn (F13): a model made in Japan on unlisted hardware from
// one that was trained on listed hardware is reached by 734.9(l) only where it
// continues an earlier version of itself, by however many versions.
func TestThePlantIsTheModelsOwn(t *testing.T) {
	r, catalogue := embeddedForTest(t)
	over, err := ParseFacts([]byte(`
weights: {publication: unpublished}
derived_from_controlled: true
us_origin: false
most_advanced_published: {operations: 1e26, evidence: ccats}
training: {location: JP, hardware: [{product: T4, subject_to_ear: true}, {product: NVIDIA H100 SXM5 80GB, subject_to_ear: true}]}`), "facts.yaml")
	if err != nil {
		t.Fatal(err)
	}
	reaches := func(model meter.ModelRef, records ...meter.Record) Verdict {
		f, err := FromLineage(model, lookupIn(records...))
		if err != nil {
			t.Fatal(err)
		}
		unpublish(f.Parents)
		o := over
		o.Training.Hardware = nil
		for _, h := range over.Training.Hardware { // what the ledger lists is subject to the EAR; nothing else is added
			if slices.ContainsFunc(f.Training.Hardware, func(have Hardware) bool { return have.Product == h.Product }) {
				o.Training.Hardware = append(o.Training.Hardware, h)
			}
		}
		if f, err = f.Merge(o); err != nil {
			t.Fatal(err)
		}
		d, err := Evaluate(r, catalogue, f, lawCase{Options: map[string]string{"foreign_derivative_unlisted_hw": "not_reached_by_l", "adapter_alone": "parameters"}}.question(t))
		if err != nil {
			t.Fatal(err)
		}
		if d[0].Controlled != Applies {
			t.Errorf("%s: controlled %s, expected a model whose weights are specified", model, d[0].Controlled)
		}
		return d[0].SubjectToEAR
	}
	trained := func(model meter.ModelRef) meter.Record {
		return work(model, meter.Pretraining, "2e26", on("NVIDIA H100 SXM5 80GB"))
	}
	if got := reaches("acme/base@1", trained("acme/base@1")); got != Applies {
		t.Fatalf("trained on listed hardware: %s", got)
	}
	for _, relation := range meter.Relations() {
		if teaches(relation) {
			continue // carries no operations
		}
		want := DoesNotApply
		if relation == meter.Continues {
			want = Applies
		}
		for _, c := range []struct {
			name   string
			parent meter.ModelRef
			want   Verdict
		}{{"an earlier version", "acme/atlas@1", want}, {"another model", "acme/base@1", DoesNotApply}} {
			if got := reaches("acme/atlas@2", trained(c.parent), work("acme/atlas@2", meter.FineTuning, "1e25", from(c.parent, relation), on("T4"))); got != c.want {
				t.Errorf("%s %s on unlisted hardware: subject to the EAR %s, want %s", relation, c.name, got, c.want)
			}
		}
	}
	if got := reaches("acme/atlas@3", trained("acme/atlas@1"), work("acme/atlas@2", meter.ContinuedPretraining, "1e24", from("acme/atlas@1", meter.Continues)),
		work("acme/atlas@3", meter.ContinuedPretraining, "1e24", from("acme/atlas@2", meter.Continues), on("T4"))); got != Applies {
		t.Errorf("continued twice: %s", got)
	}
	if got := reaches("acme/atlas@3", trained("acme/base@1"), work("acme/atlas@2", meter.FineTuning, "1e24", from("acme/base@1", meter.FineTunes), on("T4")),
		work("acme/atlas@3", meter.ContinuedPretraining, "1e24", from("acme/atlas@2", meter.Continues), on("T4"))); got != DoesNotApply {
		t.Errorf("continues a fine-tune: %s", got)
	}
}

func TestFromLineageUnknowns(t *testing.T) {
	if _, err := FromLineage("acme/none@1", lookupIn()); err == nil || !strings.Contains(err.Error(), "the ledger has no record of it") {
		t.Errorf("a model without records: %v", err)
	}
	var cycle *meter.CycleError
	if _, err := FromLineage("a/a@1", lookupIn(work("a/a@1", meter.FineTuning, "1", from("a/b@1", meter.FineTunes)), work("a/b@1", meter.FineTuning, "1", from("a/a@1", meter.FineTunes)))); !errors.As(err, &cycle) {
		t.Errorf("a cycle: %v", err)
	}
	r, catalogue := embeddedForTest(t)
	f, err := FromLineage("a/a@1", lookupIn(work("a/a@1", meter.FineTuning, "1", from("a/b@1", meter.FineTunes))))
	if err != nil {
		t.Fatal(err)
	}
	d, err := Evaluate(r, catalogue, f, lawCase{}.question(t))
	if err != nil {
		t.Fatal(err)
	}
	if d[0].Controlled != Undetermined || d[0].Operations.High.Known || d[0].Missing[0].Path != "parents[0].operations" {
		t.Errorf("an unknown parent: %s, %v, missing %v", d[0].Controlled, d[0].Operations, d[0].Missing)
	}
	if got := d[0].Findings[0].Trace[0].Grade; got != meter.GradeMeasured {
		t.Errorf("the trace grades measured work as %s", got)
	}
	alone, err := FromLineage("a/a@1", lookupIn(work("a/a@1", meter.Pretraining, "1e20")))
	if err != nil {
		t.Fatal(err)
	}
	d, err = Evaluate(r, catalogue, alone, lawCase{}.question(t))
	if err != nil || d[0].Controlled != DoesNotApply {
		t.Errorf("a small run without parents or generators: %v %v", d[0].Controlled, err)
	}
}

func TestMerge(t *testing.T) {
	base, err := FromLineage("a/a@1", lookupIn(work("a/a@1", meter.FineTuning, "1e25", from("open/b@1", meter.FineTunes), func(r *meter.Record) {
		r.Hardware = []meter.Device{{Product: "T4", Count: 1, Grade: meter.GradeMeasured}}
	})))
	if err != nil {
		t.Fatal(err)
	}
	over := func(document string) (Facts, error) {
		f, err := ParseFacts([]byte(document), "facts.yaml")
		if err != nil {
			t.Fatal(err)
		}
		return base.Merge(f)
	}
	added, err := over(`
weights: {publication: unpublished}
parents: [{model: open/b@1, publication: published, operations: 9e25}, {model: open/c@1, relation: merges, publication: published, operations: 1e20}]
training: {location: JP, hardware: [{product: T4, subject_to_ear: true}]}
recipient: {location: SG}`)
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := added.Encode()
	want := `{"model":"a/a@1","weights":{"publication":"unpublished"},"operations":[{"activity":"fine-tuning","low":"10000000000000000000000000","estimate":"10000000000000000000000000","high":"10000000000000000000000000","weights":"kept"}],` +
		`"parents":[{"model":"open/b@1","relation":"fine-tunes","publication":"published","operations":{"low":"90000000000000000000000000","estimate":"90000000000000000000000000","high":"90000000000000000000000000"}},` +
		`{"model":"open/c@1","relation":"merges","publication":"published","operations":{"low":"100000000000000000000","estimate":"100000000000000000000","high":"100000000000000000000"}}],` +
		`"synthetic_data":[],"training":{"location":["JP"],"hardware":[{"product":"T4","subject_to_ear":true}]},"recipient":{"location":"SG"}}`
	if err != nil || string(encoded) != want {
		t.Errorf("got  %s\nwant %s\n%v", encoded, want, err)
	}
	for path, grade := range map[string]meter.Grade{
		"operations[0]": meter.GradeMeasured, "training.hardware[0].product": meter.GradeMeasured, "training.hardware[0].subject_to_ear": meter.GradeDeclared,
		"parents[0].operations": meter.GradeDeclared, "parents[0].relation": meter.GradeMeasured, "recipient.location": meter.GradeDeclared,
	} {
		if added.grade(path) != grade {
			t.Errorf("%s is graded %s, want %s", path, added.grade(path), grade)
		}
	}
	for _, c := range []struct{ name, document, path string }{
		{"model", "model: a/z@1", "model"},
		{"operations", "operations: [{activity: fine-tuning, estimate: 1}]", "operations"},
		{"no-parents", "parents: []", "parents"},
		{"no-hardware", "training: {hardware: []}", "training.hardware"},
	} {
		var conflict *ConflictError
		if _, err := over(c.document); !errors.As(err, &conflict) || conflict.Path != c.path || conflict.Have == "" || conflict.Found == "" {
			t.Errorf("%s: got %v, want a conflict at %s with both values", c.name, err, c.path)
		}
	}
	if _, err := over("operations: [{activity: fine-tuning, low: 10000000000000000000000000, estimate: 1e25, high: 1e25, weights: kept}]\nparents: [{model: open/b@1, relation: fine-tunes}]"); err != nil {
		t.Errorf("the same facts again: %v", err)
	}
	before, _ := base.Encode()
	if after, _ := base.Encode(); string(before) != string(after) || base.Parents[0].Publication != "" {
		t.Error("merging changed the facts below")
	}
}
