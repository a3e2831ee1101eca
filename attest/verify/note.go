package verify

import (
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/weighbridge/weighbridge/meter/proof"
)

// VerifyHead returns an error unless line, with its line feed, is k's signature of a head
// as a note by the name of its log (c2sp.org/tlog-checkpoint).
func (k *PublicKey) VerifyHead(head proof.Head, line string) error {
	if k.ed25519() == nil {
		return fmt.Errorf("heads are signed with Ed25519, the key %s is %s: ask for the meter's key, not the one that releases", k.ID(), k.Kind())
	}
	signed, whole := strings.CutSuffix(line, "\n")
	if !whole {
		return fmt.Errorf("signature line %.120q: its line feed is missing", line)
	}
	return proof.VerifyNote(k.ed25519(), head.Origin, head.String(), signed)
}

// claimed reports whether a signature line by a name gives the id of k, in its first
// four bytes: whatever follows is then for k to verify.
func (k *PublicKey) claimed(name, line string) bool {
	text, found := strings.CutPrefix(line, "— "+name+" ")
	data, err := base64.StdEncoding.DecodeString(text[:min(8, len(text))])
	return k.ed25519() != nil && found && err == nil && len(data) >= 4 && string(data[:4]) == proof.NoteKeyID(name, k.ed25519())
}

// ed25519 is the key as such, nil for one of another kind.
func (k *PublicKey) ed25519() ed25519.PublicKey {
	key, _ := k.key.(ed25519.PublicKey)
	return key
}
