package fdp

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/weighbridge/weighbridge/provenance"
)

// caseFile is a table from the law's text: facts, a question, and what must come
// out. A case's facts replace the base's, field by field.
type caseFile struct {
	Regime string    `json:"regime,omitzero"` // us-4e091 where it is not stated
	Base   Facts     `json:"base,omitzero"`
	Cases  []lawCase `json:"cases,omitzero"`
}

type lawCase struct {
	Name        string            `json:"name,omitzero" required:"yes"`
	Sentence    string            `json:"sentence,omitzero" required:"yes"`
	With        Facts             `json:"with,omitzero"`
	Without     []string          `json:"without,omitzero"`
	AsOf        string            `json:"as_of,omitzero"`
	Destination string            `json:"destination,omitzero"`
	Options     map[string]string `json:"options,omitzero"`
	Expect      expectation       `json:"expect,omitzero" required:"yes"`
	file        string
	regime      string
	facts       Facts
}

type expectation struct {
	Controlled string              `json:"controlled,omitzero"`
	Subject    string              `json:"subject_to_ear,omitzero"`
	Required   string              `json:"required,omitzero"`
	Exception  string              `json:"exception,omitzero"`
	Policy     string              `json:"policy,omitzero"`
	Low        string              `json:"low,omitzero"`
	Estimate   string              `json:"estimate,omitzero"`
	High       string              `json:"high,omitzero"`
	Margin     string              `json:"margin,omitzero"`
	Threshold  string              `json:"threshold,omitzero"`
	Reported   []string            `json:"reported,omitzero"` // figures, in order
	Notify     string              `json:"notify,omitzero"`   // the verdict of the duty to notify
	Days       string              `json:"days,omitzero"`
	Near       string              `json:"near,omitzero"`
	Codified   string              `json:"codified,omitzero"`
	Due        string              `json:"due,omitzero"`
	Enforced   string              `json:"enforced,omitzero"`
	Presumed   string              `json:"presumed,omitzero"`
	Missing    []string            `json:"missing,omitzero"` // in any order, exactly these
	Rules      map[string]string   `json:"rules,omitzero"`
	Traces     map[string][]string `json:"traces,omitzero"` // by rule: its steps as "fact: value, grade"
}

func lawCases(t testing.TB) []lawCase {
	t.Helper()
	files, err := filepath.Glob("testdata/cases/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files in testdata/cases: %v", len(files), err)
	}
	var out []lawCase
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		d, root, err := openDocument(data, name)
		if err != nil {
			t.Fatal(err)
		}
		var file caseFile
		if err := d.decode(root, "", reflect.ValueOf(&file).Elem(), ""); err != nil {
			t.Fatal(err)
		}
		if len(file.Cases) == 0 {
			t.Fatalf("%s has no cases", name)
		}
		for _, c := range file.Cases {
			c.file, c.regime, c.facts = filepath.Base(name), cmp.Or(file.Regime, "us-4e091"), lay(t, file.Base, c)
			out = append(out, c)
		}
	}
	return out
}

func lay(t testing.TB, base Facts, c lawCase) Facts {
	v, with := reflect.ValueOf(&base).Elem(), reflect.ValueOf(c.With)
	fields := fieldsOf(v.Type())
	for _, name := range c.Without {
		f, found := fields[name]
		if !found {
			t.Fatalf("case %s: no field %q to leave out", c.Name, name)
		}
		v.FieldByIndex(f.Index).SetZero()
	}
	for i := range v.NumField() {
		if v.Type().Field(i).IsExported() && !with.Field(i).IsZero() {
			v.Field(i).Set(with.Field(i))
		}
	}
	return base
}

func (c lawCase) question(t testing.TB) Question {
	q := Question{Regimes: []string{cmp.Or(c.regime, "us-4e091")}, Destination: c.Destination, Options: c.Options, AsOf: time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC)}
	if c.AsOf != "" {
		var err error
		if q.AsOf, err = ParseDate(c.AsOf); err != nil {
			t.Fatal(err)
		}
	}
	return q
}

func embeddedForTest(t testing.TB) (*Rules, *provenance.Catalogue) {
	t.Helper()
	r, err := Embedded()
	if err != nil {
		t.Fatal(err)
	}
	c, err := provenance.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	return r, c
}

