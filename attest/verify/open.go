package verify

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"

	"github.com/weighbridge/weighbridge/attest"
)

// Opened is a statement whose signature holds, and nothing else: it was compared
// with no weights.
type Opened struct {
	Statement attest.Statement
	Payload   []byte // as it was signed
	Digest    string // of the payload, "sha256:<hex>": it names the statement
	Signer    *PublicKey
}

// Open verifies the signature of one bundle under keys and reads its statement, for
// who keeps a statement without the weights that it is about.
func Open(bundle []byte, keys []*PublicKey) (Opened, error) {
	e, problem := openBundle(bundle)
	if problem != nil {
		return Opened{}, fmt.Errorf("bundle: %s", problem.Message)
	}
	key := e.signedBy(keys)
	if key == nil {
		return Opened{}, errors.New("bundle: no key of those given signed it")
	}
	s, err := attest.ParseStatement(e.payload)
	if err != nil {
		return Opened{}, err
	}
	sum := sha256.Sum256(e.payload)
	return Opened{s, e.payload, "sha256:" + hex.EncodeToString(sum[:]), key}, nil
}

// PEM returns the key as [ParsePublicKey] reads it.
func (k *PublicKey) PEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: k.spki})
}
