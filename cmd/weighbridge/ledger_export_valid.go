package main

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/weighbridge/weighbridge/attest/verify"
)

// An auditor's file is read years later, when nobody can say any more what a file in
// it should have been: what is none of its kind is refused when it is put in. Whether
// it holds is for who checks the file.

// validStatements returns an error unless data is a bundle, or bundles one a line.
func validStatements(data []byte) error {
	found := 0
	for line := range bytes.Lines(compactBundles(data)) {
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		if found++; found > maxClaims {
			return fmt.Errorf("more than %d bundles: expected 1 to %d, one per line", maxClaims, maxClaims)
		}
		if err := verify.ValidBundle(line); err != nil {
			return fmt.Errorf("bundle %d: %w", found, err)
		}
	}
	if found == 0 {
		return errors.New("it is empty: expected a bundle, or a claims file with one per line")
	}
	return nil
}

// validKeys returns an error unless data is a public key or certificates.
func validKeys(data []byte) error {
	if bytes.Contains(data, []byte("PRIVATE KEY")) {
		return errors.New("a private key: an auditor's file is given away; name the public one")
	}
	_, err := verify.ParsePublicKey(data)
	if err == nil || !bytes.Contains(data, []byte("-----BEGIN CERTIFICATE-----")) {
		return err
	}
	_, err = verify.ParseCertificates(data)
	return err
}
