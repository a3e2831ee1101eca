package main

import (
	"fmt"
	"os"

	"github.com/weighbridge/weighbridge/attest/sign"
)

// readKey reads the private key at path.
func (a *app) readKey(path string) (*sign.Key, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("--key: %w; make one with `weighbridge key generate --out %s`", err, path)
	}
	key, err := sign.ParseKey(data)
	if err != nil {
		return nil, fmt.Errorf("--key %s: %w", path, err)
	}
	return key, nil
}
