package fdp

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/weighbridge/weighbridge/meter"
)

// TestSpecExample: the example of SPEC.md is read (F1 to F12), its canonical form
// reads back (F10), and it gives what its facts say.
func TestSpecExample(t *testing.T) {
	spec, err := os.ReadFile("SPEC.md")
	if err != nil {
		t.Fatal(err)
	}
	f, err := ParseFacts([]byte(block(t, string(spec), "```yaml facts\n")), "SPEC.md")
	if err != nil {
		t.Fatal(err)
	}
	r, catalogue := embeddedForTest(t)
	d, err := Evaluate(r, catalogue, f, lawCase{}.question(t))
	if err != nil {
		t.Fatal(err)
	}
	if d[0].Controlled != Applies || d[0].SubjectToEAR != Applies || d[0].Licence != (Licence{Applies, "", "presumption-of-denial"}) || d[0].RulesDigest != r.Digest() {
		t.Errorf("%+v", d[0])
	}
	for _, list := range [][]string{derivedFacts, quantities} {
		for _, name := range list {
			if !strings.Contains(string(spec), "`"+name+"`") {
				t.Errorf("SPEC.md does not name %s", name)
			}
		}
	}
}

func TestQuestionErrors(t *testing.T) {
	r, catalogue := embeddedForTest(t)
	today := time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name, field, want string
		q                 Question
	}{
		{"regime", "regime", "expected one of eu-gpai, eu-gpai-systemic", Question{AsOf: today, Regimes: []string{"us-4e092"}}},
		{"regime-twice", "regime", "stands twice", Question{AsOf: today, Regimes: []string{"us-4e091", "us-4e091"}}},
		{"option", "option", "expected one of activation_recompute", Question{AsOf: today, Regimes: []string{"us-4e091"}, Options: map[string]string{"aia": "x"}}},
		{"option-value", "option", "expected one of either, hq_only, neither_outside", Question{AsOf: today, Options: map[string]string{"aia_hq_test": "both"}}},
		{"option-fact", "option", "note2_evidence is a fact", Question{AsOf: today, Options: map[string]string{"note2_evidence": "ccats"}}},
		{"destination", "destination", "ISO 3166", Question{AsOf: today, Destination: "XX"}},
		{"no-date", "as-of", "before the first that the packs hold: 2024-01-01, of us-eo14110", Question{}},
		{"time", "as-of", "midnight UTC", Question{AsOf: today.Add(time.Hour)}},
	} {
		var wrong *QuestionError
		if _, err := Evaluate(r, catalogue, Facts{}, c.q); !errors.As(err, &wrong) || wrong.Field != c.field || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %s: %s", c.name, err, c.field, c.want)
		}
	}
}

// TestUnknownOption: regimes share options, and the refusal names each once.
func TestUnknownOption(t *testing.T) {
	r, catalogue := embeddedForTest(t)
	_, err := Evaluate(r, catalogue, Facts{}, Question{AsOf: time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC), Options: map[string]string{"aia": "x"}})
	if err == nil {
		t.Fatal("an unknown option was taken")
	}
	_, list, _ := strings.Cut(err.Error(), "expected one of ")
	names := strings.Split(list, ", ")
	if len(names) < 20 || !slices.IsSorted(names) || len(slices.Compact(slices.Clone(names))) != len(names) {
		t.Errorf("%v", names)
	}
}

// TestChoicesOfManySizes: one choice may have more values under one reading than
// under another, and is pivotal where any two of them differ.
func TestChoicesOfManySizes(t *testing.T) {
	runs, whole := explore(&evaluation{}, func(c *chooser) int {
		first := c.pick("first", 2, []Missing{{Path: "first"}})
		return 10 * c.pick("second", 2+2*first, []Missing{{Path: "second"}})
	})
	missing := pivotal(runs, func(a, b []run[int]) bool { return a[0].result == b[0].result })
	if len(runs) != 6 || !whole || len(missing) != 1 || missing[0].Path != "second" {
		t.Errorf("%d runs, pivotal %v", len(runs), missing)
	}
}

