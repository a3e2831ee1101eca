package fdp

import (
	"cmp"
	"os"
	"reflect"
	"slices"
	"testing"
)

// deskFile is a table from the text of Red Flag 28 and the IaaS conditions. Of a
// case, set replaces fields of the base and service the whole of its service.
type deskFile struct {
	Base  Facts      `json:"base,omitzero" required:"yes"`
	Cases []deskCase `json:"cases,omitzero"`
}

type deskCase struct {
	Name     string            `json:"name,omitzero" required:"yes"`
	Sentence string            `json:"sentence,omitzero" required:"yes"`
	Set      Facts             `json:"set,omitzero"`
	Service  Service           `json:"service,omitzero"`
	Regime   string            `json:"regime,omitzero"` // whose desk; empty: us-4e091
	AsOf     string            `json:"as_of,omitzero"`
	Options  map[string]string `json:"options,omitzero"`
	Expect   deskExpectation   `json:"expect,omitzero" required:"yes"`
}

type deskExpectation struct {
	Flag     string            `json:"flag,omitzero"`
	Codified string            `json:"codified,omitzero"`
	Due      string            `json:"due,omitzero"`
	Enforced string            `json:"enforced,omitzero"`
	Actions  []string          `json:"actions,omitzero"`
	Missing  []string          `json:"missing,omitzero"` // of all gates, some of it
	Only     *bool             `json:"only,omitzero"`    // true: and nothing else but what would earn an exclusion
	Rules    map[string]string `json:"rules,omitzero"`
}

func deskCases(t testing.TB) (Facts, []deskCase) {
	t.Helper()
	const name = "testdata/desk/cases.yaml"
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	d, root, err := openDocument(data, name)
	if err != nil {
		t.Fatal(err)
	}
	var file deskFile
	if err := d.decode(root, "", reflect.ValueOf(&file).Elem(), ""); err != nil {
		t.Fatal(err)
	}
	if len(file.Cases) == 0 {
		t.Fatal("no cases")
	}
	return file.Base, file.Cases
}

// outcomeUnder is the outcome of one desk's gates under a standing (V1, V2).
func outcomeUnder(d Desk, standing string) string {
	verdict := DoesNotApply
	for _, g := range d.Gates {
		if g.Always || (Determination{Status: d.Status}).StandsUnder(standing) {
			verdict = verdict.Or(g.Holds)
		}
	}
	return map[Verdict]string{Applies: "hold", DoesNotApply: "release", Undetermined: "undetermined"}[verdict]
}

// The cases of the law's text (V1 to V4).
func TestDeskCases(t *testing.T) {
	r, c := embeddedForTest(t)
	base, cases := deskCases(t)
	for _, dc := range cases {
		t.Run(dc.Name, func(t *testing.T) {
			facts := lay(t, base, lawCase{With: dc.Set})
			if (dc.Service != Service{}) {
				facts.Service = dc.Service
			}
			q := lawCase{AsOf: dc.AsOf, Options: dc.Options}.question(t)
			q.Regimes = []string{cmp.Or(dc.Regime, "us-4e091")}
			desks, err := EvaluateDesk(r, c, facts, q)
			if err != nil || len(desks) != 1 || desks[0].Regime != q.Regimes[0] {
				t.Fatalf("%d desks, expected that of %s: %v", len(desks), q.Regimes[0], err)
			}
			checkDesk(t, dc.Sentence, desks[0], dc.Expect)
		})
	}
	t.Logf("%d cases", len(cases))
}

