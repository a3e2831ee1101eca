package verify

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/weighbridge/weighbridge/attest"
	"github.com/weighbridge/weighbridge/attest/sign"
	"github.com/weighbridge/weighbridge/meter"
)

// party is a signer with one key.
func party(t *testing.T, name string, keys ...signer) Signer {
	t.Helper()
	s := Signer{Name: name, Role: name}
	for _, k := range keys {
		s.Keys = append(s.Keys, public(t, k))
	}
	return s
}

// TestSeveralSigners (R5): one statement by several keys is one statement, and the
// result says who signed what; another's statement about something else is refused.
func TestSeveralSigners(t *testing.T) {
	s, auditor := happy(t), newKey(t, sign.Ed25519)
	e, problem := openBundle(s.in.Bundles[0])
	if problem != nil {
		t.Fatal(problem)
	}
	s.in.Bundles = append(s.in.Bundles, signed(t, auditor, e.payload))
	s.policy.Keys = append(s.policy.Keys, public(t, auditor))
	s.policy.Signers = []Signer{party(t, "lab", s.key), party(t, "auditor", auditor)}
	r := s.verify(t)
	if !r.OK || len(r.Statements) != 2 || len(r.Statements[0].Signers) != 2 || len(r.Signers) != 2 {
		t.Fatalf("%s %+v", messages(r), r.Signers)
	}
	if got := r.Signers[1]; got.Name != "auditor" || got.ID != auditor.ID() || !slices.Equal(got.Statements, []string{attest.TypeTrainingCompute}) {
		t.Errorf("%+v", got)
	}
	s.in.Bundles[2] = signed(t, auditor, payload(t, digestOf("another shipment"), s.in.Found, compute(t, s.in.Found)))
	if r := s.verify(t); r.OK || !slices.Contains(codes(r), CodeOtherManifest) {
		t.Errorf("another subject: %v", codes(r))
	}
	other := compute(t, s.in.Found)
	other.Findings = []meter.Finding{{Code: "x", Message: "seen otherwise"}}
	s.in.Bundles[2] = signed(t, auditor, payload(t, manifestDigest, s.in.Found, other))
	if r := s.verify(t); r.OK || !slices.Contains(codes(r), CodeSeveralStatements) {
		t.Errorf("two that differ: %v", codes(r))
	}
}

// TestDemands (R5): m of n parties, counted over one statement, each party once.
func TestDemands(t *testing.T) {
	s := happy(t)
	second, auditor := newKey(t, sign.Ed25519), newKey(t, sign.Ed25519)
	e, _ := openBundle(s.in.Bundles[0])
	lab, cert := party(t, "lab", s.key, second), party(t, "auditor", auditor)
	s.policy.Keys = append(slices.Clone(lab.Keys), cert.Keys...)
	ask := func(threshold int, types []string, of ...Signer) Result {
		s.policy.Demands = []Demand{{types, of, threshold}}
		return s.verify(t)
	}
	computes := []string{attest.TypeTrainingCompute}
	if r := ask(1, computes, lab, cert); !r.OK {
		t.Errorf("one of two: %s", messages(r))
	}
	if r := ask(2, computes, lab, cert); strings.Join(codes(r), " ") != CodeMissingSigner || !strings.Contains(messages(r), "is signed by lab: the policy asks for 2 of lab, auditor") {
		t.Errorf("two of two: %s", messages(r))
	}
	if r := ask(1, computes, cert); !strings.Contains(messages(r), "none of the signers that it must be signed by") {
		t.Errorf("the other: %s", messages(r))
	}
	s.in.Bundles = append(s.in.Bundles, signed(t, second, e.payload))
	if r := ask(2, computes, lab, cert); r.OK {
		t.Error("two keys of one party counted as two parties")
	}
	s.in.Bundles = append(s.in.Bundles, signed(t, auditor, e.payload))
	if r := ask(2, computes, lab, cert); !r.OK {
		t.Errorf("both: %s", messages(r))
	}
	if r := ask(2, []string{attest.TypeTrainingCompute, attest.TypeHardware}, lab, cert); strings.Join(codes(r), " ") != CodeMissingSigner || len(r.Problems) != 1 {
		t.Errorf("of every type: %s", messages(r))
	}
	for _, d := range []Demand{{computes, []Signer{lab}, 0}, {computes, []Signer{lab}, 2}, {nil, []Signer{lab}, 1}} {
		s.policy.Demands = []Demand{d}
		if r, err := Verify(s.in, s.policy); err == nil || r.OK {
			t.Errorf("%+v was taken", d)
		}
	}
}