func TestQuestionEncoding(t *testing.T) {
	text := `{"regimes":["us-4e091"],"as_of":"2026-11-25","destination":"SG","options":{"aia_hq_test":"either"}}`
	var q Question
	if err := json.Unmarshal([]byte(text), &q); err != nil {
		t.Fatal(err)
	}
	if again, err := json.Marshal(q); err != nil || string(again) != text {
		t.Errorf("%s, %v", again, err)
	}
	for _, bad := range []string{`{}`, `{"as_of":"2026-1-1"}`, `{"as_of":"2026-11-25","when":1}`, `{"as_of":"2026-11-25","as_of":"2026-11-25"}`, `{"AS_OF":"2026-11-25"}`} {
		if err := json.Unmarshal([]byte(bad), &q); err == nil {
			t.Errorf("%s was read", bad)
		}
	}
}

func TestDeterminationEncoding(t *testing.T) {
	r, catalogue := embeddedForTest(t)
	for _, c := range lawCases(t)[:5] {
		encoded := determined(t, r, catalogue, c)
		d, err := ParseDetermination(encoded)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := d.Encode(); err != nil || string(again) != string(encoded) {
			t.Errorf("%s, %v", again, err)
		}
		for _, bad := range [][]byte{append([]byte(" "), encoded...), append(encoded, '\n'), []byte(strings.Replace(string(encoded), `"regime"`, `"Regime"`, 1)), nil} {
			if _, err := ParseDetermination(bad); err == nil {
				t.Errorf("%.60s was read", bad)
			}
		}
	}
}

// TestRulesTravel (R2): the files of a pack make the same rules with the same digest.
func TestRulesTravel(t *testing.T) {
	r, _ := embeddedForTest(t)
	sent, err := RulesFromFiles(r.Files())
	if err != nil || sent.Digest() != r.Digest() || !strings.HasPrefix(r.Digest(), "sha256:") {
		t.Errorf("%v", err)
	}
	files := r.Files()
	files["us-4e091/clauses.yaml"] = append([]byte("# another\n"), files["us-4e091/clauses.yaml"]...)
	changed, err := RulesFromFiles(files)
	if err != nil || changed.Digest() == r.Digest() {
		t.Errorf("a changed byte left the digest: %v", err)
	}
	if len(r.Clauses("us-4e091")) == 0 || len(r.Options("us-4e091")) == 0 || r.Clauses("none") != nil || r.Options("none") != nil {
		t.Error("the clauses and options of a regime")
	}
}

func TestVerdictLogic(t *testing.T) {
	all := []Verdict{Undetermined, Applies, DoesNotApply}
	for _, a := range all {
		var back Verdict
		if text, err := a.MarshalText(); err != nil || back.UnmarshalText(text) != nil || back != a {
			t.Errorf("%s does not read back", a)
		}
		for _, b := range all {
			if a.And(b) != b.And(a) || a.Or(b) != a.Not().And(b.Not()).Not() || a.Not().Not() != a {
				t.Errorf("%s and %s", a, b)
			}
		}
	}
	if Undetermined.And(DoesNotApply) != DoesNotApply || Undetermined.Or(Applies) != Applies || Undetermined.And(Applies) != Undetermined || Undetermined.Or(DoesNotApply) != Undetermined {
		t.Error("Kleene's tables")
	}
	var v Verdict
	if v != Undetermined || v.UnmarshalText([]byte("yes")) == nil {
		t.Error("the zero verdict, or a word that is none")
	}
}

