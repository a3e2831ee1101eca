package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// A claims file holds one Sigstore bundle per line. It travels beside a plain
// directory of weights, or inside it, where it is no part of the weights.
const (
	claimsName     = "claims.jsonl"
	maxClaimsBytes = 64 << 20
	maxClaims      = 1024
)

func defaultClaims(dir string) string {
	if info, err := os.Stat(dir); err == nil && !info.IsDir() {
		return filepath.Join(filepath.Dir(dir), claimsName)
	}
	return filepath.Join(dir, claimsName)
}

func readClaims(path string) ([][]byte, error) {
	file, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("claims file %s: there is none, and weights without attestations are never verified; name the file that came with them with --claims, or the layout itself", path)
	}
	if err != nil {
		return nil, fmt.Errorf("claims file: %w", err)
	}
	defer file.Close()
	lines := bufio.NewScanner(io.LimitReader(file, maxClaimsBytes))
	lines.Buffer(nil, maxClaimsBytes)
	var bundles [][]byte
	for lines.Scan() {
		if len(bytes.TrimSpace(lines.Bytes())) > 0 {
			bundles = append(bundles, bytes.Clone(lines.Bytes()))
		}
	}
	switch {
	case lines.Err() != nil:
		return nil, fmt.Errorf("claims file %s: %w", path, lines.Err())
	case len(bundles) == 0 || len(bundles) > maxClaims:
		return nil, fmt.Errorf("claims file %s: found %d bundles, expected 1 to %d, one per line", path, len(bundles), maxClaims)
	}
	return bundles, nil
}

// insideOnly is the claims file's path relative to the weights when it lies in
// them, for leaving it out of the hash.
func insideOnly(dir, claims string) []string {
	rel, err := filepath.Rel(dir, claims)
	if err != nil || !filepath.IsLocal(rel) {
		return nil
	}
	return []string{filepath.ToSlash(rel)}
}

func writeClaims(path string, bundles [][]byte) error {
	var lines bytes.Buffer
	for _, b := range bundles {
		var compact bytes.Buffer
		if err := compactJSON(&compact, b); err != nil {
			return err
		}
		lines.Write(compact.Bytes())
		lines.WriteByte('\n')
	}
	return writeNew(path, lines.Bytes(), 0o644)
}
