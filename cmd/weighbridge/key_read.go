package main

import (
	"fmt"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/weighbridge/weighbridge/attest/sign"
	"github.com/weighbridge/weighbridge/attest/sign/kms"
	"github.com/weighbridge/weighbridge/attest/sign/pkcs11"
)

// readKey finds the private key that signs: in a file, in a token (pkcs11:...), or in
// a key service (NAME://...). A file that others may read or write is refused:
// whoever else has it signs in the same name. A pipe has no readers to keep out. flag
// is what named it.
func (a *app) readKey(flag, path string) (*sign.Key, error) {
	if pkcs11.IsURI(path) {
		return a.tokenKey(flag, path)
	}
	if pkcs11.NamesPIN(path) {
		return nil, usage("%s: the name of a file or a key service with a PIN in it (pin-value), which is not shown: expected %s at its beginning for a key in a token", flag, pkcs11.Scheme)
	}
	if _, _, service := kms.ParseName(path); service {
		return a.serviceKey(flag, path)
	}
	data, err := readUpTo(path, maxKeyFile)
	if err != nil {
		return nil, fmt.Errorf("%s: %w; make one with `weighbridge key generate --out %s`", flag, err, path)
	}
	var password []byte
	if sign.IsEncrypted(data) {
		if password, err = a.password(flag, path); err != nil {
			return nil, err
		}
	}
	key, err := sign.ParseEncryptedKey(data, password)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", flag, path, err)
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", flag, err)
	}
	if othersMay(info) {
		return nil, fmt.Errorf("%s %s: others may read or write it (mode %04o): chmod 600 %s, and make a new key if somebody may have read this one", flag, path, info.Mode().Perm(), path)
	}
	return key, nil
}

// elsewhere reports whether a key is named that is not in a file, or no file that is
// to be shown.
func elsewhere(name string) bool {
	_, _, service := kms.ParseName(name)
	return service || pkcs11.IsURI(name) || pkcs11.NamesPIN(name)
}

// keyFile refuses a name for a new key's file that is none.
func keyFile(out string) error {
	if elsewhere(out) {
		return usage("--out %s: expected a file; a key in a token or a key service is made by its own tools", keyName(out))
	}
	return nil
}

// keyName is the name of a key as people may see it: every message has it and never
// what the flag said, where a PIN or a password may stand.
func keyName(name string) string {
	if pkcs11.IsURI(name) {
		if uri, err := pkcs11.ParseURI(name); err == nil {
			return uri.String()
		}
		return pkcs11.Scheme + "..."
	}
	service, _, found := strings.Cut(name, "://")
	switch {
	case pkcs11.NamesPIN(name):
		return "..."
	case found && strings.ContainsAny(name, "@?#"):
		return service + "://..."
	}
	return name
}

// password is that of an encrypted key: from the environment, where an empty one
// counts too (cosign allows it), else asked for on the terminal.
func (a *app) password(flag, path string) ([]byte, error) {
	if value, found := a.variable("WEIGHBRIDGE_PASSWORD", "COSIGN_PASSWORD"); found {
		return []byte(value), nil
	}
	if !term.IsTerminal(int(a.env.stdin.Fd())) {
		return nil, fmt.Errorf("%s %s: it is encrypted: put its password into $WEIGHBRIDGE_PASSWORD (or $COSIGN_PASSWORD), or run this on a terminal", flag, path)
	}
	password, err := a.typed("password of " + path)
	if err != nil {
		return nil, fmt.Errorf("%s %s: reading the password: %w", flag, path, err)
	}
	return password, nil
}

// variable is the first of the variables that the environment has.
func (a *app) variable(names ...string) (value string, found bool) {
	for _, name := range names {
		for _, entry := range a.env.environ {
			if value, found := strings.CutPrefix(entry, name+"="); found {
				return value, true
			}
		}
	}
	return "", false
}

// typed asks on the terminal, which does not show what is typed.
func (a *app) typed(what string) ([]byte, error) {
	fmt.Fprintf(a.env.stderr, "%s: ", printable(what))
	secret, err := term.ReadPassword(int(a.env.stdin.Fd()))
	fmt.Fprintln(a.env.stderr)
	return secret, err
}
