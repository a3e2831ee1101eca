package kms

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/weighbridge/weighbridge/attest/sign"
	"github.com/weighbridge/weighbridge/attest/sign/signtest"
)

// plugin asks the program of signtest, which answers by Sigstore's own handler.
func plugin(arguments []string, message []byte) ([]byte, error) {
	var answer bytes.Buffer
	err := signtest.Plugin(append([]string{"sigstore-kms-disk"}, arguments...), bytes.NewReader(message), &answer)
	return answer.Bytes(), err
}

func keyFile(t *testing.T, kind string) (path string, private *sign.Key) {
	t.Helper()
	data, err := sign.GenerateKey(kind)
	if err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	if private, err = sign.ParseKey(data); err != nil {
		t.Fatal(err)
	}
	return path, private
}

// TestSignsThroughThePlugin: keys of every kind, by the message and by its digest,
// hold by the standard library, with the hash that goes with the curve.
func TestSignsThroughThePlugin(t *testing.T) {
	message := []byte("message")
	for kind, hash := range map[string]crypto.Hash{sign.ECDSAP256: crypto.SHA256, sign.ECDSAP384: crypto.SHA384, sign.ECDSAP521: crypto.SHA512, sign.Ed25519: 0} {
		path, private := keyFile(t, kind)
		found, err := Open(path, plugin)
		if err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
		if key, err := sign.NewKey(found); err != nil || key.ID() != private.ID() {
			t.Fatalf("%s: %v", kind, err)
		}
		sig, err := found.SignMessage(nil, message, hash)
		if err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
		public, ecdsaKey := found.Public().(*ecdsa.PublicKey)
		if !ecdsaKey {
			if !ed25519.Verify(found.Public().(ed25519.PublicKey), message, sig) {
				t.Errorf("%s: the signature does not hold", kind)
			}
			continue
		}
		hashed := hash.New()
		hashed.Write(message)
		if !ecdsa.VerifyASN1(public, hashed.Sum(nil), sig) {
			t.Errorf("%s: the signature does not hold", kind)
		}
		if sig, err = found.Sign(nil, hashed.Sum(nil), hash); err != nil || !ecdsa.VerifyASN1(public, hashed.Sum(nil), sig) {
			t.Errorf("%s: the signature of the digest does not hold: %v", kind, err)
		}
	}
}

// TestAnswersThatAreRefused: whatever a plugin answers, it gets a sentence.
func TestAnswersThatAreRefused(t *testing.T) {
	path, _ := keyFile(t, sign.ECDSAP256)
	honest, err := Open(path, plugin)
	if err != nil {
		t.Fatal(err)
	}
	encoded := func(pem string) string {
		text, err := json.Marshal(map[string]any{"publicKey": map[string]any{"publicKeyPEM": []byte(pem)}})
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	rsa := "-----BEGIN RSA PUBLIC KEY-----\nMAA=\n-----END RSA PUBLIC KEY-----\n"
	cases := map[string]struct{ answer, want string }{
		"empty":                  {"", "no JSON document of the protocol"},
		"garbage":                {"hello", "no JSON document of the protocol"},
		"two documents":          {"{}{}", "no JSON document of the protocol"},
		"another type":           {`{"publicKey":7,"signMessage":7}`, "no JSON document of the protocol"},
		"null":                   {"null", "which was asked for"},
		"nothing":                {"{}", "which was asked for"},
		"another answer":         {`{"defaultAlgorithm":{"defaultAlgorithm":"x"}}`, "which was asked for"},
		"empty key":              {`{"publicKey":{}}`, ""},
		"no PEM":                 {encoded("key"), ""},
		"another block":          {encoded(rsa), ""},
		"a damaged key":          {encoded(strings.ReplaceAll(rsa, "RSA ", "")), ""},
		"an error":               {`{"errorMessage":"no\n  such key"}`, "the plugin says: no such key"},
		"a very long error":      {`{"errorMessage":"` + strings.Repeat("x ", 9000) + `"}`, " ..."},
		"an error and an answer": {`{"errorMessage":"denied","signMessage":{"signature":"AAAA"}}`, "the plugin says: denied"},
	}
	for name, c := range cases {
		ask := func([]string, []byte) ([]byte, error) { return []byte(c.answer), nil }
		if key, err := Open("x", ask); err == nil || key != nil || !strings.Contains(err.Error(), c.want) || len(err.Error()) > 600 {
			t.Errorf("%s: a public key: %v", name, err)
		}
		broken := *honest
		broken.ask = ask
		if sig, err := broken.SignMessage(nil, []byte("m"), crypto.SHA256); err == nil || sig != nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: a signature: %v", name, err)
		}
	}
	failed := errors.New("no such program")
	if _, err := Open("x", func([]string, []byte) ([]byte, error) { return nil, failed }); !errors.Is(err, failed) {
		t.Error(err)
	}
	if _, err := Open(filepath.Join(t.TempDir(), "none"), plugin); err == nil || !strings.Contains(err.Error(), "the plugin says: open") {
		t.Error(err)
	}
}

func TestParseName(t *testing.T) {
	for text, want := range map[string]string{
		"awskms:///alias/release": "sigstore-kms-awskms /alias/release", "my-hsm://": "sigstore-kms-my-hsm ", "a.b+c_d://x://y": "sigstore-kms-a.b+c_d x://y",
		"release.key": "", "../x://y": "", "a/b://c": "", "://x": "", "a b://c": "", "pkcs11:token=x": "", "ä://x": "",
	} {
		program, reference, ok := ParseName(text)
		if got := program + " " + reference; ok != (want != "") || ok && got != want {
			t.Errorf("%q: %q, %t", text, got, ok)
		}
	}
}
