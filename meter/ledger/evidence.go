package ledger

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/weighbridge/weighbridge/meter"
)

// EvidenceStore keeps files by their digest in a directory beside a ledger:
// LEDGER.evidence/ab/ab12.. for the bytes of SHA-256 ab12... It needs no lock and no
// open ledger: a file is there whole or not at all, and its name says what must
// be in it.
type EvidenceStore struct{ dir string }

// partPrefix begins the name of a file that is still being written, or that a
// killed process left.
const partPrefix = ".part-"

// EvidenceAt returns the evidence store of the ledger at path. Nothing is made
// until something is put into it.
func EvidenceAt(path string) EvidenceStore { return EvidenceStore{Beside(path, ".evidence")} }

// Beside returns the path of what lies beside the ledger at path under its name
// and a suffix. Two names of one ledger, a link and the file, have one such
// place, before the ledger is made too.
func Beside(path, suffix string) string {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real + suffix
	}
	if dir, err := filepath.EvalSymlinks(filepath.Dir(path)); err == nil {
		path = filepath.Join(dir, filepath.Base(path))
	}
	return path + suffix
}

// PutEvidence is [EvidenceStore.Put] on the store of l. It holds the ledger's
// lock as long as r takes; for long files put them before opening the ledger.
func (l *Ledger) PutEvidence(kind string, r io.Reader) (meter.Evidence, error) {
	if l.readOnly {
		return meter.Evidence{}, fmt.Errorf("ledger %s is open for reading only; open it for writing", l.path)
	}
	return l.evidence.Put(kind, r)
}

// Evidence is [EvidenceStore.Open] on the store of l.
func (l *Ledger) Evidence(digest string) (io.ReadCloser, error) { return l.evidence.Open(digest) }

// Put reads r to its end into the store and returns what a record says of it.
// When it returns without error the bytes are on disk under their digest; with
// an error nothing is left. The same bytes again are stored once.
func (s EvidenceStore) Put(kind string, r io.Reader) (meter.Evidence, error) {
	evidence, err := s.put(kind, r)
	if err != nil {
		return meter.Evidence{}, fmt.Errorf("evidence store %s: %s: %w; nothing was stored: see to the disk's space and permissions, then do the same again", s.dir, kind, err)
	}
	return evidence, nil
}

func (s EvidenceStore) put(kind string, r io.Reader) (meter.Evidence, error) {
	if err := errors.Join(os.MkdirAll(filepath.Dir(s.dir), 0o700), makeDirectory(s.dir)); err != nil {
		return meter.Evidence{}, err
	}
	part, err := os.CreateTemp(s.dir, partPrefix+"*")
	if err != nil {
		return meter.Evidence{}, err
	}
	defer os.Remove(part.Name()) // gone already once it has its own name
	sum := sha256.New()
	size, err := io.Copy(io.MultiWriter(part, sum), r)
	if err = errors.Join(err, part.Chmod(0o400), part.Sync(), part.Close()); err != nil {
		return meter.Evidence{}, err
	}
	digest := "sha256:" + hex.EncodeToString(sum.Sum(nil))
	path, err := s.path(digest)
	if err != nil {
		return meter.Evidence{}, err
	}
	if err := makeDirectory(filepath.Dir(path)); err != nil {
		return meter.Evidence{}, err
	}
	// Over what is there already, too: the same bytes, or damage that this mends.
	if err := os.Rename(part.Name(), path); err != nil {
		return meter.Evidence{}, err
	}
	return meter.Evidence{Kind: kind, Digest: digest, Size: size}, syncDirectory(filepath.Dir(path))
}

// makeDirectory makes a directory whose own name is on disk when it returns.
func makeDirectory(path string) error {
	if err := os.Mkdir(path, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	return syncDirectory(filepath.Dir(path))
}

// path returns where the bytes of a digest are kept.
func (s EvidenceStore) path(digest string) (string, error) {
	name, found := strings.CutPrefix(digest, "sha256:")
	if !found || !hexDigest(name) {
		return "", fmt.Errorf("digest %.80q: expected sha256: and 64 lower-case hexadecimal digits", digest)
	}
	return filepath.Join(s.dir, name[:2], name), nil
}

func hexDigest(s string) bool { return len(s) == 64 && strings.Trim(s, "0123456789abcdef") == "" }

// holds reports an error unless the store has a file of the evidence's name and
// size. Its bytes are not read: [EvidenceStore.Open] and [Check] do that.
func (s EvidenceStore) holds(e meter.Evidence) error {
	path, err := s.path(e.Digest)
	if err != nil {
		return err
	}
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return fmt.Errorf("evidence %s %s is not in %s", e.Kind, e.Digest, s.dir)
	case err != nil:
		return err
	case !info.Mode().IsRegular() || info.Size() != e.Size:
		return fmt.Errorf("evidence %s %s: found %d bytes, expected a file of %d", e.Kind, e.Digest, info.Size(), e.Size)
	}
	return nil
}

// Open returns the bytes of a digest. They are held against the digest and the
// size of the file as they are read: a reader that has seen io.EOF has read
// exactly the evidence, one that got another error must throw away what it has.
func (s EvidenceStore) Open(digest string) (io.ReadCloser, error) {
	path, err := s.path(digest)
	if err != nil {
		return nil, err
	}
	file, err := os.OpenFile(path, os.O_RDONLY|unix.O_NOFOLLOW, 0)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("evidence %s is not in the store: %w; restore it from a copy of %s", digest, err, s.dir)
	}
	if err != nil {
		return nil, fmt.Errorf("evidence %s: %w", digest, err)
	}
	info, err := file.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return nil, errors.Join(fmt.Errorf("evidence %s: expected a file at %s; restore it from a copy", digest, path), err, file.Close())
	}
	return &evidenceReader{file: file, sum: sha256.New(), digest: digest, left: info.Size()}, nil
}

// evidenceReader is the one way out of the store.
type evidenceReader struct {
	file   *os.File
	sum    hash.Hash
	digest string
	left   int64
}

func (r *evidenceReader) Read(p []byte) (int, error) {
	n, err := r.file.Read(p)
	r.sum.Write(p[:n])
	r.left -= int64(n)
	if err == io.EOF {
		if found := "sha256:" + hex.EncodeToString(r.sum.Sum(nil)); r.left != 0 || found != r.digest {
			return n, fmt.Errorf("evidence %s differs: its bytes have digest %s; restore it from a copy", r.digest, found)
		}
	}
	return n, err
}

func (r *evidenceReader) Close() error { return r.file.Close() }
