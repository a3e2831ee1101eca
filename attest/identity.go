package attest

import "fmt"

// MaxListedFiles is the largest number of files that a predicate lists one by
// one; a larger set of weights is bound by its digests alone.
const MaxListedFiles = 4096

// Weights identifies a set of weights.
type Weights struct {
	Root          string `json:"root"`                    // OMS root digest
	ComponentRoot string `json:"componentRoot,omitempty"` // the root in path-component order, where it differs
	NamesDigest   string `json:"namesDigest"`             // see Manifest.NamesDigest
	Count         uint64 `json:"count"`                   // files
	Bytes         int64  `json:"bytes"`

	// Files, when present, lists every file, so that a recipient is told which
	// one is missing, extra, changed or renamed.
	Files []File `json:"files,omitempty"`
}

// WeightsOf returns what a predicate says of m, which must be valid.
func WeightsOf(m Manifest) Weights {
	w := Weights{Root: m.Root(), NamesDigest: m.NamesDigest(), Count: uint64(len(m.Files)), Bytes: m.Bytes()}
	if c := m.ComponentRoot(); c != w.Root {
		w.ComponentRoot = c
	}
	if len(m.Files) <= MaxListedFiles {
		w.Files = m.Files
	}
	return w
}

// Differences returns what found has otherwise than w, file by file. It is nil
// when w does not list its files.
func (w Weights) Differences(found Manifest) []Difference {
	if len(w.Files) == 0 {
		return nil
	}
	return Manifest{Files: w.Files}.Compare(found)
}

func (w Weights) validate() error {
	for _, d := range []struct{ field, digest string }{{"root", w.Root}, {"namesDigest", w.NamesDigest}} {
		if !ValidDigest(d.digest) {
			return fmt.Errorf("weights.%s: %q: expected sha256: and 64 lower-case hexadecimal digits", d.field, clip(d.digest))
		}
	}
	if w.ComponentRoot != "" && (!ValidDigest(w.ComponentRoot) || w.ComponentRoot == w.Root) {
		return fmt.Errorf("weights.componentRoot: %q: expected a digest other than the root, or no field", clip(w.ComponentRoot))
	}
	if w.Count == 0 || w.Count > maxCount || w.Bytes < 0 || w.Bytes > maxCount {
		return fmt.Errorf("weights: %d files of %d bytes: expected at least one file and no count above 2^53-1", w.Count, w.Bytes)
	}
	return w.validateFiles()
}

// validateFiles holds the digests to the files, when these are listed.
func (w Weights) validateFiles() error {
	if w.Files == nil {
		return nil
	}
	m := Manifest{Files: w.Files}
	if err := m.Validate(); err != nil {
		return fmt.Errorf("weights.files: %w", err)
	}
	want := WeightsOf(m)
	same := want.Root == w.Root && want.ComponentRoot == w.ComponentRoot && want.NamesDigest == w.NamesDigest
	if !same || want.Count != w.Count || want.Bytes != w.Bytes {
		return fmt.Errorf("weights.files: the files listed give root %s, names digest %s, %d files and %d bytes: expected the values beside them",
			want.Root, want.NamesDigest, want.Count, want.Bytes)
	}
	return nil
}