// TestTooLargeASum: past 2^128 an evaluation is an error, not a number.
func TestTooLargeASum(t *testing.T) {
	r, catalogue := embeddedForTest(t)
	huge := meter.Exact(mustOps("3e38"))
	f := Facts{Operations: []Work{{Activity: meter.Pretraining, Interval: &huge}, {Activity: meter.FineTuning, Interval: &huge}}, Parents: []Parent{}, SyntheticData: []Generator{}}
	if _, err := Evaluate(r, catalogue, f, lawCase{}.question(t)); !errors.Is(err, meter.ErrOpsRange) {
		t.Errorf("got %v, want %v", err, meter.ErrOpsRange)
	}
}

// TestManyOpenGenerators: more combinations than are tried leave the number
// unbounded, and an evaluation that ends.
func TestManyOpenGenerators(t *testing.T) {
	r, catalogue := embeddedForTest(t)
	own := meter.Exact(mustOps("1e20"))
	f := Facts{Operations: []Work{{Activity: meter.Pretraining, Interval: &own}}, Parents: []Parent{}}
	for _, name := range []string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"} {
		f.SyntheticData = append(f.SyntheticData, Generator{Generator: meter.ModelRef(name + "/m@1")})
	}
	d, err := Evaluate(r, catalogue, f, lawCase{}.question(t))
	if err != nil || d[0].Controlled != Undetermined || d[0].Operations.High.Known || len(d[0].Missing) == 0 {
		t.Errorf("%v %v %v", d[0].Controlled, d[0].Operations, err)
	}
}

func TestCountries(t *testing.T) {
	for code, name := range map[string]string{"JP": "Japan", "GB": "Britain (UK)", "TW": "Taiwan", "MO": "Macau", "HK": "Hong Kong"} {
		if c, err := ParseCountry(code); err != nil || c.Name() != name {
			t.Errorf("%s is %q: %v", code, c.Name(), err)
		}
	}
	if n := strings.Count(countries, "\n"); n != 250 {
		t.Errorf("%d lines of countries", n)
	}
	for _, bad := range []string{"", "J", "JPN", "jp", "ZZ", "\nA", "# "} {
		if _, err := ParseCountry(bad); err == nil {
			t.Errorf("%q was read as a country", bad)
		}
	}
}

// TestEveryRequirementIsTested: each numbered requirement of SPEC.md is cited by
// a test.
func TestEveryRequirementIsTested(t *testing.T) {
	spec, err := os.ReadFile("SPEC.md")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	var tests []byte
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		tests = append(tests, text...)
	}
	ids := regexp.MustCompile(`(?m)^- \*\*([FRD][0-9]+)\*\*`).FindAllStringSubmatch(string(spec), -1)
	if len(ids) < 20 {
		t.Fatalf("only %d requirements were found in SPEC.md", len(ids))
	}
	for _, id := range ids {
		if !regexp.MustCompile(`//.*\b` + id[1] + `\b`).Match(tests) {
			t.Errorf("no test cites %s", id[1])
		}
	}
}

// TestAnswersOfTheLicence (D4): the clause that names the exception and the one that
// names the policy say so, and nobody does where no licence is required.
func TestAnswersOfTheLicence(t *testing.T) {
	r, catalogue := embeddedForTest(t)
	seen := map[string]int{}
	for _, c := range lawCases(t) {
		got, err := Evaluate(r, catalogue, c.facts, c.question(t))
		if err != nil {
			t.Fatal(err)
		}
		d := got[0]
		for _, f := range d.Findings {
			if d.Export == nil || f.Answers != "licence.exception" && f.Answers != "licence.policy" {
				continue
			}
			seen[f.Answers]++
			value := map[string]string{"licence.exception": d.Licence.Exception, "licence.policy": d.Licence.Policy}[f.Answers]
			if d.Licence.Required == DoesNotApply || (value == "") != (f.Verdict == DoesNotApply) || (value == Undetermined.String()) != (f.Verdict == Undetermined) {
				t.Errorf("%s/%s: %s is %q by %s, which is %s", c.file, c.Name, f.Answers, value, f.Rule, f.Verdict)
			}
		}
	}
	if len(seen) != 2 {
		t.Errorf("answers seen: %v, expected both", seen)
	}
}
