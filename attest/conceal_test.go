package attest

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/weighbridge/weighbridge/attest/disclosure"
	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/canonical"
)

// knownCompute is the example without the parent of which nothing is known, so
// that its total has a high bound: 1.07e26 and a little.
func knownCompute(t testing.TB, base string) TrainingCompute {
	t.Helper()
	models := exampleModels(t)
	top := models["acme/atlas@2"]
	top.Parents = top.Parents[:1]
	models["acme/atlas@2"] = top
	below := models["acme/atlas@1"]
	below.Work[0].Interval = between(t, base, base, base)
	lineage, err := LineageOf("acme/atlas@2", func(m meter.ModelRef) (LineageModel, bool) { found, ok := models[m]; return found, ok })
	if err != nil {
		t.Fatal(err)
	}
	c := exampleCompute(t)
	c.Lineage = lineage
	return c
}

func conceal(t testing.TB, predicate any, clear ...string) Concealed {
	t.Helper()
	s, err := ParseStatement(payload(t, predicate))
	if err != nil {
		t.Fatal(err)
	}
	tokens := ops(t, "15e12")
	c, err := Conceal(s, clear, map[meter.ModelRef]Detail{"acme/atlas@2": {Tokens: &tokens, Derivation: []string{"6 x 7e9 x 15e12"}, Architecture: []string{digestOf("config")}}}, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func texts(c Concealed, fields ...string) []string {
	var out []string
	for _, d := range c.Disclosures {
		if len(fields) == 0 || slices.Contains(fields, d.Field) {
			out = append(out, d.Text)
		}
	}
	return out
}

// TestConcealed (P1 to P3): nothing that was hidden can be read in what is signed;
// with every disclosure the open statement comes out again, to the byte.
func TestConcealed(t *testing.T) {
	open := exampleCompute(t)
	c := conceal(t, open)
	signed, err := c.Statement.Encode()
	if err != nil {
		t.Fatal(err)
	}
	// A digest is 43 random letters, and four given ones stand in one of them now and then.
	readable := regexp.MustCompile(`"[A-Za-z0-9_-]{43}"`).ReplaceAll(signed, nil)
	for _, figure := range []string{"85000000000000000000000000", "a zero too many", "telemetry", "15000000000000", "6 x 7e9", "2026-11-22-a1b2", "7d1f", "1e+", digestOf("config")} {
		if bytes.Contains(readable, []byte(figure)) {
			t.Errorf("%q can be read", figure)
		}
	}
	all, err := c.Statement.Disclose(texts(c))
	if err != nil {
		t.Fatal(err)
	}
	got, _ := canonical.Encode(all.TrainingCompute.normal())
	want, _ := canonical.Encode(open.normal())
	if string(got) != string(want) {
		t.Errorf("with all disclosures:\n got %s\nwant %s", got, want)
	}
	if detail := all.Disclosed.Details["acme/atlas@2"]; detail.Tokens == nil || *detail.Tokens != ops(t, "15e12") || len(detail.Derivation) != 1 {
		t.Errorf("details %+v", detail)
	}
	if n := len(all.Disclosed.Hidden); n != 1 { // the decoys
		t.Errorf("hidden: %q", all.Disclosed.Hidden)
	}
	hw := conceal(t, exampleHardware())
	shown, err := hw.Statement.Disclose(texts(hw))
	if err != nil {
		t.Fatal(err)
	}
	got, _ = canonical.Encode(shown.Hardware.normal())
	want, _ = canonical.Encode(exampleHardware().normal())
	if string(got) != string(want) {
		t.Errorf("hardware with all disclosures:\n got %s\nwant %s", got, want)
	}
}

// TestHiddenIsABound (P4): a hidden number is at least what is known and never
// zero at most; a threshold that was shown bounds it.
func TestHiddenIsABound(t *testing.T) {
	c := conceal(t, knownCompute(t, "8e25"))
	for _, w := range c.Statement.TrainingCompute.Lineage.Models[0].Work {
		if w.High.Known || w.Estimate.Known || !w.Low.IsZero() || w.Records != 1 {
			t.Errorf("nothing shown: %s of %d records", w.Interval, w.Records)
		}
	}
	shown, err := c.Statement.Disclose(texts(c, "total_operations_lt_1e26"))
	if err != nil {
		t.Fatal(err)
	}
	if !shown.Disclosed.Thresholds["total_operations_lt_1e26"] || len(shown.Disclosed.Thresholds) != 1 {
		t.Errorf("thresholds %v", shown.Disclosed.Thresholds)
	}
	for _, m := range shown.TrainingCompute.Lineage.Models {
		for _, w := range m.Work {
			if w.High != meter.Known(ops(t, "99999999999999999999999999")) {
				t.Errorf("%s %s: expected at most 1e26-1", m.Model, w.Interval)
			}
		}
	}
	shown, err = c.Statement.Disclose(texts(c, "magnitude"))
	if err != nil {
		t.Fatal(err)
	}
	if w := shown.TrainingCompute.Lineage.Models[0].Work[0]; w.Low != ops(t, "1e24") || w.High != meter.Known(ops(t, "1e25")) || w.Estimate.Known {
		t.Errorf("magnitude of 5e24 to 7e24: %s", w.Interval)
	}
	hw := conceal(t, exampleHardware())
	if d := hw.Statement.Hardware.Devices[0]; d.Count != 1 || !hw.Statement.Disclosed.Hides("devices[0].count") {
		t.Errorf("a hidden count is %d, hidden %v", d.Count, hw.Statement.Disclosed.Hides("devices[0].count"))
	}
}

// TestThresholds (P5): computed from the high bound; what cannot be told is null,
// never true.
func TestThresholds(t *testing.T) {
	low, lt26 := ops(t, "8e25"), Thresholds()[8]
	if lt26.Name != "total_operations_lt_1e26" {
		t.Fatal(lt26.Name)
	}
	for _, v := range []struct {
		name  string
		total meter.Interval
		at    Threshold
		want  string
	}{
		{"below", between(t, "8e25", "9e25", "99999999999999999999999999"), lt26, "true"},
		{"exactly-at-lt", meter.Exact(lt26.Operations), lt26, "false"},
		{"exactly-at-le", meter.Exact(lt26.Operations), Thresholds()[9], "true"},
		{"across", between(t, "8e25", "9e25", "1e26"), lt26, "null"},
		{"no-high", meter.Unbounded(low), lt26, "null"},
		{"above", meter.Unbounded(ops(t, "2e26")), lt26, "false"},
	} {
		if got, _ := json.Marshal(v.at.of(v.total)); string(got) != v.want {
			t.Errorf("%s: %s, expected %s", v.name, got, v.want)
		}
	}
	unbounded := conceal(t, exampleCompute(t)) // a parent is missing
	shown, err := unbounded.Statement.Disclose(texts(unbounded, "total_operations_lt_1e28", "total_operations_lt_1e22"))
	if err != nil {
		t.Fatal(err)
	}
	if answer, told := shown.Disclosed.Thresholds["total_operations_lt_1e22"]; !told || answer || len(shown.Disclosed.Thresholds) != 1 {
		t.Errorf("of an unbounded total: %v", shown.Disclosed.Thresholds)
	}
}

// TestConcealedRefused (P6): what contradicts itself, what belongs elsewhere, and
// what is not in the one encoding.
func TestConcealedRefused(t *testing.T) {
	c, other := conceal(t, knownCompute(t, "8e25")), conceal(t, knownCompute(t, "8e25"))
	fresh := func(name string, value any) string { // a forgery with a salt of its own
		i := disclosure.Issuer{Random: rand.Reader}
		i.Hide(map[string]any{}, "", []disclosure.Member{{Field: "f", Name: name, Value: value}})
		return i.Made[0].Text
	}
	open, err := ParseStatement(payload(t, exampleCompute(t)))
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range []struct {
		name        string
		s           Statement
		disclosures []string
		want        string
	}{
		{"of-another-issue", c.Statement, texts(other, "operations"), "belongs to nothing"},
		{"forged-threshold", c.Statement, []string{fresh("total_operations_lt_1e22", true)}, "belongs to nothing"},
		{"given-twice", c.Statement, append(texts(c, "period"), texts(c, "period")...), "twice"},
		{"for-an-open-statement", open, texts(c, "period"), "hides nothing"},
		{"duplicate-key-inside", c.Statement, []string{"WyJzIiwibiIseyJhIjoxLCJhIjoyfV0"}, "twice"},
	} {
		if _, err := v.s.Disclose(v.disclosures); err == nil || !strings.Contains(err.Error(), v.want) {
			t.Errorf("%s: %v, expected %q", v.name, err, v.want)
		}
	}
	signed, _ := c.Statement.Encode()
	for _, v := range []struct{ name, old, new, want string }{
		{"another-hash", `"_sd_alg":"sha-256"`, `"_sd_alg":"sha-512"`, "sha-256"},
		{"unknown-field", `"_sd_alg":"sha-256",`, `"_sd_alg":"sha-256","aa":1,`, "unknown field"},
		{"key-in-another-case", `"createdAt"`, `"CreatedAt"`, ""},
		{"white-space", `"_sd_alg":`, `"_sd_alg": `, "canonical"},
		{"duplicate-key", `"_sd_alg":"sha-256",`, `"_sd_alg":"sha-256","_sd_alg":"sha-256",`, "twice"},
		{"unknown-threshold", `"thresholds":{`, `"thresholds":{"total_operations_lt_1e99":true,`, ""},
		{"a-number-of-zero", `"activity":"fine-tuning"`, `"activity":"fine-tuning","operations":{"low":"9"}`, ""},
		{"determination", TypeTrainingCompute, TypeDetermination, "hides nothing"},
		{"other-root", `"root":"sha256:6`, `"root":"sha256:7`, ""},
	} {
		changed := strings.Replace(string(signed), v.old, v.new, 1)
		if changed == string(signed) {
			t.Errorf("%s: nothing was changed", v.name)
		}
		if _, err := ParseStatement([]byte(changed)); err == nil || !strings.Contains(err.Error(), v.want) {
			t.Errorf("%s: %v, expected %q", v.name, err, v.want)
		}
	}
}

// TestContradictingSigner (P6): a signer whose thresholds say otherwise than the
// numbers beside them is refused.
func TestContradictingSigner(t *testing.T) {
	c := conceal(t, knownCompute(t, "2e26"), fieldOperations, fieldThresholds, fieldMagnitude)
	signed, _ := c.Statement.Encode()
	for _, v := range []struct{ name, old, new, want string }{
		{"threshold", `"total_operations_lt_1e26":false`, `"total_operations_lt_1e26":true`, "at most 99999999999999999999999999"},
		{"threshold-false", `"total_operations_lt_1e27":true`, `"total_operations_lt_1e27":false`, "is false"},
		{"magnitude", `"atMost":"10000000000000000000000000"`, `"atMost":"100000000000000000000000000"`, "powers of ten"},
	} {
		changed := strings.Replace(string(signed), v.old, v.new, 1)
		if changed == string(signed) {
			t.Errorf("%s: nothing was changed in %s", v.name, signed)
		}
		if _, err := ParseStatement([]byte(changed)); err == nil || !strings.Contains(err.Error(), v.want) {
			t.Errorf("%s: %v, expected %q", v.name, err, v.want)
		}
	}
}

// TestConcealNothingElse: a determination carries its facts, and fields have names.
func TestConcealNothingElse(t *testing.T) {
	s, err := NewStatement(Subjects("acme/atlas@2", digestOf("manifest"), exampleManifest(t).Root()), exampleDetermination())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Conceal(s, nil, nil, rand.Reader); err == nil {
		t.Error("a determination was concealed")
	}
	if _, err := Conceal(s, []string{"operation"}, nil, rand.Reader); err == nil || !strings.Contains(err.Error(), "expected operations, magnitude") {
		t.Error(err)
	}
}
