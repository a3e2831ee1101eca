package verify

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"testing"
)

// raw makes a bundle around any payload of any type by the standard library
// alone (DSSE v1.0.2, Sigstore bundle v0.3): sign refuses to sign most of what
// verify must refuse to believe, and a second implementation signs what ours
// reads.
func raw(t testing.TB, key signer, kind string, text []byte) []byte {
	t.Helper()
	pae := fmt.Appendf(nil, "DSSEv1 %d %s %d %s", len(kind), kind, len(text), text)
	var sig []byte
	var err error
	if _, ok := key.private.(ed25519.PrivateKey); ok {
		sig, err = key.private.Sign(rand.Reader, pae, crypto.Hash(0))
	} else {
		digest := sha256.Sum256(pae)
		sig, err = key.private.Sign(rand.Reader, digest[:], crypto.SHA256)
	}
	if err != nil {
		t.Fatal(err)
	}
	spki, err := x509.MarshalPKIXPublicKey(key.private.Public())
	if err != nil {
		t.Fatal(err)
	}
	hint := sha256.Sum256(spki)
	quoted, err := json.Marshal(kind)
	if err != nil {
		t.Fatal(err)
	}
	encode := base64.StdEncoding.EncodeToString
	return fmt.Appendf(nil, `{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","verificationMaterial":{"publicKey":{"hint":%q}},"dsseEnvelope":{"payload":%q,"payloadType":%s,"signatures":[{"sig":%q}]}}`,
		encode(hint[:]), encode(text), quoted, encode(sig))
}

// TestSecondImplementation: a bundle made without sigstore-go passes.
func TestSecondImplementation(t *testing.T) {
	for _, kind := range []string{"ecdsa-p256", "ed25519"} {
		s := happy(t)
		key := newKey(t, kind)
		s.policy.Keys = append(s.policy.Keys, public(t, key))
		s.in.Bundles[1] = raw(t, key, "application/vnd.in-toto+json", payload(t, manifestDigest, s.in.Found, hardware()))
		if r := s.verify(t); !r.OK {
			t.Errorf("%s: %s", kind, messages(r))
		}
	}
}
