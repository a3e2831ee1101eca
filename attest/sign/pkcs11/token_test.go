//go:build cgo

package pkcs11

import (
	"path/filepath"
	"strings"
	"testing"

	api "github.com/miekg/pkcs11"
)

// TestTriesLeft: of several flags the worst is said.
func TestTriesLeft(t *testing.T) {
	low, last, locked := uint(api.CKF_USER_PIN_COUNT_LOW), uint(api.CKF_USER_PIN_FINAL_TRY), uint(api.CKF_USER_PIN_LOCKED)
	for flags, want := range map[uint]string{
		api.CKF_LOGIN_REQUIRED: "", low: "some more wrong ones", low | last: "one more wrong PIN locks", low | last | locked: "is locked now",
	} {
		if got := triesLeft(flags); got == "" != (want == "") || !strings.Contains(got, want) {
			t.Errorf("%#x: %q, expected %q", flags, got, want)
		}
	}
}

// TestModules: what is no module never asks for a PIN.
func TestModules(t *testing.T) {
	never := func(string) (string, error) { t.Error("a PIN was asked for"); return "", nil }
	for path, want := range map[string]string{
		"": "no module: add ?module-path=FILE", filepath.Join(t.TempDir(), "none.so"): "no such file or directory", "uri.go": "cannot be loaded as a PKCS#11 module",
	} {
		if key, err := Open(&URI{Object: "x", Module: path}, never, nil); err == nil || key != nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, expected %q", path, err, want)
		}
	}
}
