package sign

import (
	"bytes"
	"context"
	"crypto"
	_ "crypto/sha512" // SHA-384 and SHA-512 for crypto.Hash
	"encoding/json"
	"fmt"
	"time"

	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	protocommon "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/sign"
	"github.com/sigstore/sigstore/pkg/signature"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/weighbridge/weighbridge/attest"
)

// Sign returns the Sigstore bundle v0.3, in JSON without white space, that holds
// payload and its signature. The payload must be a statement that
// [attest.ParseStatement] reads: nothing is signed that a recipient would refuse.
func (k *Key) Sign(ctx context.Context, payload []byte) ([]byte, error) {
	if _, err := attest.ParseStatement(payload); err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	bundle, err := k.bundle(ctx, payload, k.hint())
	if err != nil {
		return nil, err
	}
	if k.certificate != nil {
		bundle.VerificationMaterial.Content = &protobundle.VerificationMaterial_Certificate{Certificate: &protocommon.X509Certificate{RawBytes: k.certificate.Raw}}
	}
	return layout(protojson.Marshal(bundle))
}

// bundle signs payload; hint is how the bundle calls the key.
func (k *Key) bundle(ctx context.Context, payload []byte, hint string) (*protobundle.Bundle, error) {
	trusted, err := k.trusted()
	if err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	content := &sign.DSSEData{Data: payload, PayloadType: attest.PayloadType}
	// With a trusted root the bundle is verified before it is returned.
	bundle, err := sign.Bundle(content, keypair{k, hint}, sign.BundleOptions{Context: ctx, TrustedRoot: trusted})
	if err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	return bundle, k.services.stamp(ctx, bundle)
}

// layout removes the white space that protojson varies from build to build.
func layout(loose []byte, err error) ([]byte, error) {
	var b bytes.Buffer
	if err == nil {
		err = json.Compact(&b, loose)
	}
	if err == nil && b.Len() > attest.MaxStatementBytes {
		err = fmt.Errorf("the bundle has %d bytes, a recipient reads at most %d: shorten the lineage's findings, or leave the list of files out", b.Len(), attest.MaxStatementBytes)
	}
	if err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	return b.Bytes(), nil
}

// trusted is the trust in exactly this key, without limit in time.
func (k *Key) trusted() (root.TrustedMaterial, error) {
	verifier, err := signature.LoadVerifier(k.public, k.suite().hash)
	if err != nil {
		return nil, err
	}
	key := root.NewExpiringKey(verifier, time.Time{}, time.Time{})
	return root.NewTrustedPublicKeyMaterial(func(string) (root.TimeConstrainedVerifier, error) { return key, nil }), nil
}

// keypair is a Key in the form that sigstore-go asks for.
type keypair struct {
	*Key
	name string // the hint
}

func (k keypair) GetHashAlgorithm() protocommon.HashAlgorithm { return k.suite().digest }

func (k keypair) GetSigningAlgorithm() protocommon.PublicKeyDetails { return k.suite().details }

func (k keypair) GetHint() []byte { return []byte(k.name) }

func (k keypair) GetKeyAlgorithm() string {
	if k.Kind() == Ed25519 {
		return "ED25519"
	}
	return "ECDSA"
}

func (k keypair) GetPublicKey() crypto.PublicKey { return k.public }

func (k keypair) GetPublicKeyPem() (string, error) {
	text, err := k.PublicPEM()
	return string(text), err
}

// SignData returns the signature of data and what was signed: the digest for
// ECDSA, the data itself for Ed25519 (RFC 8032, pure).
func (k keypair) SignData(_ context.Context, data []byte) (sig, signed []byte, err error) {
	if sig, err = k.signature(data); err != nil {
		return nil, nil, err
	}
	if k.Kind() == Ed25519 {
		return sig, data, nil
	}
	hash := k.suite().hash.New()
	hash.Write(data)
	return sig, hash.Sum(nil), nil
}
