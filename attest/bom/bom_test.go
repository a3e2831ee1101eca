package bom

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/weighbridge/weighbridge/attest"
	"github.com/weighbridge/weighbridge/meter"
)

var created = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func digestOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "sha256:" + hex.EncodeToString(sum[:])
}

func statements(t testing.TB) Options {
	t.Helper()
	exact := func(text string) meter.Interval {
		o, err := meter.ParseOps(text)
		if err != nil {
			t.Fatal(err)
		}
		return meter.Exact(o)
	}
	models := map[meter.ModelRef]attest.LineageModel{
		"acme/atlas@2": {Work: []attest.Work{{Activity: meter.FineTuning, Weights: meter.WeightsKept, Interval: exact("63e23"), Records: 2, Grade: meter.GradeMeasured}},
			Parents: []meter.Parent{{Model: "acme/base@1", Relation: meter.FineTunes, Input: digestOf("base")}, {Model: "big/teacher@1", Relation: meter.DistillsFrom}}},
		"acme/base@1": {Work: []attest.Work{{Activity: meter.Pretraining, Weights: meter.WeightsKept, Interval: exact("95e24"), Records: 40, Grade: meter.GradeDerived}}},
	}
	files, err := attest.NewManifest([]attest.File{{Name: "model.safetensors", Size: 7, Digest: digestOf("weights")}, {Name: "sub/config.json", Size: 2, Digest: digestOf("{}")}})
	if err != nil {
		t.Fatal(err)
	}
	lineage, err := attest.LineageOf("acme/atlas@2", func(m meter.ModelRef) (attest.LineageModel, bool) { found, ok := models[m]; return found, ok })
	if err != nil {
		t.Fatal(err)
	}
	own, err := lineage.Models[0].Activities()
	if err != nil {
		t.Fatal(err)
	}
	tool := attest.Tool{Name: "weighbridge", Version: "0.1.0"}
	subjects := attest.Subjects("acme/atlas@2", digestOf("manifest"), files.Root())
	compute, err := attest.NewStatement(subjects, attest.TrainingCompute{Model: "acme/atlas@2", Weights: attest.WeightsOf(files), Activities: own, Lineage: lineage,
		Convention: attest.Convention{Attention: "causal"}, Methods: []meter.Method{meter.Counted}, Period: &meter.Period{Start: created.Add(-48 * time.Hour), End: created},
		Findings: []meter.Finding{{Code: "gap", Message: "40 s of <telemetry> are missing"}}, Completeness: attest.Completeness, Tool: tool, CreatedAt: created})
	if err != nil {
		t.Fatal(err)
	}
	hardware, err := attest.NewStatement(subjects, attest.Hardware{Model: "acme/atlas@2", Tool: tool, CreatedAt: created,
		Devices: []attest.Device{{Product: "NVIDIA H100 SXM5 80GB", PCI: "10de:2330", Count: 512, Grade: meter.GradeMeasured, ECCN: "3A090.a", TPP: "15832", PD: "7916/407", Clause: "3A090.a.1"}},
		Models:  []attest.WorkedOn{{Model: "acme/atlas@2", Products: []attest.Product{{Product: "NVIDIA H100 SXM5 80GB", Grade: meter.GradeMeasured}}}}})
	if err != nil {
		t.Fatal(err)
	}
	return Options{Compute: compute, Hardware: hardware, PURLs: map[meter.ModelRef]string{
		"acme/atlas@2": "pkg:oci/atlas@sha256%3A" + strings.TrimPrefix(digestOf("manifest"), "sha256:"),
		"acme/base@1":  "pkg:huggingface/acme/base@" + strings.Repeat("ab", 20)}}
}

