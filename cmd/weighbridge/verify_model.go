package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/weighbridge/weighbridge/attest"
	"github.com/weighbridge/weighbridge/attest/verify"
	"github.com/weighbridge/weighbridge/attest/weights"
)

// signatureError is a signature that cannot be relied on.
type signatureError struct{ err error }

func (e *signatureError) Error() string { return e.err.Error() }
func (e *signatureError) Unwrap() error { return e.err }

// verifyModel verifies a directory (or a single file) of weights against an OpenSSF
// Model Signing signature: the signature first, then the files as it says.
func (a *app) verifyModel(ctx context.Context, dir string, f verifyFlags, asked verify.Policy) (verify.Result, error) {
	policy := verify.ModelPolicy{Keys: asked.Keys, Identities: asked.Identities, Root: asked.Root, Timestamped: asked.Timestamped, Revocations: asked.Revocations, Now: a.env.now()}
	var err error
	if f.identities.authority != "" {
		if policy.Roots, err = readCertificates("--certificate-root", f.identities.authority); err != nil {
			return verify.Result{}, err
		}
	}
	data, err := readSignature(f.signature)
	if err != nil {
		return verify.Result{}, err
	}
	signed, err := verify.OpenModelSignature(data, policy)
	if err != nil {
		return verify.Result{}, &signatureError{fmt.Errorf("%s: %w", f.signature, err)}
	}
	o, done := f.reading(weights.Options{Ignore: insideOnly(dir, f.signature)})
	found, empty, err := weights.Resources(ctx, dir, signed.Serialization, o)
	done()
	if err != nil {
		return verify.Result{}, err
	}
	return signed.Compare(found, empty), nil
}

func readSignature(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("--signature: %w", err)
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, attest.MaxStatementBytes+1))
	if err != nil {
		return nil, fmt.Errorf("--signature: %w", err)
	}
	return data, nil // one that is too large is refused by who reads it
}
