package attest

import (
	"slices"
	"strings"
	"testing"

	"github.com/weighbridge/weighbridge/fdp"
)

// TestVerificationResult (D7): only what surely passed for every recipient is listed,
// and never what is undetermined or applies.
func TestVerificationResult(t *testing.T) {
	b := basis(t)
	for name, c := range map[string]struct {
		facts string
		want  []string
	}{
		"undetermined": {factsText, []string{"WEIGHBRIDGE_US_4E091_EVALUATED"}},
		"applies":      {strings.ReplaceAll(knownFacts, `"9.5e25"`, `"9.5e26"`), []string{"WEIGHBRIDGE_US_4E091_EVALUATED"}},
		"published": {strings.Replace(knownFacts, "weights: {publication: unpublished}", "weights: {publication: published}", 1),
			[]string{"WEIGHBRIDGE_US_4E091_EVALUATED", "WEIGHBRIDGE_US_4E091_NOT_CONTROLLED", "WEIGHBRIDGE_US_4E091_NOT_SUBJECT_TO_EAR", "WEIGHBRIDGE_US_4E091_NO_LICENCE_REQUIRED"}},
	} {
		d := determine(t, b, c.facts)
		r, err := NewVerificationResult(b, d)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(r.Properties, c.want) {
			t.Errorf("%s: %v, expected %v", name, r.Properties, c.want)
		}
		s, err := NewStatement(Subjects("acme/atlas@2", "sha256:"+strings.Repeat("a", 64), "sha256:"+strings.Repeat("b", 64)), r)
		if err != nil || s.PredicateType != TypeSVR || !s.Ours() || s.Model() != "acme/atlas@2" {
			t.Fatalf("%s: %v, %v", name, s.PredicateType, err)
		}
		text, err := s.Encode()
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range []string{`"predicateType":"https://in-toto.io/attestation/svr/v0.2"`, `"verifier":{"id":"https://weighbridge.dev/verifier/`, `"policies":[{"name":"us-4e091@2026-11-24","digest":{"sha256":"`, `"timeCreated":"`} {
			if !strings.Contains(string(text), part) {
				t.Errorf("%s: %s lacks %s", name, text, part)
			}
		}
	}
}

// TestVerificationResultForEverybody (D7): a licence that one recipient does not need
// is nothing to say to all of them.
func TestVerificationResultForEverybody(t *testing.T) {
	b := basis(t)
	inUS := strings.NewReplacer(`"9.5e25"`, `"9.5e26"`, "location: JP", "location: US",
		"headquarters: SG, ultimate_parent: SG, location: SG", "headquarters: US, ultimate_parent: US, location: US").Replace(knownFacts)
	d, err := Determine(b, parseFacts(t, inUS), Question{Regime: "us-4e091", AsOf: "2026-11-24"}, tool, created)
	if err != nil {
		t.Fatal(err)
	}
	if result, err := d.parseResult(); err != nil || result.Controlled != fdp.Applies || result.Licence.Required != fdp.DoesNotApply {
		t.Fatalf("controlled %v, licence required %v, %v: expected a controlled model that needs none", result.Controlled, result.Licence.Required, err)
	}
	r, err := NewVerificationResult(b, d)
	if err != nil || !slices.Equal(r.Properties, []string{"WEIGHBRIDGE_US_4E091_EVALUATED"}) {
		t.Errorf("%v, %v", r.Properties, err)
	}
}

// TestVerificationResultDate (D6): of the law of another day there is none.
func TestVerificationResultDate(t *testing.T) {
	b := basis(t)
	d, err := Determine(b, parseFacts(t, knownFacts), Question{Regime: "us-4e091", AsOf: "2024-12-01"}, tool, created)
	if err != nil {
		t.Fatal(err)
	}
	if r, err := NewVerificationResult(b, d); err == nil || !strings.Contains(err.Error(), "as of 2024-12-01 and was made on 2026-11-24") {
		t.Errorf("%v, %v", r, err)
	}
}
