package pkcs11

import (
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
)

// Scheme begins every URI of a key in a token.
const Scheme = "pkcs11:"

// IsURI reports whether text was meant as the URI of a key in a token, and so may
// hold a PIN: the scheme in any case, with space before it, which [ParseURI] refuses.
func IsURI(text string) bool {
	text = strings.TrimSpace(text)
	return len(text) >= len(Scheme) && strings.EqualFold(text[:len(Scheme)], Scheme)
}

// NamesPIN reports whether text speaks of a PIN, percent-encoded or not.
func NamesPIN(text string) bool {
	plain, err := url.PathUnescape(text)
	if err != nil {
		plain = text
	}
	return strings.Contains(strings.ToLower(plain+text), pinValue)
}

const pinValue = "pin-value"

// URI names one private key in one token (RFC 7512). A field that is empty is not
// asked about; what is given must all match.
type URI struct {
	Token, Manufacturer, Model, Serial string // of the token
	Slot                               *uint  // slot-id
	Object                             string // the key's label (CKA_LABEL)
	ID                                 []byte // the key's id (CKA_ID)

	Module    string // module-path: absolute, or empty where the caller knows it from elsewhere
	PINSource string // pin-source: the file that holds the PIN
	PIN       string // pin-value: a secret
}

// maxURI bounds the text: labels have 32 bytes, paths 4096.
const maxURI = 16 << 10

// ParseURI reads a PKCS#11 URI that names a private key. Attributes that would be
// passed over are refused, so that a key is never less exactly named than it seems.
// No error shows a PIN.
func ParseURI(text string) (*URI, error) {
	if !IsURI(text) || text != strings.TrimSpace(text) || len(text) > maxURI {
		return nil, fmt.Errorf("expected %stoken=LABEL;object=LABEL?module-path=FILE (RFC 7512), without space around it, at most %d bytes", Scheme, maxURI)
	}
	u := &URI{}
	path, query, _ := strings.Cut(text[len(Scheme):], "?")
	if err := attributes(path, ";", inPath, u.pathAttribute); err != nil {
		return nil, err
	}
	if err := attributes(query, "&", inQuery, u.queryAttribute); err != nil {
		return nil, err
	}
	switch {
	case u.Object == "" && len(u.ID) == 0:
		return nil, errors.New("no key is named: add object=LABEL or id=%01%02... of the key")
	case u.PIN != "" && u.PINSource != "":
		return nil, errors.New("both pin-value and pin-source: RFC 7512 refuses that; leave pin-value out, it shows in the list of processes")
	}
	return u, nil
}

// Characters that stand for themselves beside letters and digits (RFC 7512, section 2.3).
const (
	inPath  = "-._~:[]@!$'()*+,=&"
	inQuery = "-._~:[]@!$'()*+,=/?|"
)

// attributes reads NAME=VALUE pairs, each name once. One that may hold a PIN is not
// shown in errors.
func attributes(text, separator, plain string, set func(name, value string) error) error {
	seen := map[string]bool{}
	for pair := range strings.SplitSeq(text, separator) {
		if text == "" {
			return nil
		}
		name, raw, found := strings.Cut(pair, "=")
		if !found || name == "" || !only(name, "-_") || strings.Contains(name, "%") {
			return fmt.Errorf("%d bytes without NAME=: expected NAME=VALUE pairs, separated by %q (a %q in a value is written %%%02X)", len(pair), separator, separator, separator[0])
		}
		if name != pinValue && NamesPIN(pair) {
			return fmt.Errorf("an attribute has %s inside, and is not shown: expected %s as an attribute of its own after the question mark, or better pin-source=FILE", pinValue, pinValue)
		}
		if seen[name] {
			return fmt.Errorf("%.40q stands twice: expected each attribute once", name)
		}
		seen[name] = true
		value, err := url.PathUnescape(raw)
		if err != nil || !only(raw, plain) {
			return fmt.Errorf("the value of %.40q: expected letters, digits, %s, and all else as %%XX (a space is %%20)", name, plain)
		}
		if value == "" {
			return fmt.Errorf("%.40q is empty: leave it out, or give it a value", name)
		}
		if err := set(name, value); err != nil {
			return err
		}
	}
	return nil
}

func only(raw, plain string) bool {
	for _, c := range []byte(raw) {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		if !letter && c != '%' && !strings.ContainsRune(plain, rune(c)) {
			return false
		}
	}
	return true
}

func (u *URI) pathAttribute(name, value string) error {
	switch name {
	case "token":
		u.Token = value
	case "manufacturer":
		u.Manufacturer = value
	case "model":
		u.Model = value
	case "serial":
		u.Serial = value
	case "object":
		u.Object = value
	case "id":
		u.ID = []byte(value)
	case "slot-id":
		n, err := strconv.ParseUint(value, 10, 32)
		if err != nil {
			return fmt.Errorf("slot-id %.40q: expected a number", value)
		}
		slot := uint(n)
		u.Slot = &slot
	case "type":
		if value != "private" {
			return fmt.Errorf("type %.40q: expected private: a private key signs", value)
		}
	default:
		return fmt.Errorf("%.40q is not known before the question mark: expected token, serial, manufacturer, model, slot-id, object, id, type", name)
	}
	return nil
}

func (u *URI) queryAttribute(name, value string) error {
	switch name {
	case "module-path":
		if !filepath.IsAbs(value) {
			return fmt.Errorf("module-path %.200q: expected an absolute path, so that it is certain which library is loaded", value)
		}
		u.Module = value
	case pinValue:
		u.PIN = value
	case "pin-source":
		if strings.HasPrefix(value, "|") {
			return errors.New("pin-source names a program: expected a file; put the PIN of a program into the environment")
		}
		u.PINSource = strings.TrimPrefix(value, "file:")
	default:
		return fmt.Errorf("%.40q is not known after the question mark: expected module-path, pin-source, pin-value", name)
	}
	return nil
}

// String is the URI without its PIN, in one spelling, for people.
func (u *URI) String() string {
	var parts []string
	add := func(name, value string) {
		if value != "" {
			parts = append(parts, name+"="+escape(value))
		}
	}
	add("token", u.Token)
	add("manufacturer", u.Manufacturer)
	add("model", u.Model)
	add("serial", u.Serial)
	if u.Slot != nil {
		add("slot-id", strconv.FormatUint(uint64(*u.Slot), 10))
	}
	add("object", u.Object)
	add("id", string(u.ID))
	return Scheme + strings.Join(parts, ";")
}

// escape writes value as the path of a URI takes it.
func escape(value string) string {
	var b strings.Builder
	for _, c := range []byte(value) {
		if only(string(c), inPath) && c != '%' {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}
