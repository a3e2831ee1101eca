package verify

import (
	"crypto/ed25519"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"github.com/weighbridge/weighbridge/attest/sign"
	"github.com/weighbridge/weighbridge/meter/proof"
)

// TestNote: the reference implementation of signed notes opens what a meter key
// signed, and nothing else passes here.
func TestNote(t *testing.T) {
	const name = "weighbridge.dev/log/00/acme/atlas@1"
	head := proof.Head{Origin: name, Size: 3}
	text := head.String()
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
	if err := mine.VerifyHead(head, line); err != nil {
		t.Error(err)
	}
	for label, c := range map[string]struct {
		key  *PublicKey
		head proof.Head
		line string
		says string
	}{
		"another key":        {public(t, newKey(t, sign.Ed25519)), head, line, "signed with another key than sha256:"},
		"a release key":      {public(t, newKey(t, sign.ECDSAP256)), head, line, "heads are signed with Ed25519"},
		"another log":        {mine, proof.Head{Origin: "weighbridge.dev/log/00/acme/other@1", Size: 3}, line, "by the name weighbridge.dev/log/00/acme/other@1"},
		"another size":       {mine, proof.Head{Origin: name, Size: 4}, line, "what it signed was altered"},
		"no line":            {mine, head, "", "its line feed is missing"},
		"no end of the line": {mine, head, line[:len(line)-1], "its line feed is missing"},
		"two lines at once":  {mine, head, line + line, "expected one of a note"},
	} {
		if err := c.key.VerifyHead(c.head, c.line); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", label, err)
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
