// Package sign turns a statement into a Sigstore bundle v0.3: a DSSE envelope
// signed with a key, ECDSA P-256, P-384, P-521 or Ed25519, or by an identity
// without a key ([Keyless]). The key is in a file, or elsewhere, in a token or a
// service, and signs there ([NewKey]). It asks no network for anything unless servers
// were named: no certificate, no log, no timestamp; what that leaves open,
// attest/verify says to the recipient.
//
// A signature is over exactly the bytes given, and is verified with the public key
// before it leaves this package, wherever it was made. With a key in a file ECDSA
// nonces are derived as RFC 6979 says, so the same key and statement give the same
// bundle to the byte; a key that is elsewhere chooses its own. Timestamps are new
// each time.
package sign

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	protocommon "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
)

// The kinds of key.
const (
	ECDSAP256 = "ecdsa-p256"
	ECDSAP384 = "ecdsa-p384"
	ECDSAP521 = "ecdsa-p521"
	Ed25519   = "ed25519"
)

// suite is what goes with a curve: the hash that OMS v1.0 and Sigstore's registry
// of algorithms pair it with.
type suite struct {
	kind    string
	curve   elliptic.Curve
	hash    crypto.Hash
	digest  protocommon.HashAlgorithm
	details protocommon.PublicKeyDetails
}

func suites() []suite {
	return []suite{
		{ECDSAP256, elliptic.P256(), crypto.SHA256, protocommon.HashAlgorithm_SHA2_256, protocommon.PublicKeyDetails_PKIX_ECDSA_P256_SHA_256},
		{ECDSAP384, elliptic.P384(), crypto.SHA384, protocommon.HashAlgorithm_SHA2_384, protocommon.PublicKeyDetails_PKIX_ECDSA_P384_SHA_384},
		{ECDSAP521, elliptic.P521(), crypto.SHA512, protocommon.HashAlgorithm_SHA2_512, protocommon.PublicKeyDetails_PKIX_ECDSA_P521_SHA_512},
	}
}

// suite returns what goes with k; for Ed25519, which hashes for itself, what the
// registry lists it with.
func (k *Key) suite() suite {
	if key, ok := k.public.(*ecdsa.PublicKey); ok {
		for _, s := range suites() {
			if s.curve == key.Curve {
				return s
			}
		}
	}
	return suite{Ed25519, nil, crypto.SHA256, protocommon.HashAlgorithm_SHA2_256, protocommon.PublicKeyDetails_PKIX_ED25519}
}

// maxKeyBytes bounds a key file: both kinds fit into 300 bytes.
const maxKeyBytes = 64 << 10

// Key is a private key that signs statements.
type Key struct {
	signer crypto.Signer
	public crypto.PublicKey // its public key: *ecdsa.PublicKey on a curve of suites, or ed25519.PublicKey
	spki   []byte           // DER of the public key

	services    Services          // timestamps that each signature gets
	certificate *x509.Certificate // that goes with the signatures over statements; nil: none does
}

// Timestamped returns k, whose signatures then carry a timestamp of each authority
// (RFC 3161). Only then is a network asked for anything.
func (k *Key) Timestamped(authorities []string, transport http.RoundTripper) (*Key, error) {
	s := Services{TimestampAuthorities: authorities, Transport: transport}
	if err := s.Validate(); err != nil {
		return nil, err
	}
	stamped := *k
	stamped.services = s
	return &stamped, nil
}

// Certified returns k, whose signatures over statements then carry a certificate of
// an authority of one's own in the place of the key's name. A bundle v0.3 has room
// for the signer's alone: recipients have those that issued it.
func (k *Key) Certified(certificate *x509.Certificate) (*Key, error) {
	if err := k.certified([]*x509.Certificate{certificate}); err != nil {
		return nil, err
	}
	certified := *k
	certified.certificate = certificate
	return &certified, nil
}

