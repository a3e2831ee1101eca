package verify

import (
	"crypto/ed25519"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"github.com/weighbridge/weighbridge/attest/sign"
)

// TestNote: the reference implementation of signed notes opens what a meter key
// signed, and nothing else passes here.
func TestNote(t *testing.T) {
	const name, text = "weighbridge.dev/log/00/acme/atlas@1", "weighbridge.dev/log/00/acme/atlas@1\n3\nAAAA\n"
	key := newKey(t, sign.Ed25519)
	line, err := key.SignNote(name, text)
	if err != nil {
		t.Fatal(err)
	}
	reference, err := note.NewEd25519VerifierKey(name, key.private.Public().(ed25519.PublicKey))
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := note.NewVerifier(reference)
	if err != nil {
		t.Fatal(err)
	}
	if opened, err := note.Open([]byte(text+"\n"+line), note.VerifierList(verifier)); err != nil || opened.Text != text {
		t.Error(err)
	}
	mine := public(t, key)
	if err := mine.VerifyNote(name, text, line); err != nil {
		t.Error(err)
	}
	for label, c := range map[string]struct {
		key              *PublicKey
		name, text, line string
	}{
		"other key":         {public(t, newKey(t, sign.Ed25519)), name, text, line},
		"release key":       {public(t, newKey(t, sign.ECDSAP256)), name, text, line},
		"other log":         {mine, strings.Replace(name, "atlas", "other", 1), text, line},
		"other size":        {mine, name, strings.Replace(text, "3", "4", 1), line},
		"no line":           {mine, name, text, ""},
		"half a line":       {mine, name, text, line[:len(line)-9] + "\n"},
		"no end of line":    {mine, name, text, line[:len(line)-1]},
		"another dash":      {mine, name, text, strings.Replace(line, "—", "-", 1)},
		"two lines at once": {mine, name, text, line + line},
	} {
		if c.key.VerifyNote(c.name, c.text, c.line) == nil {
			t.Error(label)
		}
	}
	if _, err := newKey(t, sign.ECDSAP256).SignNote(name, text); err == nil || !strings.Contains(err.Error(), "--for meter") {
		t.Error(err)
	}
	for _, c := range [][2]string{{"", text}, {"a b", text}, {"a+b", text}, {name, "x"}, {name, "x\n\ny\n"}} {
		if line, err := key.SignNote(c[0], c[1]); err == nil {
			t.Error(line)
		}
	}
}
