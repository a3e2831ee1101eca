package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"github.com/weighbridge/weighbridge/attest/weights"
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

// readClaims reads the bundles of a claims file. It comes with the weights, from
// whoever sent them: only a regular file of bounded size is opened, no link is
// followed and no pipe waited for.
func readClaims(path string) ([][]byte, error) {
	data, err := readRegular(path, maxClaimsBytes)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("claims file %s: there is none, and weights without attestations are never verified; name the file that came with them with --claims, or the layout itself", path)
	}
	if err != nil {
		return nil, fmt.Errorf("claims file %s: %w", path, err)
	}
	var bundles [][]byte
	for line := range bytes.Lines(data) {
		if line = bytes.TrimSpace(line); len(line) > 0 {
			bundles = append(bundles, line)
		}
		if len(bundles) > maxClaims {
			break
		}
	}
	if len(bundles) == 0 || len(bundles) > maxClaims {
		return nil, fmt.Errorf("claims file %s: found %s bundles, expected 1 to %d, one per line", path, countText(len(bundles)), maxClaims)
	}
	return bundles, nil
}

func countText(n int) string {
	if n > maxClaims {
		return "more than " + strconv.Itoa(maxClaims)
	}
	return strconv.Itoa(n)
}

// readUpTo reads a file, a pipe or a device that may be, and no more than limit bytes.
func readUpTo(path string, limit int64) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = fmt.Errorf("%s: more than %d bytes: expected at most so many", path, limit)
	}
	return data, err
}

// readRegular returns the bytes of a regular file of at most limit bytes. The size
// is looked at first, and nothing is cut off: a file that is too long is refused. The
// error does not name the file: who calls says which flag named it.
func readRegular(path string, limit int64) ([]byte, error) {
	root, err := os.OpenRoot(filepath.Dir(path))
	if err != nil {
		return nil, withoutPath(err)
	}
	defer root.Close()
	file, info, err := weights.OpenRegular(root, filepath.Base(path))
	var refused *weights.RefusedError
	switch {
	case errors.As(err, &refused):
		return nil, fmt.Errorf("%s: put the file itself there", refused.Found)
	case err != nil:
		return nil, withoutPath(err)
	}
	defer file.Close()
	if info.Size() > limit {
		return nil, fmt.Errorf("%d bytes: expected at most %d", info.Size(), limit)
	}
	data, err := io.ReadAll(io.LimitReader(file, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = fmt.Errorf("it grows while it is read: expected at most %d bytes", limit)
	}
	return data, err
}

// withoutPath is what the system said, without the name that it was asked with: that
// is the last part of a path only.
func withoutPath(err error) error {
	var fault *fs.PathError
	if errors.As(err, &fault) {
		return fault.Err
	}
	return err
}

// insideOnly is the claims file's path relative to the weights when it lies in
// them, for leaving it out of the hash. Both are made absolute: one may be given
// relative to the working directory and the other not, or through a link.
func insideOnly(dir, claims string) []string {
	rel, err := filepath.Rel(settled(dir), filepath.Join(settled(filepath.Dir(claims)), filepath.Base(claims)))
	if err != nil || !filepath.IsLocal(rel) {
		return nil
	}
	return []string{filepath.ToSlash(rel)}
}

// settled is the absolute path without links, as far as it can be told.
func settled(path string) string {
	if absolute, err := filepath.Abs(path); err == nil {
		path = absolute
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	return path
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
