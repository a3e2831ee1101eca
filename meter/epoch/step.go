package epoch

import (
	"bytes"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/weighbridge/weighbridge/meter/canonical"
	"github.com/weighbridge/weighbridge/meter/proof"
)

// Log is the name of the log of notes in which a ledger keeps its epochs, and Kind
// that of the notes. HeadsKind is the kind of evidence that has the heads which a
// note is about.
const (
	Log       = "keys/meter"
	Kind      = "meter-key"
	HeadsKind = "heads"
)

// signedText opens the text under the signatures of an epoch. The body of a head
// begins with the origin of a log, so neither is ever taken for the other.
const signedText = "weighbridge.dev/key-epoch/v1"

// Step is the content of one note: exactly one of its fields is set.
type Step struct {
	Began   *Began   `json:"began,omitempty"`
	Revoked *Revoked `json:"revoked,omitempty"`
}

// Began begins an epoch with its key.
type Began struct {
	Epoch      uint64   `json:"epoch"`                // from 0
	PublicKey  string   `json:"public_key"`           // Ed25519, base64 of its DER (SubjectPublicKeyInfo)
	Previous   string   `json:"previous"`             // root of this log before the note, base64
	Logs       Boundary `json:"logs"`                 // the heads of all other logs of the ledger when it began
	Handover   string   `json:"handover,omitempty"`   // signature line of the key before it, absent of the first epoch and after a revocation
	Possession string   `json:"possession,omitempty"` // signature line of the key itself
}

// Revoked withdraws the key of an epoch.
type Revoked struct {
	Epoch    uint64   `json:"epoch"`
	Reason   string   `json:"reason"`   // one line of 1 to 300 bytes, for those who are refused
	Previous string   `json:"previous"` // as in [Began]
	Good     Boundary `json:"good"`     // the last heads by this key that hold
}

// Boundary commits to heads of logs: the tree of RFC 6962, section 2.1, whose
// leaves are their bodies, sorted by origin.
type Boundary struct {
	Size uint64 `json:"size"` // number of heads
	Root string `json:"root"` // base64
}

// Encode returns the one encoding of a step. The error names what is wrong in it.
func (s Step) Encode() ([]byte, error) {
	if err := s.validate(); err != nil {
		return nil, fmt.Errorf("key epoch: %w", err)
	}
	return canonical.Encode(s)
}

// ParseStep reads what [Step.Encode] writes, and nothing else.
func ParseStep(data []byte) (Step, error) {
	var s Step
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&s); err != nil {
		return Step{}, fmt.Errorf("key epoch: %w", err)
	}
	again, err := s.Encode()
	if err == nil {
		err = canonical.Compare(data, again)
	}
	if err != nil {
		return Step{}, fmt.Errorf("key epoch: %w", err)
	}
	return s, nil
}

func (s Step) validate() error {
	switch {
	case (s.Began == nil) == (s.Revoked == nil):
		return errors.New("expected one of began and revoked")
	case s.Began != nil:
		return s.Began.validate()
	}
	r := s.Revoked
	control := strings.ContainsFunc(r.Reason, func(c rune) bool { return c < ' ' || c == 0x7f || c >= 0x80 && c < 0xa0 })
	if r.Reason == "" || len(r.Reason) > 300 || control || strings.ToValidUTF8(r.Reason, "") != r.Reason {
		return fmt.Errorf("reason %.80q: expected one line of 1 to 300 bytes", r.Reason)
	}
	return errors.Join(validRoot("previous", r.Previous), validRoot("good", r.Good.Root))
}

func (b Began) validate() error {
	if _, err := parseKey(b.PublicKey); err != nil {
		return err
	}
	if b.Possession == "" {
		return errors.New("possession: the signature of the key itself is not there")
	}
	return errors.Join(validRoot("previous", b.Previous), validRoot("logs", b.Logs.Root))
}

func validRoot(field, text string) error {
	if _, err := proof.ParseHash(text); err != nil {
		return fmt.Errorf("%s: %w", field, err)
	}
	return nil
}

// Text is what handover and possession sign (c2sp.org/signed-note), under the
// origin of the log as the name.
func (b Began) Text(origin string) (string, error) {
	b.Handover, b.Possession = "", ""
	data, err := canonical.Encode(b)
	return signedText + "\n" + origin + "\n" + string(data) + "\n", err
}

// EncodeKey is the form that a key has in a step.
func EncodeKey(key ed25519.PublicKey) (string, error) {
	der, err := x509.MarshalPKIXPublicKey(key)
	return base64.StdEncoding.EncodeToString(der), err
}

func parseKey(text string) (ed25519.PublicKey, error) {
	der, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil {
		return nil, fmt.Errorf("public_key %.80q: expected base64", text)
	}
	parsed, err := x509.ParsePKIXPublicKey(der)
	key, ed := parsed.(ed25519.PublicKey)
	if err != nil || !ed {
		return nil, fmt.Errorf("public_key %.80q: expected the DER of an Ed25519 key: heads are signed with no other", text)
	}
	if again, err := EncodeKey(key); err != nil || again != text {
		return nil, fmt.Errorf("public_key %.80q: not in its one encoding", text)
	}
	return key, nil
}
