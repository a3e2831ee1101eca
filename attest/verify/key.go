package verify

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha256"
	_ "crypto/sha512" // SHA-384 and SHA-512 for crypto.Hash
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/verify"
	"github.com/sigstore/sigstore/pkg/signature"
)

// maxKeyBytes bounds a public key file.
const maxKeyBytes = 64 << 10

// PublicKey is a key that a policy names: ECDSA on P-256, P-384 or P-521, or
// Ed25519.
type PublicKey struct {
	key      crypto.PublicKey
	spki     []byte
	trusted  root.TrustedMaterial // this key alone, whatever the hint says
	verifier *verify.Verifier
}

// ParsePublicKey reads one public key in PEM (SubjectPublicKeyInfo). Anything
// else, a private key or a certificate among it, is an error that says what it
// was.
func ParsePublicKey(data []byte) (*PublicKey, error) {
	block, rest := pem.Decode(data)
	switch {
	case len(data) > maxKeyBytes:
		return nil, fmt.Errorf("public key: %d bytes: expected at most %d; this is not a key file", len(data), maxKeyBytes)
	case block == nil || !strings.HasPrefix(strings.TrimSpace(string(data)), "-----BEGIN "):
		return nil, errors.New("public key: expected one PEM block and nothing else (-----BEGIN PUBLIC KEY-----); ask the signer for the .pub file that `weighbridge key generate` made")
	case strings.TrimSpace(string(rest)) != "":
		return nil, errors.New("public key: more than one PEM block, or text after it: expected one key alone; keep each key in a file of its own and name each with --key")
	case block.Type != "PUBLIC KEY":
		return nil, wrongBlock(block.Type)
	}
	parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("public key: the PEM block does not hold one: %w; ask the signer for the file again", err)
	}
	if err := validKind(parsed); err != nil {
		return nil, err
	}
	return newPublicKey(parsed)
}

func wrongBlock(kind string) error {
	switch {
	case strings.HasSuffix(kind, "PRIVATE KEY"):
		return errors.New("public key: this is a private key: expected the public one; print it with `openssl pkey -pubout -in FILE`, and keep the private key to yourself")
	case strings.Contains(kind, "CERTIFICATE"):
		return errors.New("public key: this is a certificate: expected a bare public key; extract it with `openssl x509 -pubkey -noout -in FILE`")
	}
	return fmt.Errorf("public key: the PEM block is %q: expected PUBLIC KEY; convert it with `openssl pkey -pubin -in FILE`", kind)
}

// validKind refuses kinds with which this build does not sign: each further kind
// is a further way to forge.
func validKind(key any) error {
	found := strings.TrimPrefix(fmt.Sprintf("%T", key), "*")
	switch k := key.(type) {
	case ed25519.PublicKey:
		return nil
	case *ecdsa.PublicKey:
		if _, known := hashFor(k); known {
			return nil
		}
		found = "ECDSA " + k.Curve.Params().Name
	}
	return fmt.Errorf("public key: it is of the kind %s: expected ECDSA P-256, P-384, P-521 or Ed25519; ask the signer for a signature by such a key", found)
}

// hashFor is the hash that goes with a key (OMS v1.0, "Signing Algorithms"; Sigstore's
// registry of algorithms); Ed25519 hashes for itself.
func hashFor(key crypto.PublicKey) (crypto.Hash, bool) {
	k, isECDSA := key.(*ecdsa.PublicKey)
	switch {
	case !isECDSA, k.Curve == elliptic.P256():
		return crypto.SHA256, true
	case k.Curve == elliptic.P384():
		return crypto.SHA384, true
	case k.Curve == elliptic.P521():
		return crypto.SHA512, true
	}
	return 0, false
}

func newPublicKey(key crypto.PublicKey) (*PublicKey, error) {
	spki, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return nil, fmt.Errorf("public key: %w", err)
	}
	hash, _ := hashFor(key)
	single, err := signature.LoadVerifier(key, hash)
	if err != nil {
		return nil, fmt.Errorf("public key: %w", err)
	}
	always := root.NewExpiringKey(single, time.Time{}, time.Time{})
	trusted := root.NewTrustedPublicKeyMaterial(func(string) (root.TimeConstrainedVerifier, error) { return always, nil })
	// No timestamps, said explicitly: a key has no validity period to compare
	// one with, and Result.NotChecked tells the reader.
	verifier, err := verify.NewVerifier(trusted, verify.WithNoObserverTimestamps(), verify.WithoutStatementPredicate())
	if err != nil {
		return nil, fmt.Errorf("public key: %w", err)
	}
	return &PublicKey{key: key, spki: spki, trusted: trusted, verifier: verifier}, nil
}

// ID names the key: "sha256:" and the hexadecimal SHA-256 of its DER.
func (k *PublicKey) ID() string {
	sum := sha256.Sum256(k.spki)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// Kind returns the kind of the key: ecdsa-p256, ecdsa-p384, ecdsa-p521 or ed25519.
func (k *PublicKey) Kind() string {
	if key, ok := k.key.(*ecdsa.PublicKey); ok {
		return "ecdsa-" + strings.ToLower(strings.ReplaceAll(key.Curve.Params().Name, "-", ""))
	}
	return "ed25519"
}

// Hints are the names of k in bundles: of sigstore-go and cosign, and of OMS.
func (k *PublicKey) Hints() (cosign, oms string) {
	der := sha256.Sum256(k.spki)
	text := sha256.Sum256(k.PEM())
	return base64.StdEncoding.EncodeToString(der[:]), hex.EncodeToString(text[:])
}

// hinted reports whether a bundle's hint names k, in the form of sigstore-go and
// cosign (base64 of the SHA-256 of the DER) or of OMS (hexadecimal SHA-256 of
// the PEM). A hint is not signed: it decides nothing but the words of an error.
func (k *PublicKey) hinted(hint string) bool {
	cosign, oms := k.Hints()
	return hint == cosign || hint == oms
}
