package verify

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/weighbridge/weighbridge/attest"
	"github.com/weighbridge/weighbridge/attest/sign"
)

var signedFiles = []attest.Resource{
	{Name: "a-b/x", Algorithm: "sha256", Digest: strings.Repeat("ab", 32)},
	{Name: "a/x", Algorithm: "sha256", Digest: strings.Repeat("cd", 32)},
}

func signModel(t testing.TB, key *sign.Key, chain ...*x509.Certificate) []byte {
	t.Helper()
	m, err := attest.NewModelSignature("atlas", attest.Serialization{Method: attest.MethodFiles, HashType: attest.HashSHA256}, signedFiles)
	if err != nil {
		t.Fatal(err)
	}
	data, err := key.SignModel(context.Background(), m, chain)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func publicOf(t testing.TB, key *sign.Key) *PublicKey {
	t.Helper()
	text, err := key.PublicPEM()
	if err != nil {
		t.Fatal(err)
	}
	public, err := ParsePublicKey(text)
	if err != nil {
		t.Fatal(err)
	}
	return public
}

func madeKey(t testing.TB, kind string) *sign.Key {
	t.Helper()
	text, err := sign.GenerateKey(kind)
	if err != nil {
		t.Fatal(err)
	}
	key, err := sign.ParseKey(text)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// TestModelSignatureByKey: every curve of the specification, and only the right key.
func TestModelSignatureByKey(t *testing.T) {
	other := publicOf(t, madeKey(t, sign.ECDSAP256))
	for _, kind := range []string{sign.ECDSAP256, sign.ECDSAP384, sign.ECDSAP521} {
		key := madeKey(t, kind)
		data := signModel(t, key)
		signed, err := OpenModelSignature(data, ModelPolicy{Keys: []*PublicKey{other, publicOf(t, key)}})
		if err != nil || signed.Signer != key.ID() {
			t.Errorf("%s: %v", kind, err)
			continue
		}
		if r := signed.Compare(signedFiles, nil); !r.OK || len(r.Problems) != 0 {
			t.Errorf("%s: %v", kind, r.Problems)
		}
		if r := signed.Compare(signedFiles[:1], nil); r.OK || len(r.Problems) != 1 || r.Problems[0].Code != "file-missing" {
			t.Errorf("%s: one missing: %v", kind, r.Problems)
		}
		if _, err := OpenModelSignature(data, ModelPolicy{Keys: []*PublicKey{other}}); err == nil || !strings.Contains(err.Error(), "no key given signed it") {
			t.Errorf("%s: another key: %v", kind, err)
		}
	}
	if _, err := madeKey(t, sign.Ed25519).SignModel(context.Background(), attest.ModelSignature{}, nil); err == nil || !strings.Contains(err.Error(), "Ed25519") {
		t.Errorf("Ed25519: %v", err)
	}
}

// TestModelSignatureTampered: one flipped bit anywhere in the file is refused, or
// changes nothing that is signed.
func TestModelSignatureTampered(t *testing.T) {
	key := madeKey(t, sign.ECDSAP256)
	data, policy := signModel(t, key), ModelPolicy{Keys: []*PublicKey{publicOf(t, key)}}
	want, err := OpenModelSignature(data, policy)
	if err != nil {
		t.Fatal(err)
	}
	refused := 0
	for i := range data {
		changed := bytes.Clone(data)
		changed[i] ^= 1
		got, err := OpenModelSignature(changed, policy)
		if err != nil {
			refused++
		} else if got.Root != want.Root || got.Signer != want.Signer {
			t.Errorf("byte %d: accepted with another meaning", i)
		}
	}
	if refused < len(data)/2 {
		t.Errorf("only %d of %d refused", refused, len(data))
	}
	if _, err := OpenModelSignature(data, ModelPolicy{}); err == nil {
		t.Error("a policy that names nobody accepted it")
	}
}

// certify returns a certificate for key by issuer, or a self-signed one.
func certify(t testing.TB, name string, public crypto.PublicKey, usage x509.KeyUsage, issuer *x509.Certificate, by crypto.Signer) *x509.Certificate {
	t.Helper()
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),
		NotAfter: time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC), KeyUsage: usage, BasicConstraintsValid: true, IsCA: usage == x509.KeyUsageCertSign}
	if issuer == nil {
		issuer = c
	}
	der, err := x509.CreateCertificate(rand.Reader, c, issuer, public, by)
	if err != nil {
		t.Fatal(err)
	}
	made, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// TestModelSignatureByCertificate: the chain must lead to a trusted root, and the
