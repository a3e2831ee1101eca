package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/weighbridge/weighbridge/attest/sign"
	"github.com/weighbridge/weighbridge/attest/sign/pkcs11"
)

// tokenKey is a key in a token. name may hold a PIN, so no error shows it: they show
// the URI as it was read.
func (a *app) tokenKey(flag, name string) (*sign.Key, error) {
	uri, err := pkcs11.ParseURI(name)
	if err != nil {
		return nil, usage("%s %s...: %w", flag, pkcs11.Scheme, err)
	}
	if uri.Module == "" {
		uri.Module, _ = a.variable("COSIGN_PKCS11_MODULE_PATH")
	}
	if uri.PIN != "" {
		a.warn("the PIN stands in the command line, where every user of this machine can read it: use pin-source= or $WEIGHBRIDGE_PIN")
	}
	found, err := pkcs11.Open(uri, func(token string) (string, error) { return a.pin(uri, token) }, func(text string) { a.warn("%s", text) })
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", flag, uri, err)
	}
	a.atEnd = append(a.atEnd, found.Close)
	key, err := sign.NewKey(found)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", flag, uri, err)
	}
	return key, nil
}

// pin is the PIN of a token: as the URI says, else from the environment, else typed.
func (a *app) pin(uri *pkcs11.URI, token string) (string, error) {
	switch value, found := a.variable("WEIGHBRIDGE_PIN", "COSIGN_PKCS11_PIN"); {
	case uri.PIN != "":
		return uri.PIN, nil
	case uri.PINSource != "":
		return pinOf(uri.PINSource)
	case found && value == "":
		return "", errors.New("the PIN in the environment is empty: nothing was tried")
	case found:
		return value, nil
	case !term.IsTerminal(int(a.env.stdin.Fd())):
		return "", fmt.Errorf("token %q wants a PIN: put it into $WEIGHBRIDGE_PIN, name a file with pin-source=, or run this on a terminal", token)
	}
	typed, err := a.typed("PIN of token " + token)
	if err == nil && len(typed) == 0 {
		err = errors.New("no PIN was typed: nothing was tried")
	}
	return string(typed), err
}

// pinOf reads a PIN from a file for its owner alone: one line.
func pinOf(path string) (string, error) {
	const most = 256
	file, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("pin-source: %w", err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return "", fmt.Errorf("pin-source: %w", err)
	}
	if othersMay(info) {
		return "", fmt.Errorf("pin-source %s: others may read or write it (mode %04o): chmod 600 %s", path, info.Mode().Perm(), path)
	}
	data, err := io.ReadAll(io.LimitReader(file, most+1))
	if err != nil {
		return "", fmt.Errorf("pin-source: %w", err)
	}
	line := strings.TrimSuffix(strings.TrimSuffix(string(data), "\n"), "\r")
	if line == "" || len(data) > most || strings.ContainsAny(line, "\r\n") {
		return "", fmt.Errorf("pin-source %s: expected the PIN on one line, of at most %d bytes, and nothing else", path, most)
	}
	return line, nil
}

// othersMay reports whether group or others may read or write a file.
func othersMay(info fs.FileInfo) bool {
	const others = 0o066
	return info.Mode().IsRegular() && info.Mode().Perm()&others != 0
}
