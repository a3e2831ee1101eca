package meter

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

func sampleRecord() Record {
	code := 0
	steps := uint64(300)
	return Record{
		Schema: RecordSchema, Model: "acme/atlas@1", Run: "run-1", Activity: Pretraining, Weights: WeightsKept,
		Operations: Exact(NewOps(12)), Method: Architecture, Grade: GradeDerived,
		Convention: Convention{MultiplyAccumulate: "2", Attention: "causal", Keys: "s/2"},
		Outcome:    Finished, ExitCode: &code,
		Period:    &Period{time.Date(2026, 11, 24, 6, 0, 0, 0, time.UTC), time.Date(2026, 11, 24, 7, 0, 0, 5, time.UTC)},
		Observed:  &Observation{Format: "nanogpt", Lines: 9, StepsCommitted: &steps},
		Hardware:  []Device{{Product: "NVIDIA H100 <80GB> & more", PCI: "10de:2330", Count: 8, Grade: GradeDeclared}},
		Witnesses: []Witness{{Quantity: Required, Method: Architecture, Grade: GradeDerived, Operations: Exact(NewOps(12)), Source: "by hand"}},
		Findings:  []Finding{{Code: "test", Message: "a finding"}},
		Parents:   []Parent{{Model: "acme/base@1", Relation: FineTunes}},
		Evidence:  []Evidence{{Kind: "journal", Digest: "sha256:" + strings.Repeat("0a", 32), Size: 3}},
	}
}

func TestRecordHasOneEncoding(t *testing.T) {
	encoded, err := sampleRecord().Encode()
	if err != nil {
		t.Fatal(err)
	}
	read, err := ParseRecord(encoded)
	if err != nil {
		t.Fatal(err)
	}
	again, err := read.Encode()
	if err != nil || !bytes.Equal(again, encoded) {
		t.Fatalf("%v\n%s\n%s", err, encoded, again)
	}
}

// TestRecordCorruptions changes one thing in a good record; each must be
// refused with words that name it.
func TestRecordCorruptions(t *testing.T) {
	good, err := sampleRecord().Encode()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, old, new, want string }{
		{"unknown-field", `{"schema"`, `{"x":1,"schema"`, "unknown field"},
		{"duplicate-key", `"run":"run-1"`, `"run":"run-2","run":"run-1"`, "canonical"},
		{"key-in-other-case", `"run"`, `"RUN"`, "canonical"},
		{"white-space", `"run":`, `"run": `, "canonical"},
		{"number-as-float", `"low":"12"`, `"low":12`, "quotes"},
		{"number-as-exponent", `"low":"12"`, `"low":"1.2e1"`, "canonical"},
		{"leading-zero", `"low":"12"`, `"low":"012"`, "canonical"},
		{"low-above-high", `"low":"12"`, `"low":"13"`, "below low"},
		{"negative", `"low":"12"`, `"low":"-1"`, "whole number"},
		{"activity", `"pretraining"`, `"training"`, "activity"},
		{"relation", `"fine-tunes"`, `"finetunes"`, "relation"},
		{"grade", `"derived"`, `"sure"`, "grade"},
		{"outcome", `"finished"`, `"ok"`, "outcome"},
		{"weights", `"kept"`, `"lost"`, "weights"},
		{"model", `"acme/atlas@1"`, `"atlas"`, "org/name@version"},
		{"digest", `sha256:0a`, `sha256:0A`, "digest"},
		{"not-utc", `06:00:00Z`, `06:00:00+00:00`, "UTC"},
		{"schema", `record/v1`, `record/v2`, "schema"},
		{"own-parent", `"model":"acme/base@1","relation"`, `"model":"acme/atlas@1","relation"`, "names itself"},
		{"witness-quantity", `"quantity":"required"`, `"quantity":"wanted"`, "quantity"},
		{"witness-grade", `"source":"by hand"`, `"source":""`, "source"},
		{"generator-of-training", `"parents":`, `"generator":"acme/writer@1","parents":`, "generator"},
		{"pci", `"pci":"10de:2330"`, `"pci":"ZZ"`, "pci"},
		{"no-devices", `"count":8`, `"count":0`, "count"},
		{"finding-without-code", `"code":"test"`, `"code":""`, "code"},
		{"evidence-kind", `"kind":"journal"`, `"kind":""`, "kind"},
		{"evidence-size", `"size":3`, `"size":-3`, "size"},
		{"html-escape", `<80GB>`, `\u003c80GB>`, "canonical"},
	} {
		t.Run(c.name, func(t *testing.T) {
			bad := strings.Replace(string(good), c.old, c.new, 1)
			if bad == string(good) {
				t.Fatalf("%q is not in the record", c.old)
			}
			if _, err := ParseRecord([]byte(bad)); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one that says %q", err, c.want)
			}
		})
	}
	for _, bad := range []string{"", "{}", "null", "[]", string(good) + "\n", string(good) + string(good), string(good[:len(good)-1])} {
		if _, err := ParseRecord([]byte(bad)); err == nil {
			t.Errorf("accepted: %.40q", bad)
		}
	}
}

func FuzzParseRecord(f *testing.F) {
	good, err := sampleRecord().Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte(`{}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := ParseRecord(data)
		if err != nil {
			return
		}
		if again, err := r.Encode(); err != nil || !bytes.Equal(again, data) {
			t.Fatalf("%v: %s became %s", err, data, again)
		}
	})
}

func TestClosedListsReadBack(t *testing.T) {
	if len(Activities()) != 18 || len(Relations()) != 9 {
		t.Fatalf("%d activities, %d relations: expected 18 and 9", len(Activities()), len(Relations()))
	}
	for _, a := range Activities() {
		if got, err := ParseActivity(string(a)); err != nil || got != a {
			t.Errorf("%s: %v", a, err)
		}
	}
	if _, err := ParseActivity("Pretraining"); err == nil {
		t.Error("another spelling was accepted")
	}
	if LowestGrade(GradeMeasured, GradeDeclared) != GradeDeclared || LowestGrade("", GradeMeasured) != GradeMeasured {
		t.Error("a sum must have the lowest grade in it")
	}
}

func TestConventionMerge(t *testing.T) {
	a := Convention{Attention: "causal", Head: "included"}
	b := Convention{Attention: "full", Head: "included"}
	if got := a.Merge(b).String(); got != "attention mixed, head included" {
		t.Error(got)
	}
	if got := (Convention{}).String(); got != Unstated {
		t.Error(got)
	}
}
