package verify

import (
	"slices"

	"github.com/weighbridge/weighbridge/attest"
)

// verdicts holds every Simple Verification Result of ours to the determinations
// accepted beside it (SPEC.md D8).
func (v *verification) verdicts() {
	for _, s := range v.result.Verified {
		if s.VerificationResult == nil {
			continue
		}
		if p := v.follows(s); p != nil {
			v.refuse(s, *p)
		}
	}
}

func (v *verification) follows(s attest.Statement) *Problem {
	b, err := v.embedded()
	if err != nil {
		return &Problem{CodeRecomputation, "this build's own rules cannot be read: " + err.Error(), "install another build of weighbridge"}
	}
	recomputed := false
	for _, d := range v.result.Verified {
		if d.Determination == nil || d.Determination.Model != s.Model() {
			continue
		}
		about, err := s.VerificationResult.HoldTo(b, *d.Determination)
		if err != nil {
			return &Problem{CodeRecomputation, err.Error(), "do not rely on the verification result, and let no tool gate on it; ask the signer which of the two holds"}
		}
		recomputed = recomputed || about
	}
	if !recomputed {
		v.notes = append(v.notes, "verification result: no determination of its regime was accepted beside it: what it says is the signer's word")
		return nil
	}
	at := slices.IndexFunc(v.result.Verified, func(a attest.Statement) bool { return a.VerificationResult == s.VerificationResult })
	v.result.Statements[v.lines[at]].Recomputed = true
	return nil
}
