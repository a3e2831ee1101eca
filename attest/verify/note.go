package verify

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
)

// VerifyNote returns an error unless line is k's signature of text as a note
// (c2sp.org/signed-note, Ed25519) under a name.
func (k *PublicKey) VerifyNote(name, text, line string) error {
	public := k.ed25519()
	if public == nil {
		return fmt.Errorf("heads are signed with Ed25519, the key %s is %s: ask for the meter's key, not the one that releases", k.ID(), k.Kind())
	}
	start := "— " + name + " "
	if len(line) < len(start) || line[:len(start)] != start || line[len(line)-1] != '\n' {
		return fmt.Errorf("signature line %.120q: expected one by the name of the log, %s", line, name)
	}
	data, err := base64.StdEncoding.Strict().DecodeString(line[len(start) : len(line)-1])
	switch {
	case err != nil || len(data) != 4+ed25519.SignatureSize:
		return fmt.Errorf("signature line %.120q: expected %d bytes in base64", line, 4+ed25519.SignatureSize)
	case string(data[:4]) != noteKeyID(name, public):
		return fmt.Errorf("signed with another key than %s: whoever has the head of the log's own meter has another file", k.ID())
	case !ed25519.Verify(public, []byte(text), data[4:]):
		return errors.New("the signature does not hold: the head was altered after it was signed")
	}
	return nil
}

// claimed reports whether a signature line by a name gives the id of k, in its first
// four bytes: whatever follows is then for k to verify.
func (k *PublicKey) claimed(name, line string) bool {
	public := k.ed25519()
	text, found := strings.CutPrefix(line, "— "+name+" ")
	data, err := base64.StdEncoding.DecodeString(text[:min(8, len(text))])
	return public != nil && found && err == nil && len(data) >= 4 && string(data[:4]) == noteKeyID(name, public)
}

// noteKeyID is the id of an Ed25519 key in notes that it signs by a name
// (c2sp.org/signed-note).
func noteKeyID(name string, key ed25519.PublicKey) string {
	hash := sha256.Sum256(append([]byte(name+"\n\x01"), key...))
	return string(hash[:4])
}