// TestLevels (L1 to L5): computed from what was accepted, with what is wanting; no
// shipment reaches more than this version can check.
func TestLevels(t *testing.T) {
	s := happy(t)
	r := s.verify(t)
	if a := r.Assurance; a.Quantity.Level != Declared || a.Hardware.Level != NoLevel || a.Claim != NoLevel || len(a.Quantity.Why) < 3 || a.Quantity.Next != Metered || len(a.Hardware.Why) != 1 {
		t.Errorf("%+v", a)
	}
	h := hardware()
	h.Devices = []attest.Device{{Product: "NVIDIA H100 SXM5 80GB", Count: 8, Grade: meter.GradeDeclared, ECCN: "undetermined"}}
	h.Models = []attest.WorkedOn{{Model: model, Products: []attest.Product{{Product: "NVIDIA H100 SXM5 80GB", Grade: meter.GradeDeclared}}}}
	with := func(h attest.Hardware) Result {
		s.in.Bundles[1] = signed(t, s.key, payload(t, manifestDigest, s.in.Found, h))
		return s.verify(t)
	}
	r = with(h)
	if a := r.Assurance; !r.OK || a.Claim != Declared || a.Hardware.Level != Declared || a.Hardware.Next != Metered {
		t.Errorf("%s %+v", messages(r), a)
	}
	text, err := json.Marshal(r.Assurance)
	if err != nil || !strings.HasPrefix(string(text), `{"claim":"declared","quantity":{"level":"declared","next":"metered","why_not_next":[`) {
		t.Errorf("%s %v", text, err)
	}
	for _, want := range []MinLevels{{Claim: Metered}, {Quantity: Metered}, {Hardware: Metered}, {Claim: HardwareRooted}} {
		s.policy.Levels = want
		if r := s.verify(t); strings.Join(codes(r), " ") != CodeLevel || !strings.Contains(messages(r), "the policy asks for") {
			t.Errorf("%+v: %s", want, messages(r))
		}
	}
	s.policy.Levels = MinLevels{Declared, Declared, Declared}
	if r := s.verify(t); !r.OK {
		t.Error(messages(r))
	}
	h.Devices[0].Product, h.Models[0].Products[0].Product = "NVIDIA H1000", "NVIDIA H1000"
	if r := with(h); r.OK || !strings.Contains(messages(r), `"NVIDIA H1000" is not an accelerator of the catalogue`) {
		t.Errorf("unknown device: %s", messages(r))
	}
	if _, err := ParseLevel("gold"); err == nil {
		t.Error("a level that there is not")
	}
}

// TestOnly (R4): a part of the files is checked against the signed list, and said
// to be a part.
func TestOnly(t *testing.T) {
	s := happy(t)
	only := func(contents ...string) Result {
		t.Helper()
		in := s.in
		in.Found = attest.Manifest{}
		if len(contents) > 0 {
			in.Found = files(t, contents...)
		}
		r, err := Only(in, s.policy)
		if err != nil || r.OK != (len(r.Problems) == 0) {
			t.Fatal(r, err)
		}
		return r
	}
	r := only("model-2.safetensors", "two")
	if !r.OK || r.Partial == nil || r.Partial.Files != 1 || r.Partial.Of != 3 || !slices.Equal(r.Partial.Missing, []string{"config.json", "model-1.safetensors"}) ||
		!strings.HasPrefix(r.NotChecked[0], "PARTIAL: 1 of 3 files") || r.Subjects[0].Name != "signed-oms-root" {
		t.Errorf("%s %+v", messages(r), r)
	}
	if r := only("config.json", "{}", "model-1.safetensors", "one", "model-2.safetensors", "two"); !r.OK || r.Partial != nil {
		t.Errorf("all of them: %+v", r.Partial)
	}
	for name, c := range map[string]struct {
		contents []string
		says     string
	}{
		"changed":  {[]string{"model-2.safetensors", "twO"}, "model-2.safetensors changed"},
		"extra":    {[]string{"model-2.safetensors", "two", "run.sh", "x"}, "run.sh is extra"},
		"renamed":  {[]string{"model-3.safetensors", "two"}, "was renamed to model-3.safetensors"},
		"nothing":  {nil, "none of the files that were signed is at hand"},
		"one sign": {[]string{"config.json", "{} "}, "config.json changed"},
	} {
		if r := only(c.contents...); r.OK || !strings.Contains(messages(r), c.says) {
			t.Errorf("%s: %s", name, messages(r))
		}
	}
	s.policy.Keys = []*PublicKey{public(t, newKey(t, sign.Ed25519))}
	if r := only("model-2.safetensors", "two"); strings.Join(codes(r), " ") != CodePartial {
		t.Errorf("another key's list: %v", codes(r))
	}
}

// TestOpen (V3): without weights a bundle gives its statement and signer, or nothing.
func TestOpen(t *testing.T) {
	s := happy(t)
	o, err := Open(s.in.Bundles[0], s.policy.Keys)
	if err != nil || o.Signer.ID() != s.key.ID() || o.Statement.TrainingCompute == nil || !attest.ValidDigest(o.Digest) {
		t.Fatal(o, err)
	}
	again, err := ParsePublicKey(s.policy.Keys[0].PEM())
	if err != nil || again.ID() != s.key.ID() {
		t.Error(err)
	}
	other := []*PublicKey{public(t, newKey(t, sign.Ed25519))}
	for _, data := range [][]byte{nil, []byte("{}"), s.in.Bundles[0]} {
		if o, err := Open(data, other); err == nil {
			t.Errorf("%+v", o)
		}
	}
	if got := Claimed(append(s.in.Bundles, []byte("x")), Policy{}); !slices.Equal(got, []string{string(model)}) {
		t.Error(got)
	}
	if got := Claimed(s.in.Bundles, Policy{Keys: other}); len(got) != 0 {
		t.Error(got)
	}
}

// TestStatementVersions (S3, S4): both statement types are read, and the predicate
// type is that of the signed payload, whatever anything unsigned says.
func TestStatementVersions(t *testing.T) {
	s := happy(t)
	for _, version := range []string{"https://in-toto.io/Statement/v1", "https://in-toto.io/Statement/v0.1"} {
		text := strings.Replace(string(payload(t, manifestDigest, s.in.Found, hardware())), attest.StatementType, version, 1)
		s.in.Bundles[1] = raw(t, s.key, attest.PayloadType, []byte(text))
		if r := s.verify(t); !r.OK || r.Statements[1].PredicateType != attest.TypeHardware {
			t.Errorf("%s: %s", version, messages(r))
		}
	}
	text := strings.Replace(string(payload(t, manifestDigest, s.in.Found, hardware())), attest.StatementType, "https://in-toto.io/Statement/v2", 1)
	s.in.Bundles[1] = raw(t, s.key, attest.PayloadType, []byte(text))
	if r := s.verify(t); r.OK {
		t.Error("a statement type that nobody knows")
	}
}
