package sign

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// TestEncryptedKeys opens what openssl and cosign encrypted; the password of all of
// them is "hunter2".
func TestEncryptedKeys(t *testing.T) {
	for name, kind := range map[string]string{"encrypted-p384.pem": ECDSAP384, "encrypted-ed25519-scrypt.pem": Ed25519, "encrypted-cosign.pem": ECDSAP256} {
		data, err := os.ReadFile(filepath.Join("testdata/keys", name))
		if err != nil {
			t.Fatal(err)
		}
		key, err := ParseEncryptedKey(data, []byte("hunter2"))
		if err != nil || key.Kind() != kind || !IsEncrypted(data) {
			t.Errorf("%s: %v", name, err)
		}
		for _, wrong := range []string{"", "hunter3"} {
			if key, err := ParseEncryptedKey(data, []byte(wrong)); !errors.Is(err, ErrPassword) || key != nil {
				t.Errorf("%s with password %q: %v", name, wrong, err)
			}
		}
		if _, err := ParseKey(data); !errors.Is(err, ErrPassword) {
			t.Errorf("%s without a password: %v", name, err)
		}
	}
	plain, err := os.ReadFile("testdata/keys/ed25519.pem")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ParseEncryptedKey(plain, []byte("unused")); err != nil || IsEncrypted(plain) {
		t.Errorf("a plain key: %v", err)
	}
}
