package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/weighbridge/weighbridge/attest/weights"
	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/wrap"
)

// inputDigest takes the digest of the weights that a job starts from while the
// job runs, so that the job does not wait for it. It is given only when every
// file is still the one that was there before the start.
type inputDigest struct {
	dir    string
	before map[string]fileState
	done   chan digestResult
}

type digestResult struct {
	digest string
	err    error
}

// fileState tells one version of a file from another (stat(2)).
type fileState struct {
	inode         uint64
	size          int64
	changed, made unix.Timespec // ctime, mtime: a job cannot set back the first
}

// startInput notes the files and begins to hash them. An empty path is no input.
func startInput(ctx context.Context, dir string, known func(digest string)) (*inputDigest, error) {
	in := &inputDigest{dir: dir, done: make(chan digestResult, 1)}
	if dir == "" {
		return in, nil
	}
	var err error
	if in.before, err = fileStates(dir); err != nil {
		return nil, fmt.Errorf("--input: %w", err)
	}
	go func() {
		files, err := weights.Hash(ctx, dir, weights.Options{Workers: 1}) // the other cores are the job's
		if err == nil {
			known(files.Root()) // now, not at the end of weeks of training
		}
		in.done <- digestResult{files.Root(), err}
	}()
	return in, nil
}

// wait returns the digest, or "" where there is no input.
func (in *inputDigest) wait() (string, error) {
	if in.dir == "" {
		return "", nil
	}
	result := <-in.done
	if result.err != nil {
		return "", result.err
	}
	after, err := fileStates(in.dir)
	if err != nil {
		return "", err
	}
	if !maps.Equal(in.before, after) {
		return "", fmt.Errorf("%s changed while the job ran: its digest would not be of what the job started from", in.dir)
	}
	return result.digest, nil
}

func fileStates(dir string) (map[string]fileState, error) {
	states := map[string]fileState{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		var s unix.Stat_t
		if err := unix.Lstat(path, &s); err != nil {
			return &os.PathError{Op: "lstat", Path: path, Err: err}
		}
		states[path] = fileState{s.Ino, s.Size, s.Ctim, s.Mtim}
		return nil
	})
	return states, err
}

// digests waits for the digest of the input and takes that of the weights that
// the job wrote, whose headers it holds against the shape that was given.
func (a *app) digests(ctx context.Context, f runFlags, settings json.RawMessage, r wrap.Result, input *inputDigest) weightsSeen {
	var seen weightsSeen
	var err error
	if seen.input, err = input.wait(); err != nil {
		a.warn("--input: %v; the record names no input digest", err)
	}
	if f.weights == "" || r.Outcome != meter.Finished {
		return seen
	}
	files, err := weights.Hash(ctx, f.weights, weights.Options{})
	if err != nil {
		a.warn("--weights: %v; the record names no output digest", err)
		return seen
	}
	seen.output = files.Root()
	seen.findings = guardRun(settings, f.weights)
	return seen
}

// overlap says whether one of two directories lies in the other.
func overlap(a, b string) bool {
	a, b = absolute(a), absolute(b)
	inside := func(outer, inner string) bool {
		rel, err := filepath.Rel(outer, inner)
		return err == nil && filepath.IsLocal(rel)
	}
	return inside(a, b) || inside(b, a)
}
