package sign

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
)

// SignNote returns the line that signs text as a note (c2sp.org/signed-note, Ed25519)
// under a name: of a checkpoint, the origin of its log. The note is text, an empty
// line, and this line.
func (k *Key) SignNote(name, text string) (string, error) {
	public, ok := k.public.(ed25519.PublicKey)
	switch {
	case !ok:
		return "", fmt.Errorf("sign: heads are signed with Ed25519 (c2sp.org/signed-note), this key is %s: make a meter key with `weighbridge key generate --for meter`", k.Kind())
	case name == "" || strings.ContainsAny(name, " +\t\r\n"):
		return "", fmt.Errorf("sign: a note by the name of %.80q: expected no white space and no plus sign", name)
	case !strings.HasSuffix(text, "\n") || strings.Contains(text, "\n\n"):
		return "", errors.New("sign: a note ends with a new line and has no empty one")
	}
	sig, err := k.signature([]byte(text))
	if err != nil {
		return "", fmt.Errorf("sign: %w", err)
	}
	hash := sha256.Sum256(append([]byte(name+"\n\x01"), public...))
	return "— " + name + " " + base64.StdEncoding.EncodeToString(append(hash[:4], sig...)) + "\n", nil
}
