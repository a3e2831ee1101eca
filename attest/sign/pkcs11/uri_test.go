package pkcs11

import (
	"reflect"
	"strings"
	"testing"
)

func TestParseURI(t *testing.T) {
	slot := uint(7)
	cases := map[string]URI{
		"pkcs11:token=release%20token;object=signing?module-path=/usr/lib/m.so": {Token: "release token", Object: "signing", Module: "/usr/lib/m.so"},
		"pkcs11:id=%01%ff;serial=210f;slot-id=7;type=private":                   {ID: []byte{1, 0xff}, Serial: "210f", Slot: &slot},
		"pkcs11:object=a%3bb%25?pin-source=file:/run/pin&module-path=/m.so":     {Object: "a;b%", PINSource: "/run/pin", Module: "/m.so"},
		"PKCS11:object=x": {Object: "x"},
		"pkcs11:manufacturer=M;model=X;object=k?pin-value=12%2634": {Manufacturer: "M", Model: "X", Object: "k", PIN: "12&34"},
	}
	for text, want := range cases {
		got, err := ParseURI(text)
		if err != nil || !reflect.DeepEqual(*got, want) {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
	}
}

// TestParseURIRefuses: what would be passed over, or read in two ways. The PIN 24680
// stands in no error.
func TestParseURIRefuses(t *testing.T) {
	cases := map[string]string{
		"pkcs11:":                                             "no key is named",
		"pkcs11:token=x":                                      "no key is named",
		" pkcs11:object=x?pin-value=24680":                    "without space around it",
		"pkcs11:object=x?pin-value=24680\n":                   "without space around it",
		"pkcs12:object=x?pin-value=24680":                     "expected pkcs11:token=LABEL",
		"pkcs11:object=x&pin-value=24680;type=public":         "has pin-value inside",
		"pkcs11:object=x;type=y&pin-value=24680":              "has pin-value inside",
		"pkcs11:object=x;slot-id=1%26pin-value%3D24680":       "has pin-value inside",
		"pkcs11:object=x?module-path=m.so?pin-value=24680":    "has pin-value inside",
		"pkcs11:object=x?module-path=/m&pin-value%3D24680=":   "without NAME=",
		"pkcs11:object=x?pin-value24680=x":                    "has pin-value inside",
		"pkcs11:object=x?PIN-VALUE=24680":                     "has pin-value inside",
		"pkcs11:object=x?%70in-value%3d24680=%zz":             "without NAME=",
		"pkcs11:object=x;object=y":                            "stands twice",
		"pkcs11:object=":                                      "is empty",
		"pkcs11:object=x;":                                    "without NAME=",
		"pkcs11:object":                                       "without NAME=",
		"pkcs11:object=a b":                                   "a space is %20",
		"pkcs11:object=%zz":                                   "all else as %XX",
		"pkcs11:object=x;type=public":                         "expected private",
		"pkcs11:object=x;slot-id=-1":                          "expected a number",
		"pkcs11:object=x;colour=red":                          "not known before the question mark",
		"pkcs11:object=x;pin-value=24680":                     "not known before the question mark",
		"pkcs11:object=x?token=y":                             "not known after the question mark",
		"pkcs11:object=x?module-name=softhsm":                 "not known after the question mark",
		"pkcs11:object=x?module-path=softhsm.so":              "expected an absolute path",
		"pkcs11:object=x?pin-source=|/bin/pin":                "names a program",
		"pkcs11:object=x?pin-value=24680 1":                   "all else as %XX",
		"pkcs11:object=x?pin-value=24680&24680":               "without NAME=",
		"pkcs11:object=x?pin-value=24680%":                    "all else as %XX",
		"pkcs11:object=x?pin-value=24680;x=24680":             "all else as %XX",
		"pkcs11:object=x?pin-value=24680#&24680=x":            "all else as %XX",
		"pkcs11:object=x?pin-value=24680&pin-source=/run/pin": "both pin-value and pin-source",
		"pkcs11:object=" + strings.Repeat("x", maxURI):        "at most",
	}
	for text, want := range cases {
		u, err := ParseURI(text)
		switch {
		case err == nil || u != nil || !strings.Contains(err.Error(), want):
			t.Errorf("%.80s: %v, expected %q", text, err, want)
		case strings.Contains(err.Error(), "24680"):
			t.Errorf("the PIN is shown: %v", err)
		}
	}
}

// FuzzParseURI: what is read names the same key when it is written again, and never
// with its PIN.
func FuzzParseURI(f *testing.F) {
	for _, seed := range []string{"pkcs11:token=a%20b;object=c;id=%00%01;slot-id=3?module-path=/m.so&pin-value=secret", "pkcs11:id=%25;serial=x;model=y;manufacturer=z?pin-source=/p"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		u, err := ParseURI(text)
		if err != nil {
			return
		}
		again, err := ParseURI(u.String())
		if err != nil {
			t.Fatalf("%q was read, and %q is not: %v", text, u, err)
		}
		again.Module, again.PINSource, again.PIN = u.Module, u.PINSource, u.PIN
		if !reflect.DeepEqual(u, again) {
			t.Errorf("%q became %+v and then %+v", text, u, again)
		}
		if again, err := ParseURI(u.String()); err != nil || again.PIN != "" || again.Module != "" {
			t.Errorf("%q shows more than the key", u)
		}
	})
}
