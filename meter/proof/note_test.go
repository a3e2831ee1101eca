package proof

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"strings"
	"testing"
)

// TestVerifyNote: what a note's signature line may not be, each refused for its own reason.
func TestVerifyNote(t *testing.T) {
	const name, text = "weighbridge.dev/log/00/acme/atlas@1", "weighbridge.dev/log/00/acme/atlas@1\n3\nAAAA\n"
	private := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{1}, ed25519.SeedSize))
	key := private.Public().(ed25519.PublicKey)
	other := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{2}, ed25519.SeedSize)).Public().(ed25519.PublicKey)
	signed := func(id string, signature []byte) string {
		return "— " + name + " " + base64.StdEncoding.EncodeToString(append([]byte(id), signature...))
	}
	signature := ed25519.Sign(private, []byte(text))
	line := signed(NoteKeyID(name, key), signature)
	if err := VerifyNote(key, name, text, line); err != nil {
		t.Fatal(err)
	}
	const form = "expected one of a note by the name " // of the line
	for _, c := range []struct {
		label, name, text, line, says string
		key                           ed25519.PublicKey
	}{
		{"another key", name, text, line, "signed with another key than " + KeyID(other), other},
		{"another name", "other", text, line, form + "other", key},
		{"a name that only begins so", strings.TrimSuffix(name, "@1"), text, line, form, key},
		{"another text", name, strings.Replace(text, "3", "4", 1), line, "does not hold: what it signed was altered", key},
		{"a text longer by a line", name, text + "\n", line, "does not hold", key},
		{"the id of the key, and no signature of it", name, text, signed(NoteKeyID(name, key), make([]byte, 64)), "does not hold", key},
		{"a signature by an id that is another's", name, text, signed(NoteKeyID(name, other), signature), "signed with another key than " + KeyID(key), key},
		{"no line", name, text, "", form, key},
		{"its line feed", name, text, line + "\n", form, key},
		{"a line feed within", name, text, line[:90] + "\n" + line[90:], form, key},
		{"two lines", name, text, line + "\n" + line, form, key},
		{"a byte less", name, text, signed(NoteKeyID(name, key), signature[:63]), form, key},
		{"a byte more", name, text, signed(NoteKeyID(name, key), append(bytes.Clone(signature), 0)), form, key},
		{"another dash", name, text, strings.Replace(line, "—", "-", 1), form, key},
		{"without padding", name, text, strings.TrimRight(line, "="), form, key},
	} {
		t.Run(c.label, func(t *testing.T) {
			if err := VerifyNote(c.key, c.name, c.text, c.line); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("found %v, expected %q", err, c.says)
			}
		})
	}
}
