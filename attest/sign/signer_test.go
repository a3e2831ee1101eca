package sign

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"strings"
	"testing"
)

// elsewhere is a key that is not in a file: nothing of its private half shows but
// what it signs.
type elsewhere struct {
	public crypto.PublicKey
	sign   func(digest []byte, opts crypto.SignerOpts) ([]byte, error)
}

func (e elsewhere) Public() crypto.PublicKey { return e.public }

func (e elsewhere) Sign(_ io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	return e.sign(digest, opts)
}

// whole is elsewhere for a service that hashes for itself.
type whole struct {
	elsewhere
	got []byte
}

func (w *whole) SignMessage(rand io.Reader, message []byte, opts crypto.SignerOpts) ([]byte, error) {
	w.got = message
	digest := message
	if opts.HashFunc() != 0 {
		hash := opts.HashFunc().New()
		hash.Write(message)
		digest = hash.Sum(nil)
	}
	return w.sign(digest, opts)
}

// TestKeyElsewhere (E2, E3): a key of each kind that is not in a file signs what a key in
// a file signs, under the same names, with nonces of its own.
func TestKeyElsewhere(t *testing.T) {
	payload := statement(t)
	for _, name := range []string{"p256-pkcs8.pem", "p384-sec1.pem", "p521.pem", "ed25519.pem"} {
		file := load(t, name)
		away := elsewhere{file.public, func(digest []byte, opts crypto.SignerOpts) ([]byte, error) {
			return file.signer.Sign(rand.Reader, digest, opts)
		}}
		hashing := &whole{elsewhere: away}
		for _, signer := range []crypto.Signer{away, hashing} {
			key, err := NewKey(signer)
			if err != nil {
				t.Fatal(err)
			}
			if key.ID() != file.ID() || key.Kind() != file.Kind() || key.hint() != file.hint() || key.pemHint() != file.pemHint() {
				t.Errorf("%s: it is called %s %s", name, key.Kind(), key.ID())
			}
			data, err := key.Sign(context.Background(), payload)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			var b bundleJSON
			if err := json.Unmarshal(data, &b); err != nil {
				t.Fatal(err)
			}
			public, err := key.PublicPEM()
			if err != nil {
				t.Fatal(err)
			}
			if block, _ := pem.Decode(public); strings.Contains(name, "256") && !holds(t, block.Bytes, payload, b.DSSE.Signatures[0].Sig) {
				t.Errorf("%s: the signature does not hold", name)
			}
		}
		if !strings.HasPrefix(string(hashing.got), "DSSEv1 ") {
			t.Errorf("%s: a signer that hashes for itself got %.20q", name, hashing.got)
		}
	}
}

// TestNoteByKeyElsewhere: a meter key in a token signs the same line as in a file.
func TestNoteByKeyElsewhere(t *testing.T) {
	file := load(t, "ed25519.pem")
	key, err := NewKey(elsewhere{file.public, func(message []byte, opts crypto.SignerOpts) ([]byte, error) {
		return file.signer.Sign(nil, message, opts)
	}})
	if err != nil {
		t.Fatal(err)
	}
	want, err := file.SignNote("log.example/a", "text\n")
	if got, also := key.SignNote("log.example/a", "text\n"); err != nil || also != nil || got != want {
		t.Errorf("%q %v, expected %q %v", got, also, want, err)
	}
}

// TestSignerThatLies (E3): what does not hold under the public key that the signer shows
// never leaves.
func TestSignerThatLies(t *testing.T) {
	right := load(t, "p256-pkcs8.pem")
	made, err := GenerateKey(ECDSAP256)
	if err != nil {
		t.Fatal(err)
	}
	other, err := ParseKey(made)
	if err != nil {
		t.Fatal(err)
	}
	cases := map[string]func([]byte, crypto.SignerOpts) ([]byte, error){
		"another key": func(d []byte, o crypto.SignerOpts) ([]byte, error) { return other.signer.Sign(rand.Reader, d, o) },
		"other bytes": func(d []byte, o crypto.SignerOpts) ([]byte, error) {
			return right.signer.Sign(rand.Reader, append([]byte{1}, d[1:]...), o)
		},
		"nothing":      func([]byte, crypto.SignerOpts) ([]byte, error) { return nil, nil },
		"garbage":      func([]byte, crypto.SignerOpts) ([]byte, error) { return []byte(strings.Repeat("x", 1<<16)), nil },
		"raw, not DER": func([]byte, crypto.SignerOpts) ([]byte, error) { return make([]byte, 64), nil },
	}
	for name, lie := range cases {
		key, err := NewKey(elsewhere{right.public, lie})
		if err != nil {
			t.Fatal(err)
		}
		if data, err := key.Sign(context.Background(), statement(t)); !errors.Is(err, errNotOurs) || data != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	meter := load(t, "ed25519.pem")
	key, err := NewKey(elsewhere{meter.public, func([]byte, crypto.SignerOpts) ([]byte, error) { return make([]byte, 64), nil }})
	if err != nil {
		t.Fatal(err)
	}
	if line, err := key.SignNote("log.example/a", "text\n"); !errors.Is(err, errNotOurs) || line != "" {
		t.Errorf("a note: %q %v", line, err)
	}
}

// TestKeyElsewhereOfAnotherKind: the kinds are those of a file.
func TestKeyElsewhereOfAnotherKind(t *testing.T) {
	p224, err := ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	big, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	for found, signer := range map[string]crypto.Signer{"ECDSA P-224": p224, "RSA": big} {
		if _, err := NewKey(signer); err == nil || !strings.Contains(err.Error(), "of the kind "+found) {
			t.Errorf("%s: %v", found, err)
		}
	}
	if _, err := NewKey(elsewhere{}); err == nil {
		t.Error("a signer without a public key was taken")
	}
}
