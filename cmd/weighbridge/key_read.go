package main

import (
	"fmt"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/weighbridge/weighbridge/attest/sign"
)

// readKey reads the private key that signs. One that others may read or write is
// refused: whoever else has it signs in the same name. A pipe has no readers to
// keep out.
func (a *app) readKey(path string) (*sign.Key, error) {
	if scheme, _, service := strings.Cut(path, "://"); service || strings.HasPrefix(path, "pkcs11:") {
		return nil, usage("--key %s: keys in hardware and key services (%s) are not read by this build: name a PEM file; an encrypted one is asked for its password", path, scheme)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("--key: %w; make one with `weighbridge key generate --out %s`", err, path)
	}
	var password []byte
	if sign.IsEncrypted(data) {
		if password, err = a.password(path); err != nil {
			return nil, err
		}
	}
	key, err := sign.ParseEncryptedKey(data, password)
	if err != nil {
		return nil, fmt.Errorf("--key %s: %w", path, err)
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("--key: %w", err)
	}
	const others = 0o066 // read and write, group and others
	if mode := info.Mode(); mode.IsRegular() && mode.Perm()&others != 0 {
		return nil, fmt.Errorf("--key %s: others may read or write it (mode %04o): chmod 600 %s, and make a new key if somebody may have read this one", path, mode.Perm(), path)
	}
	return key, nil
}

// password is that of an encrypted key: from the environment, where an empty one
// counts too (cosign allows it), else asked for on the terminal.
func (a *app) password(path string) ([]byte, error) {
	for _, name := range []string{"WEIGHBRIDGE_PASSWORD", "COSIGN_PASSWORD"} {
		for _, entry := range a.env.environ {
			if value, found := strings.CutPrefix(entry, name+"="); found {
				return []byte(value), nil
			}
		}
	}
	if !term.IsTerminal(int(a.env.stdin.Fd())) {
		return nil, fmt.Errorf("--key %s: it is encrypted: put its password into $WEIGHBRIDGE_PASSWORD (or $COSIGN_PASSWORD), or run this on a terminal", path)
	}
	fmt.Fprintf(a.env.stderr, "password of %s: ", path)
	password, err := term.ReadPassword(int(a.env.stdin.Fd()))
	fmt.Fprintln(a.env.stderr)
	if err != nil {
		return nil, fmt.Errorf("--key %s: reading the password: %w", path, err)
	}
	return password, nil
}
