package sign

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/weighbridge/weighbridge/attest"
)

func statement(t testing.TB) []byte {
	t.Helper()
	digest := "sha256:" + strings.Repeat("ab", 32)
	hardware := attest.Hardware{
		Model: "acme/atlas@1", NotSeen: []string{"<everything>"},
		Tool:      attest.Tool{Name: "weighbridge", Version: "test"},
		CreatedAt: time.Date(2026, 11, 24, 6, 0, 0, 0, time.UTC),
	}
	s, err := attest.NewStatement(attest.Subjects("acme/atlas@1", digest, digest), hardware)
	if err != nil {
		t.Fatal(err)
	}
	payload, err := s.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return payload
}

// bundleJSON is a bundle as the specification of Sigstore bundles v0.3 has it,
// read without sigstore-go.
type bundleJSON struct {
	MediaType            string `json:"mediaType"`
	VerificationMaterial struct {
		PublicKey struct {
			Hint string `json:"hint"`
		} `json:"publicKey"`
	} `json:"verificationMaterial"`
	DSSE struct {
		Payload     []byte `json:"payload"`
		PayloadType string `json:"payloadType"`
		Signatures  []struct {
			Sig []byte `json:"sig"`
		} `json:"signatures"`
	} `json:"dsseEnvelope"`
}

// TestSignIsVerifiedWithoutSigstore (E1, E2): the signature holds over the DSSE
// pre-authentication encoding by the standard library alone, and the bundle has
// exactly the fields of the specification.
func TestSignIsVerifiedWithoutSigstore(t *testing.T) {
	payload := statement(t)
	for _, name := range []string{"p256-pkcs8.pem", "p256-sec1.pem", "ed25519.pem"} {
		key := load(t, name)
		data, err := key.Sign(context.Background(), payload)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var b bundleJSON
		dec := json.NewDecoder(bytes.NewReader(data))
		dec.DisallowUnknownFields()
		if err := dec.Decode(&b); err != nil {
			t.Fatalf("%s: %v in %s", name, err, data)
		}
		if b.MediaType != "application/vnd.dev.sigstore.bundle.v0.3+json" || b.DSSE.PayloadType != "application/vnd.in-toto+json" ||
			!bytes.Equal(b.DSSE.Payload, payload) || len(b.DSSE.Signatures) != 1 {
			t.Errorf("%s: bundle %s", name, data)
		}
		public, err := key.PublicPEM()
		if err != nil {
			t.Fatal(err)
		}
		block, _ := pem.Decode(public)
		if sum := sha256.Sum256(block.Bytes); b.VerificationMaterial.PublicKey.Hint != base64.StdEncoding.EncodeToString(sum[:]) {
			t.Errorf("%s: hint %s", name, b.VerificationMaterial.PublicKey.Hint)
		}
		if !holds(t, block.Bytes, payload, b.DSSE.Signatures[0].Sig) {
			t.Errorf("%s: the signature does not hold", name)
		}
	}
}

// holds verifies a DSSE signature (DSSE v1.0.2, PAE) with the standard library.
func holds(t *testing.T, spki, payload, sig []byte) bool {
	t.Helper()
	const kind = "application/vnd.in-toto+json"
	pae := fmt.Appendf(nil, "DSSEv1 %d %s %d %s", len(kind), kind, len(payload), payload)
	public, err := x509.ParsePKIXPublicKey(spki)
	if err != nil {
		t.Fatal(err)
	}
	switch key := public.(type) {
	case *ecdsa.PublicKey:
		digest := sha256.Sum256(pae)
		return ecdsa.VerifyASN1(key, digest[:], sig)
	case ed25519.PublicKey:
		return ed25519.Verify(key, pae, sig)
	}
	t.Fatalf("key of type %T", public)
	return false
}

// TestSignIsDeterministic (E1, E2): one key and one statement give one bundle, to the
// byte, in a layout without white space.
func TestSignIsDeterministic(t *testing.T) {
	for _, name := range []string{"p256-pkcs8.pem", "ed25519.pem"} {
		var last []byte
		for range 20 {
			data, err := load(t, name).Sign(context.Background(), statement(t))
			if err != nil {
				t.Fatal(err)
			}
			if last != nil && !bytes.Equal(last, data) {
				t.Fatalf("%s: %s and then %s", name, last, data)
			}
			last = data
		}
		if bytes.ContainsAny(last, " \n\t") {
			t.Errorf("%s: white space in %s", name, last)
		}
	}
}

// TestSignRefuses: nothing is signed that a recipient would refuse.
func TestSignRefuses(t *testing.T) {
	good := string(statement(t))
	cases := map[string]string{
		"empty":           "",
		"no JSON":         "hello",
		"no statement":    "{}",
		"white space":     good + "\n",
		"unknown field":   strings.Replace(good, `"devices":`, `"device":`, 1),
		"unknown version": strings.Replace(good, "hardware/v1", "hardware/v9", 1),
		"too large":       good[:len(good)-1] + strings.Repeat(" ", attest.MaxStatementBytes) + "}",
	}
	for name, payload := range cases {
		if payload == good {
			t.Fatalf("%s: the case changes nothing", name)
		}
		if data, err := load(t, "ed25519.pem").Sign(context.Background(), []byte(payload)); err == nil {
			t.Errorf("%s: signed as %s", name, data)
		}
	}
}

// BenchmarkSign prints the ratio to bare crypto/ecdsa over the same bytes.
func BenchmarkSign(b *testing.B) {
	key, payload := load(b, "p256-pkcs8.pem"), statement(b)
	private := key.signer.(*ecdsa.PrivateKey)
	var bare, ours time.Duration
	for b.Loop() {
		start := time.Now()
		digest := sha256.Sum256(payload)
		if _, err := ecdsa.SignASN1(nil, private, digest[:]); err != nil {
			b.Fatal(err)
		}
		middle := time.Now()
		if _, err := key.Sign(context.Background(), payload); err != nil {
			b.Fatal(err)
		}
		bare, ours = bare+middle.Sub(start), ours+time.Since(middle)
	}
	b.ReportMetric(float64(ours)/float64(bare), "x-bare-ecdsa")
}