// GenerateKey returns a new private key of the kind, one of the constants above,
// as PEM (PKCS#8).
func GenerateKey(kind string) ([]byte, error) {
	var key any
	var err error
	for _, s := range suites() {
		if s.kind == kind {
			key, err = ecdsa.GenerateKey(s.curve, rand.Reader)
		}
	}
	if kind == Ed25519 {
		_, key, err = ed25519.GenerateKey(rand.Reader)
	}
	if key == nil && err == nil {
		return nil, fmt.Errorf("key kind %q: expected %s, %s, %s or %s", kind, ECDSAP256, ECDSAP384, ECDSAP521, Ed25519)
	}
	if err != nil {
		return nil, fmt.Errorf("generate %s key: %w", kind, err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("generate %s key: %w", kind, err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}

// generate is the next step that ends most errors about a key.
const generate = "use an ECDSA (P-256, P-384, P-521) or Ed25519 private key in PEM, as `weighbridge key generate` makes one"

// ParseKey reads one private key: PEM, PKCS#8 or SEC 1, ECDSA on P-256, P-384 or
// P-521 or Ed25519, not encrypted (see [ParseEncryptedKey]). Anything else is an error that says what it was.
func ParseKey(data []byte) (*Key, error) {
	block, err := onlyBlock(data)
	if err != nil {
		return nil, err
	}
	var parsed any
	switch block.Type {
	case "PRIVATE KEY":
		parsed, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	case "EC PRIVATE KEY":
		parsed, err = x509.ParseECPrivateKey(block.Bytes)
	default:
		return nil, wrongBlock(block.Type)
	}
	if err != nil {
		return nil, fmt.Errorf("private key: the PEM block %q cannot be read: %w; where the file is damaged, restore it, else %s", block.Type, err, generate)
	}
	return newKey(parsed)
}

// legacyEncrypted stands for a PEM block with its encryption in headers (RFC 1421),
// whose key comes of one round of MD5.
const legacyEncrypted = "ENCRYPTED BY HEADERS"

// onlyBlock returns the one PEM block of data.
func onlyBlock(data []byte) (*pem.Block, error) {
	if len(data) > maxKeyBytes {
		return nil, fmt.Errorf("private key: %d bytes: expected at most %d; this is not a key file: %s", len(data), maxKeyBytes, generate)
	}
	block, rest := pem.Decode(data)
	if block == nil || !strings.HasPrefix(strings.TrimSpace(string(data)), "-----BEGIN ") {
		return nil, fmt.Errorf("private key: expected one PEM block and nothing else (-----BEGIN PRIVATE KEY-----); %s", generate)
	}
	if block.Headers["DEK-Info"] != "" || strings.Contains(block.Headers["Proc-Type"], "ENCRYPTED") {
		return nil, wrongBlock(legacyEncrypted)
	}
	if block.Type == "EC PARAMETERS" {
		return nil, errors.New("private key: the file begins with EC PARAMETERS: expected the key alone; remove that block, or convert the file: openssl pkcs8 -topk8 -nocrypt -in FILE")
	}
	if strings.TrimSpace(string(rest)) != "" {
		return nil, errors.New("private key: more than one PEM block, or text after it: expected one key alone, so that it is certain which one signs; keep each key in a file of its own")
	}
	return block, nil
}

// wrongBlock says what a PEM block of another type is, and what to do.
func wrongBlock(kind string) error {
	switch {
	case slices.Contains(encryptedBlocks, kind):
		return fmt.Errorf("private key: it is encrypted (%s): %w", kind, ErrPassword)
	case kind == legacyEncrypted:
		return errors.New("private key: it is encrypted in the old way of PEM, which protects little: encrypt it as PKCS#8 (openssl pkcs8 -topk8 -in FILE -out KEY) and use that")
	case strings.HasPrefix(kind, "ENCRYPTED"):
		return fmt.Errorf("private key: it is encrypted in a way that is not known (%.80q): %s", kind, generate)
	case strings.HasSuffix(kind, "PUBLIC KEY"):
		return errors.New("private key: this is a public key: expected the private one; a public key verifies (`weighbridge verify --key`)")
	case strings.Contains(kind, "CERTIFICATE"):
		return fmt.Errorf("private key: this is a certificate (%s): expected the private key that belongs to it; %s", kind, generate)
	case kind == "RSA PRIVATE KEY":
		return wrongKind("RSA")
	case kind == "OPENSSH PRIVATE KEY":
		return fmt.Errorf("private key: this is an OpenSSH key: expected PKCS#8 or SEC 1; %s", generate)
	}
	return fmt.Errorf("private key: the PEM block is %q: expected PRIVATE KEY (PKCS#8) or EC PRIVATE KEY (SEC 1); %s", kind, generate)
}

// wrongKind is about a key in a file; [NewKey] has the words for one that is elsewhere.
func wrongKind(found string) error {
	return fmt.Errorf("private key: it is of the kind %s: expected ECDSA P-256, P-384, P-521 or Ed25519; %s", found, generate)
}

func newKey(parsed any) (*Key, error) {
	switch key := parsed.(type) {
	case *ecdsa.PrivateKey, ed25519.PrivateKey:
		found := kindOf(key.(crypto.Signer).Public())
		if !slices.Contains(kinds(), found) {
			return nil, wrongKind(found)
		}
		return NewKey(key.(crypto.Signer))
	case *rsa.PrivateKey:
		return nil, wrongKind("RSA")
	}
	return nil, wrongKind(strings.TrimPrefix(fmt.Sprintf("%T", parsed), "*"))
}

// Kind returns one of the kinds of key.
func (k *Key) Kind() string { return k.suite().kind }

// PublicPEM returns the public key as PEM (SubjectPublicKeyInfo), the form that
// verify, cosign and openssl read.
func (k *Key) PublicPEM() ([]byte, error) {
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: k.spki}), nil
}

// ID names the key: "sha256:" and the hexadecimal SHA-256 of the public key's
// DER, as in `openssl pkey -pubin -in FILE -outform der | sha256sum`.
func (k *Key) ID() string {
	sum := sha256.Sum256(k.spki)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// hint is the key's name in a bundle, as cosign and sigstore-go write it.
func (k *Key) hint() string {
	sum := sha256.Sum256(k.spki)
	return base64.StdEncoding.EncodeToString(sum[:])
}
