//go:build !cgo

package pkcs11

import (
	"crypto"
	"errors"
	"io"
)

// Key is a private key in a token; in this build there is none.
type Key struct{}

// Open returns an error that says which build reads tokens.
func Open(*URI, func(token string) (string, error), func(warning string)) (*Key, error) {
	return nil, errors.New("this program was built without cgo and cannot load a PKCS#11 module: use a build with it (CGO_ENABLED=1 and a C compiler, as `go build ./cmd/weighbridge` has it by default)")
}

// Public returns nothing.
func (*Key) Public() crypto.PublicKey { return nil }

// Sign returns an error.
func (*Key) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) {
	return nil, errors.New("built without cgo")
}

// Close does nothing.
func (*Key) Close() {}
