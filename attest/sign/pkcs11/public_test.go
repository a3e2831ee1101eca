package pkcs11

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/asn1"
	"testing"
)

// TestPublicKeys reads the curve and the point as tokens give them: wrapped as the
// specification has it, and bare.
func TestPublicKeys(t *testing.T) {
	if len(curves()) != 3 {
		t.Fatalf("%d curves", len(curves()))
	}
	for params, curve := range curves() {
		var oid asn1.ObjectIdentifier
		if rest, err := asn1.Unmarshal([]byte(params), &oid); err != nil || len(rest) != 0 {
			t.Fatalf("%x is no object identifier: %v", params, err)
		}
		key, err := ecdsa.GenerateKey(curve, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		bare, err := key.PublicKey.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		for _, point := range [][]byte{bare, octets(t, bare)} {
			if public, err := ecPublicKey([]byte(params), point); err != nil || !key.PublicKey.Equal(public) {
				t.Errorf("%s: %v", curve.Params().Name, err)
			}
		}
		for name, point := range map[string][]byte{"off the curve": append(bytes.Clone(bare[:len(bare)-1]), bare[len(bare)-1]^1), "short": bare[:20], "empty": nil, "cut": octets(t, bare)[:30]} {
			if _, err := ecPublicKey([]byte(params), point); err == nil {
				t.Errorf("%s: a point %s was taken", curve.Params().Name, name)
			}
		}
	}
	public, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for _, params := range []string{"\x06\x03\x2b\x65\x70", "\x13\x0cedwards25519"} { // the latter is SoftHSM's
		for _, point := range [][]byte{public, octets(t, public)} {
			if found, err := edPublicKey([]byte(params), point); err != nil || !public.Equal(found) {
				t.Errorf("%q: %v", params, err)
			}
		}
	}
	if _, err := edPublicKey([]byte("\x13\x0aedwards448"), public); err == nil {
		t.Error("edwards448 was taken")
	}
	if _, err := edPublicKey([]byte("\x06\x03\x2b\x65\x70"), public[:31]); err == nil {
		t.Error("31 bytes were taken")
	}
	if _, err := ecPublicKey([]byte("\x06\x05\x2b\x81\x04\x00\x21"), nil); err == nil { // P-224
		t.Error("P-224 was taken")
	}
}

func octets(t *testing.T, b []byte) []byte {
	t.Helper()
	der, err := asn1.Marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// TestSignatureInHalves: what a token gives verifies as what crypto/ecdsa expects.
func TestSignatureInHalves(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	digest := sha256.Sum256([]byte("text"))
	r, s, err := ecdsa.Sign(rand.Reader, key, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	raw := make([]byte, 132)
	r.FillBytes(raw[:66])
	s.FillBytes(raw[66:])
	der, err := derSignature(raw)
	if err != nil || !ecdsa.VerifyASN1(&key.PublicKey, digest[:], der) {
		t.Errorf("%x: %v", der, err)
	}
	for _, raw := range [][]byte{nil, raw[:131]} {
		if _, err := derSignature(raw); err == nil {
			t.Errorf("%d bytes were taken", len(raw))
		}
	}
}
