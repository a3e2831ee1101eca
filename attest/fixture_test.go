package attest

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/weighbridge/weighbridge/meter"
)

var created = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

var tool = Tool{Name: "weighbridge", Version: "0.1.0"}

func ops(t testing.TB, text string) meter.Ops {
	t.Helper()
	o, err := meter.ParseOps(text)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func between(t testing.TB, low, estimate, high string) meter.Interval {
	t.Helper()
	i, err := meter.NewInterval(ops(t, low), meter.Known(ops(t, estimate)), meter.Known(ops(t, high)))
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// exampleModels: a model fine-tuned from a base of its own and distilled from a
// teacher of which nothing is known.
func exampleModels(t testing.TB) map[meter.ModelRef]LineageModel {
	return map[meter.ModelRef]LineageModel{
		"acme/atlas@2": {
			Work: []Work{
				{Activity: meter.FineTuning, Weights: meter.WeightsKept, Interval: between(t, "5e24", "6e24", "7e24"), Records: 2, Grade: meter.GradeMeasured},
				{Activity: meter.Evaluation, Weights: meter.WeightsKept, Interval: between(t, "1e21", "1e21", "2e21"), Records: 1, Grade: meter.GradeDeclared},
			},
			Parents: []meter.Parent{
				{Model: "acme/atlas@1", Relation: meter.FineTunes, Input: digestOf("atlas 1")},
				{Model: "big/teacher@1", Relation: meter.DistillsFrom},
			},
		},
		"acme/atlas@1": {
			Work: []Work{
				{Activity: meter.Pretraining, Weights: meter.WeightsKept, Interval: between(t, "8e25", "8.5e25", "9e25"), Records: 40, Grade: meter.GradeDerived},
				{Activity: meter.Pretraining, Weights: meter.WeightsDiscarded, Interval: between(t, "1e25", "1e25", "1e25"), Records: 1, Grade: meter.GradeMeasured},
			},
		},
	}
}

func exampleCorrections(t testing.TB) []Correction {
	before := Corrected{Activity: meter.Evaluation, Weights: meter.WeightsKept, Interval: between(t, "1e22", "1e22", "2e22"), Grade: meter.GradeDeclared}
	after := before
	after.Interval = between(t, "1e21", "1e21", "2e21")
	return []Correction{{
		Model: "acme/atlas@2", Kind: CorrectionSupersede, Run: "2026-11-22-a1b2", Sequence: 2, Reason: "a zero too many", Author: "A. Meier", Time: created.Add(-time.Minute),
		Before: before, After: &after,
	}}
}

func exampleManifest(t testing.TB) Manifest {
	return manifest(t, file("config.json", "{}"), file("model.safetensors", "weights"), file("model/w", "more weights"))
}

func exampleCompute(t testing.TB) TrainingCompute {
	t.Helper()
	models := exampleModels(t)
	lineage, err := LineageOf("acme/atlas@2", func(m meter.ModelRef) (LineageModel, bool) { found, ok := models[m]; return found, ok })
	if err != nil {
		t.Fatal(err)
	}
	own, err := lineage.Models[0].Activities()
	if err != nil {
		t.Fatal(err)
	}
	return TrainingCompute{
		Model:       "acme/atlas@2",
		Weights:     WeightsOf(exampleManifest(t)),
		Activities:  own,
		Lineage:     lineage,
		Convention:  Convention(meter.Convention{MultiplyAccumulate: "2", Attention: "causal", FailedWork: "included"}),
		Methods:     []meter.Method{meter.Counted, meter.Architecture},
		Period:      &meter.Period{Start: created.Add(-48 * time.Hour), End: created.Add(-time.Hour)},
		Ledger:      &Head{Origin: "weighbridge.dev/ledger/7d1f/acme/atlas@2", Size: 3, Root: digestOf("head")},
		Corrections: exampleCorrections(t),
		Findings:    []meter.Finding{{Code: "gap", Message: "40 s of <telemetry> are missing"}},

		Completeness: Completeness,
		Tool:         tool,
		CreatedAt:    created,
	}
}

func exampleHardware() Hardware {
	return Hardware{
		Model: "acme/atlas@2",
		Devices: []Device{{
			Product: "NVIDIA H100 SXM5 80GB", PCI: "10de:2330", Count: 8, Grade: meter.GradeMeasured,
			ECCN: "3A090.a", TPP: "15832", PD: "7916/407", Clause: "3A090.a.1",
		}},
		Hosts:     []meter.Host{{CPU: "Intel(R) Xeon(R) Processor", Cores: 96, Kernel: "6.1.0", Machine: "amd64"}},
		Place:     []string{"JP"},
		Runs:      []string{"2026-11-22-a1b2"},
		Models:    []WorkedOn{{Model: "acme/atlas@2", Products: []Product{{Product: "NVIDIA H100 SXM5 80GB", Grade: meter.GradeMeasured}}}},
		NotSeen:   []string{"run 2026-11-23-c3d4: no hardware was recorded", "no device was asked to prove its identity"},
		Tool:      tool,
		CreatedAt: created,
	}
}

func exampleDetermination() Determination {
	return Determination{
		Model:     "acme/atlas@2",
		Question:  Question{Regime: "us-4e091", AsOf: "2026-11-24", Destination: "SG", Options: map[string]string{"note-2": "strict"}},
		Facts:     json.RawMessage(`{"model":"acme/atlas@2"}`),
		Grades:    map[string]meter.Grade{"operations[0]": meter.GradeMeasured},
		Rules:     Rules{Digest: digestOf("rules"), Files: map[string]string{"us-4e091/clauses.yaml": "clauses: []\n"}},
		Catalogue: digestOf("catalogue"),
		Result:    json.RawMessage(`{"regime":"us-4e091","controlled":"undetermined"}`),
		Tool:      tool,
		CreatedAt: created,
	}
}

// payload returns the encoded statement of predicate about the example's
// weights.
func payload(t testing.TB, predicate any) []byte {
	t.Helper()
	s, err := NewStatement(Subjects("acme/atlas@2", digestOf("manifest"), exampleManifest(t).Root()), predicate)
	if err != nil {
		t.Fatal(err)
	}
	out, err := s.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return out
}