// certificate must be for signatures.
func TestModelSignatureByCertificate(t *testing.T) {
	authority := func(name string) (*x509.Certificate, *ecdsa.PrivateKey) {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		return certify(t, name, key.Public(), x509.KeyUsageCertSign, nil, key), key
	}
	root, rootKey := authority("Root")
	stranger, _ := authority("Root") // of the same name
	between, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	middle := certify(t, "Middle", between.Public(), x509.KeyUsageCertSign, root, rootKey)
	key := madeKey(t, sign.ECDSAP521)
	public := publicKeyOf(t, key)
	leaf := certify(t, "Signer", public, x509.KeyUsageDigitalSignature, middle, between)
	data := signModel(t, key, leaf, middle)
	signed, err := OpenModelSignature(data, ModelPolicy{Roots: []*x509.Certificate{root}})
	if err != nil || !strings.Contains(signed.Signer, "CN=Signer") {
		t.Fatalf("got %q, %v", signed.Signer, err)
	}
	if r := signed.Compare(signedFiles, nil); !r.OK || !strings.Contains(strings.Join(r.NotChecked, "\n"), "2026-01-01") {
		t.Errorf("got %+v", r)
	}
	for name, c := range map[string]struct {
		data   []byte
		policy ModelPolicy
		want   string
	}{
		"another root":    {data, ModelPolicy{Roots: []*x509.Certificate{stranger}}, "does not lead to a root"},
		"a key alone":     {data, ModelPolicy{Keys: []*PublicKey{publicOf(t, key)}}, "--certificate-root"},
		"without between": {signModel(t, key, leaf), ModelPolicy{Roots: []*x509.Certificate{root}}, "does not lead to a root"},
		"payload changed": {bytes.Replace(data, []byte(`"payload":"eyJfdHlwZSI6`), []byte(`"payload":"eyJfdHlwZSIg`), 1), ModelPolicy{Roots: []*x509.Certificate{root}}, "did not sign these bytes"},
	} {
		if _, err := OpenModelSignature(c.data, c.policy); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	m, err := attest.NewModelSignature("atlas", attest.Serialization{Method: attest.MethodFiles, HashType: attest.HashSHA256}, signedFiles)
	if err != nil {
		t.Fatal(err)
	}
	for name, chain := range map[string][]*x509.Certificate{
		"of another key": {middle}, "self-signed": {leaf, middle, root}, "not for digital signatures": {certify(t, "Signer", public, x509.KeyUsageCertSign, middle, between)},
	} {
		if _, err := key.SignModel(context.Background(), m, chain); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func publicKeyOf(t testing.TB, key *sign.Key) crypto.PublicKey {
	t.Helper()
	text, err := key.PublicPEM()
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(text)
	public, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return public
}

func FuzzOpenModelSignature(f *testing.F) {
	key := madeKey(f, sign.ECDSAP256)
	policy := ModelPolicy{Keys: []*PublicKey{publicOf(f, key)}}
	f.Add(signModel(f, key))
	f.Add([]byte(`{}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if s, err := OpenModelSignature(data, policy); err == nil && s.Signer != key.ID() {
			t.Errorf("signed by %q", s.Signer)
		}
	})
}

// TestEmptyFilesByShards (R8): a file without bytes that a signature by shards cannot
// list is refused, each by its name; by files it is compared like any other.
func TestEmptyFilesByShards(t *testing.T) {
	key := madeKey(t, sign.ECDSAP256)
	shards := []attest.Resource{{Name: "w:0:8", Algorithm: "sha256-sharded-8", Digest: strings.Repeat("ab", 32)}}
	m, err := attest.NewModelSignature("atlas", attest.Serialization{Method: attest.MethodShards, HashType: attest.HashSHA256, ShardSize: 8}, shards)
	if err != nil {
		t.Fatal(err)
	}
	data, err := key.SignModel(context.Background(), m, nil)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := OpenModelSignature(data, ModelPolicy{Keys: []*PublicKey{publicOf(t, key)}})
	if err != nil {
		t.Fatal(err)
	}
	if r := signed.Compare(shards, nil); !r.OK {
		t.Errorf("without any: %v", r.Problems)
	}
	r := signed.Compare(shards, []string{"sub/__init__.py", "marker"})
	if r.OK || len(r.Problems) != 2 || r.Problems[0].Code != "file-extra" || !strings.HasPrefix(r.Problems[0].Message, "sub/__init__.py is extra") || !strings.HasPrefix(r.Problems[1].Message, "marker is extra") {
		t.Errorf("two were added: %v", r.Problems)
	}
}