func checkDesk(t *testing.T, sentence string, d Desk, want deskExpectation) {
	t.Helper()
	for _, x := range []struct{ name, found, want string }{
		{"flag", d.Flag.String(), want.Flag}, {"codified", outcomeUnder(d, "codified"), want.Codified},
		{"due", outcomeUnder(d, "due"), want.Due}, {"enforced", outcomeUnder(d, "enforced"), want.Enforced},
	} {
		if x.want != "" && x.found != x.want {
			t.Errorf("%s: %s is %s, expected %s", sentence, x.name, x.found, x.want)
		}
	}
	var actions, missing []string
	for _, a := range d.Actions {
		actions = append(actions, a.Action)
	}
	for _, g := range d.Gates {
		for _, m := range g.Missing {
			missing = append(missing, m.Path)
			if want.Only != nil && *want.Only && m.Reason != ReasonEvidence && !slices.Contains(want.Missing, m.Path) {
				t.Errorf("%s: %s is missing (%s), which could change nothing", sentence, m.Path, m.Reason)
			}
			if m.Hint == "" || m.Hint == unhinted {
				t.Errorf("no hint on where to get %s", m.Path)
			}
		}
	}
	if want.Actions != nil && !slices.Equal(actions, want.Actions) && len(actions)+len(want.Actions) > 0 {
		t.Errorf("%s: actions %q, expected %q", sentence, actions, want.Actions)
	}
	for _, path := range want.Missing {
		if !slices.Contains(missing, path) {
			t.Errorf("%s: missing %q, expected %s among them", sentence, missing, path)
		}
	}
	for rule, verdict := range want.Rules {
		at := slices.IndexFunc(d.Findings, func(f Finding) bool { return f.Rule == rule })
		if at < 0 || d.Findings[at].Verdict.String() != verdict {
			t.Errorf("%s: %s is not %s: %+v", sentence, rule, verdict, d.Findings)
		}
	}
}

// A delivery that is held is never released because something is not said: whom the
// weights go to, where, at which stage, and what the service is.
func TestSilenceReleasesNothing(t *testing.T) {
	r, c := embeddedForTest(t)
	base, cases := deskCases(t)
	silences := map[string]func(*Facts){
		"service.stage":                    func(f *Facts) { f.Service.Stage = "" },
		"service.kind":                     func(f *Facts) { f.Service.Kind = "" },
		"service.customer.headquarters":    func(f *Facts) { f.Service.Customer.Headquarters = "" },
		"service.customer.ultimate_parent": func(f *Facts) { f.Service.Customer.UltimateParent = "" },
		"service.customer.location":        func(f *Facts) { f.Service.Customer.Location = "" },
		"service.customer":                 func(f *Facts) { f.Service.Customer = Customer{} },
		"training.location":                func(f *Facts) { f.Training.Location = nil },
		"operations":                       func(f *Facts) { f.Operations = nil },
		"parents":                          func(f *Facts) { f.Parents = nil },
		"weights.publication":              func(f *Facts) { f.Weights.Publication = "" },
		"recipient.storage_compliant":      func(f *Facts) { f.Recipient.StorageCompliant = nil },
	}
	held := 0
	for _, dc := range cases {
		facts := lay(t, base, lawCase{With: dc.Set})
		if (dc.Service != Service{}) {
			facts.Service = dc.Service
		}
		q := lawCase{AsOf: dc.AsOf, Options: dc.Options}.question(t)
		desks, err := EvaluateDesk(r, c, facts, q)
		if err != nil || outcomeUnder(desks[0], "codified") != "hold" {
			continue
		}
		held++
		for name, silence := range silences {
			silent := facts
			silence(&silent)
			desks, err := EvaluateDesk(r, c, silent, q)
			if err != nil || outcomeUnder(desks[0], "codified") == "release" {
				t.Errorf("%s: it is held, and without %s it is released (%v)", dc.Name, name, err)
			}
		}
	}
	if held < 20 {
		t.Errorf("%d cases are held", held)
	}
}

// What a determination says does not change for the clauses of a desk: the two
// are separate answers.
func TestDeskIsNoDetermination(t *testing.T) {
	r, c := embeddedForTest(t)
	base, _ := deskCases(t)
	d, err := Evaluate(r, c, base, lawCase{}.question(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range d[0].Findings {
		for _, clause := range r.packs["us-4e091"].deskClauses() {
			if f.Rule == clause.ID {
				t.Errorf("the determination lists %s", f.Rule)
			}
		}
	}
}
