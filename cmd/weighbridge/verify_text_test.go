package main

import (
	"strings"
	"testing"
	"unicode"

	"github.com/weighbridge/weighbridge/attest"
	"github.com/weighbridge/weighbridge/attest/verify"
	"github.com/weighbridge/weighbridge/meter"
)

// TestSignersRulesAreShownAsSuch (attest/SPEC.md D5): both verdicts stand beside
// each other, and nothing is said to be believed.
func TestSignersRulesAreShownAsSuch(t *testing.T) {
	s := verify.Statement{PredicateType: attest.TypeDetermination, Recomputed: true, Rules: verify.RulesSigner, Verdicts: []attest.Verdict{
		{Whose: "signer", RulesDigest: "sha256:a", Controlled: "does-not-apply"}, {Whose: "this build", RulesDigest: "sha256:b", Controlled: "applies", Error: "no\x1b[2J"},
	}}
	text := describeStatement(s)
	for _, want := range []string{"present, not believed", "the signer's own rules, which nobody here accepted, (sha256:a): controlled does-not-apply", "this build's rules (sha256:b): controlled applies", `no\x1b[2J`} {
		if !strings.Contains(text, want) {
			t.Errorf("nothing says %q:\n%s", want, text)
		}
	}
	s.OK, s.Rules = true, verify.RulesAccepted
	if text := describeStatement(s); !strings.Contains(text, "(ok, recomputed") || !strings.Contains(text, "accepted by --accept-rules or --rules") {
		t.Error(text)
	}
}

// TestHostileWordsAreShownEscaped (attest/SPEC.md R3): no word of a statement moves
// the cursor, hides text or starts a line of its own.
func TestHostileWordsAreShownEscaped(t *testing.T) {
	const hostile = "x\x1b[2K\r\nverified: all\u009b2J\u202e"
	text := describeCompute(attest.TrainingCompute{Findings: []meter.Finding{{Code: hostile, Message: hostile}}, Corrections: []attest.Correction{{Kind: "void", Run: hostile, Author: hostile, Reason: hostile}}}, nil)
	text += describeHeld(attest.Hardware{Devices: []attest.Device{{Product: hostile}}}, nil)
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if strings.HasPrefix(line, "verified") || strings.ContainsFunc(line, func(r rune) bool { return !unicode.IsGraphic(r) }) {
			t.Errorf("%q", line)
		}
	}
}
