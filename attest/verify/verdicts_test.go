package verify

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/weighbridge/weighbridge/attest"
)

// gated is a happy path with a determination and its verification result, after a
// change of the result's text.
func gated(t *testing.T, beside bool, old, new string) Result {
	t.Helper()
	s, d := happy(t), determination(t)
	result, err := attest.NewVerificationResult(embedded(t), d)
	if err != nil {
		t.Fatal(err)
	}
	text := payload(t, manifestDigest, s.in.Found, result)
	changed := bytes.Replace(text, []byte(old), []byte(new), 1)
	if old != "" && bytes.Equal(changed, text) {
		t.Fatalf("nothing to replace: %q in %s", old, text)
	}
	s.in.Bundles = append(s.in.Bundles, raw(t, s.key, attest.PayloadType, changed))
	if beside {
		s.in.Bundles = append(s.in.Bundles, signed(t, s.key, payload(t, manifestDigest, s.in.Found, d)))
	}
	s.policy.Require = []string{attest.TypeTrainingCompute, attest.TypeSVR}
	return s.verify(t)
}

// TestVerificationResultHolds (D8): a result that follows from the determination
// beside it is recomputed; alone it is the signer's word.
func TestVerificationResultHolds(t *testing.T) {
	const word = "it says is the signer's word"
	r := gated(t, true, "", "")
	if line := r.Statements[2]; !r.OK || !line.Understood || !line.Recomputed || line.Model != string(model) || strings.Contains(strings.Join(r.NotChecked, "\n"), word) {
		t.Errorf("%s%+v", messages(r), line)
	}
	r = gated(t, false, "", "")
	if line := r.Statements[2]; !r.OK || line.Recomputed || !strings.Contains(strings.Join(r.NotChecked, "\n"), word) {
		t.Errorf("%s%+v", messages(r), line)
	}
}

// TestVerificationResultRefused (D8): one that contradicts the determination, is not in
// its one form, or is of another verifier satisfies no policy that asks for one.
func TestVerificationResultRefused(t *testing.T) {
	const first, controlled = `"WEIGHBRIDGE_US_4E091_EVALUATED"`, `"WEIGHBRIDGE_US_4E091_NOT_CONTROLLED"`
	for name, c := range map[string]struct {
		beside           bool
		old, new         string
		code, says, also string
	}{
		"not-subject-added":      {true, controlled, controlled + `,"WEIGHBRIDGE_US_4E091_NOT_SUBJECT_TO_EAR"`, CodeRecomputation, "from the determination beside it follows WEIGHBRIDGE_US_4E091_EVALUATED", ""},
		"under-other-rules":      {true, `"sha256":"` + strings.TrimPrefix(embedded(t).Rules.Digest(), "sha256:"), `"sha256":"` + strings.Repeat("0", 64), CodeRecomputation, "the determination beside it under", ""},
		"licence-alone":          {false, controlled + ",", "", CodeStatement, "the destination decides", CodeMissingStatement},
		"another-regime":         {false, first, first + `,"WEIGHBRIDGE_EU_GPAI_NOT_CONTROLLED"`, CodeStatement, "properties", CodeMissingStatement},
		"nothing-evaluated":      {false, first + ",", "", CodeStatement, "properties", CodeMissingStatement},
		"another-day":            {false, `us-4e091@2026-11-24`, `us-4e091@2024-12-01`, CodeStatement, "the day of timeCreated", CodeMissingStatement},
		"unknown-field":          {false, `"timeCreated":`, `"lies":true,"timeCreated":`, CodeStatement, "unknown field", CodeMissingStatement},
		"about-other-weights":    {false, `"sha256":"` + strings.TrimPrefix(weights(t).Root(), "sha256:"), `"sha256":"` + strings.Repeat("0", 64), CodeOtherWeights, "other weights", CodeMissingStatement},
		"of-another-verifier":    {true, "https://weighbridge.dev/verifier/", "https://example.com/verifier/", CodeMissingStatement, "of another verifier, not understood", ""},
		"that-names-no-verifier": {true, `"verifier":`, `"lies":true,"verifies":`, CodeMissingStatement, "of another verifier, not understood", ""},
	} {
		r := gated(t, c.beside, c.old, c.new)
		want := slices.DeleteFunc([]string{c.also, c.code}, func(s string) bool { return s == "" })
		slices.Sort(want)
		if r.OK || !slices.Equal(codes(r), want) || !strings.Contains(messages(r), c.says) {
			t.Errorf("%s: %v, expected %v and %q: %s", name, codes(r), want, c.says, messages(r))
		}
	}
}
