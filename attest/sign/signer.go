package sign

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// NewKey returns the key that signer signs with, wherever its private half is: an
// ECDSA key on P-256, P-384 or P-521, or an Ed25519 key. The public key is asked for
// once. A [crypto.MessageSigner] gets the message; another signer gets the digest by
// the hash that goes with the curve, an Ed25519 one the message (RFC 8032, pure).
// ECDSA signatures are expected in ASN.1 DER.
func NewKey(signer crypto.Signer) (*Key, error) {
	public := signer.Public()
	if found := kindOf(public); !slices.Contains(kinds(), found) {
		return nil, fmt.Errorf("the key is of the kind %s: expected ECDSA P-256, P-384, P-521 or Ed25519; make one of these there, and name it", found)
	}
	spki, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return nil, fmt.Errorf("the public key of the signer: %w", err)
	}
	return &Key{signer: signer, public: public, spki: spki}, nil
}

func kinds() []string { return []string{ECDSAP256, ECDSAP384, ECDSAP521, Ed25519} }

// kindOf names the kind of a public key: one of kinds, or what it is instead.
func kindOf(public crypto.PublicKey) string {
	switch key := public.(type) {
	case *ecdsa.PublicKey:
		for _, s := range suites() {
			if s.curve == key.Curve {
				return s.kind
			}
		}
		return "ECDSA " + key.Curve.Params().Name
	case ed25519.PublicKey:
		return Ed25519
	case *rsa.PublicKey:
		return "RSA"
	}
	return strings.TrimPrefix(fmt.Sprintf("%T", public), "*")
}

// errNotOurs is about a signature that does not hold under the signer's own key.
var errNotOurs = errors.New("the signature that came back does not hold under the signer's own public key: another key signed, or other bytes, or with another hash; nothing is written")

// signature signs data and verifies what came back: a token or a service is no more
// trusted than its signature shows.
func (k *Key) signature(data []byte) ([]byte, error) {
	opts := crypto.SignerOpts(k.suite().hash)
	if k.Kind() == Ed25519 {
		opts = crypto.Hash(0)
	}
	// Without a source of randomness crypto/ecdsa derives the nonce from key and
	// digest (RFC 6979); a token has its own.
	sig, err := crypto.SignMessage(k.signer, nil, data, opts)
	if err != nil {
		return nil, err
	}
	if !k.holds(data, sig) {
		return nil, errNotOurs
	}
	return sig, nil
}

func (k *Key) holds(data, sig []byte) bool {
	switch public := k.public.(type) {
	case *ecdsa.PublicKey:
		hash := k.suite().hash.New()
		hash.Write(data)
		return ecdsa.VerifyASN1(public, hash.Sum(nil), sig)
	case ed25519.PublicKey:
		return ed25519.Verify(public, data, sig)
	}
	return false
}
