package main

import (
	"fmt"
	"io"
	"os"

	"github.com/weighbridge/weighbridge/provenance/probe"
)

// identityResult is a cloud's document as it declares itself.
type identityResult struct {
	probe.Identity
	Verified bool `json:"verified"` // always false: the signature is left to who knows the cloud's keys
}

func readIdentity(path string) (*identityResult, error) {
	data, err := identityBytes(path)
	if err != nil {
		return nil, err
	}
	id, err := probe.ParseIdentity(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return &identityResult{Identity: id}, nil
}

func identityBytes(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("--identity-document: %w", err)
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, probe.MaxIdentity+1))
	if err != nil {
		return nil, fmt.Errorf("--identity-document: %w", err)
	}
	return data, nil
}

func (a *app) printIdentity(r identityResult) {
	signed := "without a signature"
	if r.Signed {
		signed = "signed, and the signature is not verified"
	}
	a.printf("identity   %s, %s, %s: as the document declares\n           %s\n", r.Provider, r.Form, signed, r.Digest)
	for _, f := range r.Fields {
		a.printf("           %s: %s\n", f.Name, f.Value)
	}
}