// valid holds a document to the published schema of CycloneDX 1.7.
func valid(t testing.TB, document []byte) error {
	t.Helper()
	c := jsonschema.NewCompiler()
	for _, name := range []string{"bom-1.7.schema.json", "spdx.schema.json", "jsf-0.82.schema.json", "cryptography-defs.schema.json"} {
		data, err := os.ReadFile("testdata/" + name)
		if err != nil {
			t.Fatal(err)
		}
		schema, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		if err := c.AddResource("http://cyclonedx.org/schema/"+name, schema); err != nil {
			t.Fatal(err)
		}
	}
	schema, err := c.Compile("http://cyclonedx.org/schema/bom-1.7.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	instance, err := jsonschema.UnmarshalJSON(bytes.NewReader(document))
	if err != nil {
		t.Fatal(err)
	}
	return schema.Validate(instance)
}

// TestSchema: the document is one of CycloneDX 1.7, and says what is attested; the
// validator is one that can refuse.
func TestSchema(t *testing.T) {
	data, err := Make(statements(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := valid(t, data); err != nil {
		t.Fatalf("%v\n%s", err, data)
	}
	for _, want := range []string{`"specVersion":"1.7"`, `"type":"machine-learning-model"`, `"group":"acme","name":"atlas","version":"2"`, `"purl":"pkg:huggingface/acme/base@`,
		`"value":"6300000000000000000000000"`, `"value":"95000000000000000000000000"`, `acme/atlas@2 fine-tunes acme/base@1 (weights sha256:`, `"name":"teacher"`,
		`"name":"weighbridge:count","value":"512"`, `"technicalLimitations":["` + attest.Completeness, `40 s of <telemetry> are missing`, `"name":"sub/config.json"`} {
		if !strings.Contains(string(data), want) {
			t.Errorf("it lacks %s:\n%s", want, data)
		}
	}
	for name, changed := range map[string]string{
		"another-type":   strings.Replace(string(data), "machine-learning-model", "model", 1),
		"unknown-field":  strings.Replace(string(data), `"bomFormat"`, `"more":1,"bomFormat"`, 1),
		"serial-number":  strings.Replace(string(data), "urn:uuid:", "uuid:", 1),
		"property-named": strings.Replace(string(data), `{"name":"weighbridge:`, `{"title":"weighbridge:`, 1),
	} {
		if changed == string(data) || valid(t, []byte(changed)) == nil {
			t.Errorf("%s: the validator took it", name)
		}
	}
	again, err := Make(statements(t))
	if err != nil || !bytes.Equal(data, again) {
		t.Errorf("the same statements gave another document: %v", err)
	}
	if serial := regexp.MustCompile(`urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}`); !serial.Match(data) {
		t.Error("the serial number is no UUID of version 8")
	}
}

// TestSilent: what the statements hide is not in the document, and no zero stands
// for it; it is one of CycloneDX still.
func TestSilent(t *testing.T) {
	o := statements(t)
	for _, s := range []*attest.Statement{&o.Compute, &o.Hardware} {
		concealed, err := attest.Conceal(*s, nil, nil, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		*s = concealed.Statement
	}
	data, err := Make(o)
	if err != nil {
		t.Fatal(err)
	}
	if err := valid(t, data); err != nil {
		t.Fatalf("%v\n%s", err, data)
	}
	for _, hidden := range []string{"operations", "records", "6300000000000000000000000", "telemetry", `"512"`, "weighbridge:count", "period", `"value":"0"`} {
		if strings.Contains(string(data), hidden) {
			t.Errorf("%s stands in it:\n%s", hidden, data)
		}
	}
}

// TestNoCompute: a document of nothing is none.
func TestNoCompute(t *testing.T) {
	if _, err := Make(Options{}); err == nil {
		t.Error("a document without a statement")
	}
}

// TestPURLs (package-url/purl-spec: huggingface, mlflow, oci).
func TestPURLs(t *testing.T) {
	commit, digest := strings.Repeat("0a", 20), strings.Repeat("0a", 32)
	for _, good := range []string{"pkg:huggingface/acme/atlas@" + commit, "pkg:huggingface/acme/Atlas?repository_url=https:%2F%2Fhub.example", "pkg:mlflow/creditfraud@3?run_id=1",
		"pkg:oci/atlas@sha256%3A" + digest + "?repository_url=registry.example%2Facme%2Fatlas&tag=1", "pkg:generic/atlas@1"} {
		if err := ValidPURL(good); err != nil {
			t.Error(err)
		}
	}
	for _, bad := range []string{"", "huggingface/acme/atlas", "pkg:", "pkg:huggingface/atlas", "pkg:huggingface/acme/atlas@main", "pkg:huggingface/acme/atlas@" + strings.ToUpper(commit),
		"pkg:mlflow/org/name@1", "pkg:oci/acme/atlas@sha256%3A" + digest, "pkg:oci/Atlas@sha256%3A" + digest, "pkg:oci/atlas@sha256:" + digest, "pkg:OCI/atlas", "pkg:oci/a b"} {
		if err := ValidPURL(bad); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}
