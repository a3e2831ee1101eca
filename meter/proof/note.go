package proof

import (
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
)

// VerifyNote returns an error unless line, without its line feed, is key's signature of
// text as a note (c2sp.org/signed-note, Ed25519) under a name, in its one encoding.
func VerifyNote(key ed25519.PublicKey, name, text, line string) error {
	data, found := strings.CutPrefix(line, "— "+name+" ")
	signature, err := base64.StdEncoding.Strict().DecodeString(data)
	switch {
	case !found || err != nil || len(signature) != 4+ed25519.SignatureSize || base64.StdEncoding.EncodeToString(signature) != data:
		return fmt.Errorf("signature line %.120q: expected one of a note by the name %s", line, name)
	case string(signature[:4]) != NoteKeyID(name, key):
		return fmt.Errorf("signed with another key than %s", KeyID(key))
	case !ed25519.Verify(key, []byte(text), signature[4:]):
		return fmt.Errorf("the signature by %s does not hold: what it signed was altered", KeyID(key))
	}
	return nil
}

// NoteKeyID is the id of a key in notes that it signs by a name: four bytes, which stand
// before the signature.
func NoteKeyID(name string, key ed25519.PublicKey) string {
	hash := sha256.Sum256(append([]byte(name+"\n\x01"), key...))
	return string(hash[:4])
}

// KeyID names a key as all of Weighbridge does: "sha256:" and the hexadecimal SHA-256 of
// its DER.
func KeyID(key ed25519.PublicKey) string {
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return "none" // not for a key of 32 bytes
	}
	sum := sha256.Sum256(der)
	return "sha256:" + hex.EncodeToString(sum[:])
}
