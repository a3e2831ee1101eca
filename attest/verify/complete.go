package verify

import (
	"fmt"
	"slices"
	"strings"

	"github.com/weighbridge/weighbridge/attest"
)

// completeness holds what was accepted to what the policy requires. A bundle that
// no named key signed is a problem, unless all that is required is there without
// it.
func (v *verification) completeness() {
	var missing []string
	for _, want := range v.policy.required() {
		if !slices.ContainsFunc(v.result.Verified, func(s attest.Statement) bool { return satisfies(s, want) }) {
			missing = append(missing, want)
		}
	}
	for _, u := range v.unknown {
		if len(missing) == 0 {
			v.notes = append(v.notes, fmt.Sprintf("bundle %d: %s; it was not needed, and nothing in it was believed", u.bundle+1, u.who))
			continue
		}
		v.problem(CodeUnknownSigner, fmt.Sprintf("bundle %d: %s", u.bundle+1, u.who),
			"check that --key is the signer's key; if the signer has a further key, get it from the signer directly, never from the shipment")
	}
	for _, want := range missing {
		v.problem(CodeMissingStatement, fmt.Sprintf("no statement of type %s that verifies; found %s", want, v.foundTypes()),
			"ask the sender for it: absence is never a pass; `weighbridge verify --require` says what must be there")
	}
}

// satisfies: a Simple Verification Result of another verifier is not understood here,
// and lets nothing pass. What is foreign by its type was asked for as such.
func satisfies(s attest.Statement, want string) bool {
	return s.PredicateType == want && (s.Ours() || want != attest.TypeSVR)
}

// foundTypes lists the types of all statements that a named key signed.
func (v *verification) foundTypes() string {
	var types []string
	for _, s := range v.result.Statements {
		state := "refused"
		switch {
		case s.OK && s.PredicateType == attest.TypeSVR && !s.Understood:
			state = "of another verifier, not understood"
		case s.OK:
			state = "verified"
		case s.Rules == RulesSigner:
			state = "under the signer's own rules, which --accept-rules DIGEST accepts"
		}
		types = append(types, s.PredicateType+" ("+state+")")
	}
	if len(types) == 0 {
		return "none"
	}
	return strings.Join(types, ", ")
}
