package ledger

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/weighbridge/weighbridge/meter"
)

// store reads every evidence file that a record names, and notes the others.
func (c *checker) store(s EvidenceStore) {
	c.report.Evidence = uint64(len(c.evidence))
	named := map[string]bool{}
	var all []meter.Evidence
	for e := range c.evidence {
		all = append(all, e)
		named[strings.TrimPrefix(e.Digest, "sha256:")] = true
	}
	slices.SortFunc(all, func(a, b meter.Evidence) int { return strings.Compare(a.Digest+a.Kind, b.Digest+b.Kind) })
	for _, e := range all {
		c.evidenceFile(s, e)
	}
	c.strangers(s, named)
}

func (c *checker) evidenceFile(s EvidenceStore, e meter.Evidence) {
	at, name := c.evidence[e], strings.TrimPrefix(e.Digest, "sha256:")
	if len(name) != 64 {
		return // parseBody refuses it
	}
	path := filepath.Join(s.dir, name[:2], name)
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		c.problem("evidence-missing", at, "%s %s is not at %s: restore it from a copy", e.Kind, e.Digest, path)
		return
	case err == nil && !info.Mode().IsRegular(): // a pipe or a device would never end
		c.problem("evidence-unreadable", at, "%s %s: found a %s, expected a file: restore it from a copy", e.Kind, e.Digest, kindOf(info))
		return
	case err == nil && info.Size() != e.Size:
		c.problem("evidence-differs", at, "%s %s: found %d bytes, expected %d: restore it from a copy", e.Kind, e.Digest, info.Size(), e.Size)
		return
	}
	file, err := os.Open(path)
	switch {
	case err != nil:
		c.problem("evidence-unreadable", at, "%s %s: %v", e.Kind, e.Digest, err)
		return
	}
	defer file.Close()
	sum := sha256.New()
	size, err := io.Copy(sum, file)
	found := "sha256:" + hex.EncodeToString(sum.Sum(nil))
	switch {
	case err != nil:
		c.problem("evidence-unreadable", at, "%s %s: %v", e.Kind, e.Digest, err)
	case size != e.Size || found != e.Digest:
		c.problem("evidence-differs", at, "%s: found %d bytes with digest %s, expected %d with %s: restore it from a copy", e.Kind, size, found, e.Size, e.Digest)
	}
}

// strangers notes what stands in the store and no record names: evidence whose
// record never came, the part of a file that a killed process left, anything
// else. None of it enters a total.
func (c *checker) strangers(s EvidenceStore, named map[string]bool) {
	err := filepath.WalkDir(s.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name := filepath.Base(path)
		switch inside, _ := filepath.Rel(s.dir, path); {
		case strings.HasPrefix(name, partPrefix):
			c.note("evidence-part", inside, "left by a process that was ended, or being written; may be deleted")
		case !hexDigest(name) || inside != filepath.Join(name[:2], name):
			c.note("evidence-stranger", inside, "not the name of an evidence file")
		case !named[name]:
			c.note("evidence-unnamed", inside, "no record names it")
		}
		return nil
	})
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		c.problem("evidence-unreadable", s.dir, "%v", err)
	}
}
