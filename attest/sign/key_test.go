package sign

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// refused is what the error for each file of testdata/keys says: what it is, and
// the next step. The files were made by openssl and ssh-keygen.
var refused = map[string][]string{
	"refused-certificate.pem":      {"this is a certificate", "weighbridge key generate"},
	"refused-cosign.pem":           {"it is encrypted", "password"},
	"refused-damaged.pem":          {"cannot be read", "restore it"},
	"refused-ec-parameters.pem":    {"begins with EC PARAMETERS", "openssl pkcs8"},
	"refused-empty.pem":            {"expected one PEM block", "weighbridge key generate"},
	"refused-encrypted-legacy.pem": {"it is encrypted", "openssl pkcs8"},
	"refused-encrypted.pem":        {"it is encrypted", "password"},
	"refused-leading-text.pem":     {"expected one PEM block and nothing else", "weighbridge key generate"},
	"refused-openssh.pem":          {"an OpenSSH key", "weighbridge key generate"},
	"refused-p224.pem":             {"ECDSA P-224", "weighbridge key generate"},
	"refused-public.pem":           {"a public key", "verifies"},
	"refused-rsa-pkcs1.pem":        {"kind RSA", "weighbridge key generate"},
	"refused-rsa.pem":              {"kind RSA", "weighbridge key generate"},
	"refused-secp256k1.pem":        {"unknown elliptic curve", "weighbridge key generate"},
	"refused-text.pem":             {"expected one PEM block", "weighbridge key generate"},
	"refused-trailing-text.pem":    {"text after it", "a file of its own"},
	"refused-truncated.pem":        {"expected one PEM block", "weighbridge key generate"},
	"refused-two-keys.pem":         {"more than one PEM block", "a file of its own"},
	"refused-x25519.pem":           {"ecdh.PrivateKey", "weighbridge key generate"},
}

func TestParseKeyRefuses(t *testing.T) {
	files, err := filepath.Glob("testdata/keys/refused-*.pem")
	if err != nil || len(files) != len(refused) {
		t.Fatalf("%d files, %d expectations: %v", len(files), len(refused), err)
	}
	seen := map[string]string{}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		_, err = ParseKey(data)
		if err == nil {
			t.Errorf("%s: accepted", file)
			continue
		}
		for _, want := range refused[filepath.Base(file)] {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %q does not say %q", file, err, want)
			}
		}
		seen[err.Error()] = file
	}
	if _, err := ParseKey(bytes.Repeat([]byte("A"), maxKeyBytes+1)); err == nil {
		t.Error("an oversized file was accepted")
	}
	if len(seen) < 13 {
		t.Errorf("only %d different messages", len(seen))
	}
}

// TestKeysOfOpenssl: both encodings of one key are one key, whose public half is
// what openssl printed.
func TestKeysOfOpenssl(t *testing.T) {
	pkcs8, sec1 := load(t, "p256-pkcs8.pem"), load(t, "p256-sec1.pem")
	public, err := pkcs8.PublicPEM()
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("testdata/keys/refused-public.pem")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(public, want) || pkcs8.ID() != sec1.ID() || pkcs8.Kind() != ECDSAP256 {
		t.Errorf("public key %s of kind %s, expected %s", public, pkcs8.Kind(), want)
	}
	block, _ := pem.Decode(want)
	if sum := sha256.Sum256(block.Bytes); pkcs8.ID() != "sha256:"+hex.EncodeToString(sum[:]) {
		t.Errorf("id %s is not the SHA-256 of the DER", pkcs8.ID())
	}
	if load(t, "ed25519.pem").Kind() != Ed25519 {
		t.Error("the Ed25519 key is of another kind")
	}
	if load(t, "p384-sec1.pem").Kind() != ECDSAP384 || load(t, "p521.pem").Kind() != ECDSAP521 {
		t.Error("the keys on P-384 and P-521 are of other kinds")
	}
}

func TestGenerateKey(t *testing.T) {
	for _, kind := range []string{ECDSAP256, ECDSAP384, ECDSAP521, Ed25519} {
		text, err := GenerateKey(kind)
		if err != nil {
			t.Fatal(err)
		}
		key, err := ParseKey(text)
		if err != nil || key.Kind() != kind {
			t.Errorf("%s: %v", kind, err)
		}
		again, err := GenerateKey(kind)
		if err != nil || bytes.Equal(text, again) {
			t.Errorf("%s: the same key twice: %v", kind, err)
		}
		public, err := key.PublicPEM()
		if err != nil {
			t.Fatal(err)
		}
		block, rest := pem.Decode(public)
		if _, err := x509.ParsePKIXPublicKey(block.Bytes); err != nil || len(rest) != 0 {
			t.Errorf("%s: public key: %v", kind, err)
		}
	}
	if _, err := GenerateKey("rsa"); err == nil || !strings.Contains(err.Error(), "expected ecdsa-p256, ecdsa-p384, ecdsa-p521 or ed25519") {
		t.Errorf("kind rsa: %v", err)
	}
}

func load(t testing.TB, name string) *Key {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata/keys", name))
	if err != nil {
		t.Fatal(err)
	}
	key, err := ParseKey(data)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func FuzzParseKey(f *testing.F) {
	files, err := filepath.Glob("testdata/keys/*.pem")
	if err != nil || len(files) < 20 {
		f.Fatalf("%d seeds: %v", len(files), err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		key, err := ParseKey(data)
		if (key == nil) == (err == nil) {
			t.Fatalf("key %v and error %v", key, err)
		}
		if key != nil && !slices.Contains([]string{ECDSAP256, ECDSAP384, ECDSAP521, Ed25519}, key.Kind()) {
			t.Fatalf("a key of kind %s", key.Kind())
		}
	})
}
