package weights

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/weighbridge/weighbridge/attest"
)

// Hash reads the weights at path once and returns their files with sizes and
// digests. path is a directory, or a single file, which then is the whole set
// under its base name. The error is a [*RefusedError] for what may not stand
// among weights, a [*ChangedError] for a file that was written to meanwhile, the
// context's error, or that of the file system; no manifest comes with it.
func Hash(ctx context.Context, path string, o Options) (attest.Manifest, error) {
	s, err := openSet(ctx, path, o.Ignore, attest.ValidName, false)
	if err != nil {
		return attest.Manifest{}, err
	}
	defer s.root.Close()
	sizes := make([]int64, len(s.files))
	for i, f := range s.files {
		sizes[i] = f.info.Size()
	}
	o.total(sizes)
	files := make([]attest.File, len(s.files))
	err = ForEach(ctx, sizes, o, func(ctx context.Context, h *Hasher, i int) (err error) {
		files[i], err = s.hash(ctx, h, s.files[i], o.Cache)
		return err
	})
	if err != nil {
		return attest.Manifest{}, err
	}
	return attest.NewManifest(files)
}

func (s *set) hash(ctx context.Context, h *Hasher, want found, cache *DigestCache) (attest.File, error) {
	f, before, err := s.open(want)
	if err != nil {
		return attest.File{}, err
	}
	defer f.Close()
	if digest, known := cache.find(f, before); known {
		h.progress(before.Size())
		return attest.File{Name: want.name, Size: before.Size(), Digest: digest}, nil
	}
	cache, before = cache.written(f, before)
	digest, bytes, err := h.Sum(ctx, f, nil)
	if err != nil {
		return attest.File{}, unreadable(f.Name(), err)
	}
	if err := unchanged(f, before, bytes); err != nil {
		return attest.File{}, err
	}
	cache.keep(f, before, digest)
	return attest.File{Name: want.name, Size: bytes, Digest: digest}, nil
}

// unchanged compares the state of f with that before it was read. A write that
// restores the size and the modification time escapes it; nothing short of a
// snapshot would see that.
func unchanged(f *os.File, before fs.FileInfo, bytes int64) error {
	after, err := f.Stat()
	if err != nil {
		return err
	}
	if after.Size() == before.Size() && after.ModTime().Equal(before.ModTime()) && bytes == before.Size() {
		return nil
	}
	return &ChangedError{filepath.Clean(f.Name()), state(before), state(after)}
}

func state(info fs.FileInfo) string {
	return fmt.Sprintf("%d bytes of %s", info.Size(), info.ModTime().UTC().Format(time.RFC3339Nano))
}
