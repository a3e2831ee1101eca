package sign

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// NoteKey is the public half of a key that signs notes as [Key.SignNote] does, which is
// Ed25519; of any other the error says what to do.
func (k *Key) NoteKey() (ed25519.PublicKey, error) {
	public, ok := k.public.(ed25519.PublicKey)
	if !ok {
		return nil, fmt.Errorf("sign: heads are signed with Ed25519 (c2sp.org/signed-note), this key is %s: make a meter key with `weighbridge key generate --for meter`", k.Kind())
	}
	return public, nil
}

// SignNote returns the line that signs text as a note (c2sp.org/signed-note, Ed25519)
// under a name: of a checkpoint, the origin of its log. The note is text, an empty
// line, and this line.
func (k *Key) SignNote(name, text string) (string, error) {
	public, err := k.NoteKey()
	switch {
	case err != nil:
		return "", err
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

// CosignNote returns the line by which a witness cosigns text, a checkpoint without
// its signatures, at a time (c2sp.org/tlog-cosignature, Ed25519 cosignature/v1): it
// says that until then the witness saw this log grow and never change.
func (k *Key) CosignNote(name, text string, at time.Time) (string, error) {
	private, ok := k.signer.(ed25519.PrivateKey)
	switch {
	case !ok:
		return "", fmt.Errorf("sign: witnesses cosign with Ed25519 (c2sp.org/tlog-cosignature), this key is %s: make one with `weighbridge key generate --kind ed25519`", k.Kind())
	case at.Unix() <= 0:
		return "", fmt.Errorf("sign: a cosignature of %s: expected a time after 1970", at.UTC().Format(time.RFC3339))
	}
	public, err := k.witnessKey(name)
	if err != nil {
		return "", err
	}
	hash := sha256.Sum256(append([]byte(name+"\n"), public...))
	signature := ed25519.Sign(private, fmt.Appendf(nil, "cosignature/v1\ntime %d\n%s", at.Unix(), text))
	line := binary.BigEndian.AppendUint64(hash[:4], uint64(at.Unix()))
	return "— " + name + " " + base64.StdEncoding.EncodeToString(append(line, signature...)) + "\n", nil
}

// WitnessKey returns the key under which [Key.CosignNote] is verified
// (c2sp.org/signed-note, "verifier key"), as a policy names it.
func (k *Key) WitnessKey(name string) (string, error) {
	public, err := k.witnessKey(name)
	if err != nil {
		return "", err
	}
	hash := sha256.Sum256(append([]byte(name+"\n"), public...))
	return fmt.Sprintf("%s+%x+%s", name, hash[:4], base64.StdEncoding.EncodeToString(public)), nil
}

// witnessKey is the kind of the key (4: Ed25519 cosignature/v1) and its bytes.
func (k *Key) witnessKey(name string) ([]byte, error) {
	public, ok := k.signer.Public().(ed25519.PublicKey)
	switch {
	case !ok:
		return nil, fmt.Errorf("sign: the key of a witness is of the kind ed25519, this one is %s: make one with `weighbridge key generate --kind ed25519`", k.Kind())
	case name == "" || strings.ContainsFunc(name, func(r rune) bool { return r == '+' || unicode.IsSpace(r) }) || !utf8.ValidString(name):
		return nil, fmt.Errorf("sign: a witness by the name of %.80q: expected a name without white space and plus sign, such as witness.example.org", name)
	}
	return append([]byte{4}, public...), nil
}
