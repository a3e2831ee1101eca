package main

import (
	"fmt"
	"strings"

	"github.com/weighbridge/weighbridge/attest/verify"
)

// refusalWord is the verdict on what was not verified.
func refusalWord(p *policyOutcome) string {
	switch {
	case p != nil && p.Decision == "warned":
		return "WARNING, not refused by the policy, and not verified"
	case p != nil && p.Decision == "not-verified":
		return "NOT VERIFIED"
	}
	return "REFUSED"
}

func (a *app) printPolicy(p *policyOutcome) {
	if p == nil {
		return
	}
	rule := "no rule matches"
	if p.Rule != "" {
		rule = fmt.Sprintf("rule %q (%s)", p.Rule, p.Mode)
	}
	a.printf("  policy   %s: %s: %s\n", printable(p.File), printable(rule), p.Decision)
}

// describeSigner says who signed, by what name the policy knows him, and what.
func describeSigner(s verify.SignedBy) string {
	who := s.ID
	if s.Name != "" {
		who = printable(s.Name)
		if s.Role != "" {
			who += " (" + printable(s.Role) + ")"
		}
		who += " " + s.ID
	}
	var signed []string
	for _, t := range s.Statements {
		signed = append(signed, printable(shortType(t)))
	}
	return fmt.Sprintf("  signer   %s: %s\n", who, strings.Join(signed, ", "))
}

// shortType is the word for one of our predicate types.
func shortType(predicateType string) string {
	for _, p := range append(predicates(), signedElsewhere()...) {
		if p.predicateType == predicateType {
			return p.name
		}
	}
	return predicateType
}

// describeAssurance says how far the claims can be trusted, and what is wanting for
// the next level.
func describeAssurance(a verify.Assurance) string {
	if len(a.Quantity.Why) == 0 {
		return "" // a signature over files alone, which claims nothing else
	}
	var b strings.Builder
	fmt.Fprintf(&b, "  level    %s (the lower of quantity %s and hardware %s), computed here\n", a.Claim, a.Quantity.Level, a.Hardware.Level)
	for _, t := range []struct {
		name  string
		track verify.Track
	}{{"quantity", a.Quantity}, {"hardware", a.Hardware}} {
		for _, why := range t.track.Why {
			fmt.Fprintf(&b, "           %s is not %s: %s\n", t.name, t.track.Next, printable(why))
		}
	}
	for _, c := range a.Checkpoints {
		b.WriteString(describeCheckpoint(c))
	}
	return b.String()
}

func shortened(list []string, most int) []string {
	if len(list) <= most {
		return list
	}
	return append(append([]string(nil), list[:most]...), fmt.Sprintf("and %d more", len(list)-most))
}
