package attest

import (
	"slices"
	"strings"
	"testing"
)

// TestVerificationResult: only what surely passed is listed, and never what is
// undetermined or applies.
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
		r, err := NewVerificationResult(d)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(r.Properties, c.want) {
			t.Errorf("%s: %v, expected %v", name, r.Properties, c.want)
		}
		s, err := NewStatement(Subjects("acme/atlas@2", "sha256:"+strings.Repeat("a", 64), "sha256:"+strings.Repeat("b", 64)), r)
		if err != nil || s.PredicateType != TypeSVR || s.Ours() {
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