// TestCasesFromTheText (F2, F6, F9, F16, R5, R6, R7, R8, D1, D2, D3, D10) runs every case, and says how many there are.
func TestCasesFromTheText(t *testing.T) {
	r, catalogue := embeddedForTest(t)
	cases := lawCases(t)
	byRegime := map[string]int{}
	for _, c := range cases {
		byRegime[c.regime]++
	}
	for _, regime := range r.Regimes() {
		if t.Logf("%s: %d cases", regime, byRegime[regime]); byRegime[regime] < 12 {
			t.Errorf("%s has %d cases, expected a dozen at least", regime, byRegime[regime])
		}
	}
	for _, c := range cases {
		t.Run(c.file+"/"+c.Name, func(t *testing.T) {
			got, err := Evaluate(r, catalogue, c.facts, c.question(t))
			if err != nil {
				t.Fatal(err)
			}
			for _, problem := range c.Expect.compare(got[0]) {
				t.Errorf("%s %s", c.Sentence, problem)
			}
		})
	}
}

func (e expectation) compare(d Determination) []string {
	var out []string
	margin, threshold, notify, days := "null", "null", "null", "null"
	if d.Weighed == nil {
		d.Weighed = &Weighed{}
	}
	if d.Export == nil {
		d.Export = &Export{}
	}
	if d.Margin != nil {
		margin = d.Margin.String()
	}
	if d.Threshold != nil {
		threshold = d.Threshold.Is + " " + d.Threshold.Value.String()
	}
	if d.Notification != nil {
		notify, days = d.Notification.Verdict.String(), fmt.Sprint(d.Notification.Days)
	}
	if e.Reported != nil {
		var figures []string
		for _, r := range d.Reported {
			figures = append(figures, r.Figure)
		}
		if !slices.Equal(figures, e.Reported) {
			out = append(out, fmt.Sprintf("reported: got %q, want %q", figures, e.Reported))
		}
	}
	for _, f := range []struct{ name, want, got string }{
		{"controlled", e.Controlled, d.Controlled.String()}, {"subject_to_ear", e.Subject, d.SubjectToEAR.String()},
		{"licence.required", e.Required, d.Licence.Required.String()}, {"licence.exception", e.Exception, orNone(d.Licence.Exception)},
		{"licence.policy", e.Policy, orNone(d.Licence.Policy)}, {"operations.low", e.Low, d.Operations.Low.String()},
		{"operations.estimate", e.Estimate, d.Operations.Estimate.String()}, {"operations.high", e.High, d.Operations.High.String()},
		{"margin", e.Margin, margin}, {"threshold", e.Threshold, threshold}, {"notify", e.Notify, notify}, {"days", e.Days, days}, {"near", e.Near, fmt.Sprint(d.Near)}, {"codified", e.Codified, fmt.Sprint(d.Status.Codified)},
		{"compliance_due", e.Due, fmt.Sprint(d.Status.ComplianceDue)}, {"enforced", e.Enforced, fmt.Sprint(d.Status.Enforced)},
		{"presumed", e.Presumed, fmt.Sprint(d.Status.Presumed)},
	} {
		if f.want != "" && f.want != f.got {
			out = append(out, fmt.Sprintf("%s: got %s, want %s", f.name, f.got, f.want))
		}
	}
	if e.Missing != nil {
		var paths []string
		for _, m := range d.Missing {
			paths = append(paths, m.Path)
		}
		want := slices.Sorted(slices.Values(e.Missing))
		slices.Sort(paths)
		if !slices.Equal(paths, want) {
			out = append(out, fmt.Sprintf("missing: got %s, want %s", strings.Join(paths, " "), strings.Join(want, " ")))
		}
	}
	for _, f := range d.Findings {
		if want := e.Rules[f.Rule]; want != "" && want != f.Verdict.String() {
			out = append(out, fmt.Sprintf("%s: got %s, want %s", f.Rule, f.Verdict, want))
		}
		if want, given := e.Traces[f.Rule]; given && !slices.Equal(want, traceLines(f.Trace)) {
			out = append(out, fmt.Sprintf("trace of %s:\ngot  %q\nwant %q", f.Rule, traceLines(f.Trace), want))
		}
	}
	for rule := range e.Rules {
		if !slices.ContainsFunc(d.Findings, func(f Finding) bool { return f.Rule == rule }) {
			out = append(out, "a verdict of "+rule+", which is no rule")
		}
	}
	for rule := range e.Traces {
		if !slices.ContainsFunc(d.Findings, func(f Finding) bool { return f.Rule == rule }) {
			out = append(out, "a trace of "+rule+", which is no rule")
		}
	}
	return out
}

func traceLines(trace []Step) []string {
	lines := make([]string, len(trace))
	for i, s := range trace {
		lines[i] = s.Fact + ": " + s.Value
		if s.Grade != "" {
			lines[i] += ", " + string(s.Grade)
		}
	}
	return lines
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}
