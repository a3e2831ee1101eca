package oci

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"

	"github.com/weighbridge/weighbridge/attest"
	"github.com/weighbridge/weighbridge/attest/weights"
)

// method brings a weights file into a layout without reading it.
type method int

const (
	reflink method = iota
	hardLink
)

// storing is one call that brings the weights of a model into a layout.
type storing struct {
	*writer
	source  *os.Root // the weights
	methods []method

	mu   sync.Mutex
	done Packed
}

// storeWeights brings all files in, and has the names of the blobs on disk when it
// returns. Files with the same bytes are one blob.
func (w *writer) storeWeights(ctx context.Context, o PackOptions, methods []method) (Packed, error) {
	dir, err := weights.Dir(o.Weights)
	if err != nil {
		return Packed{}, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return Packed{}, err
	}
	defer root.Close()
	files := distinct(o.Files.Files)
	sizes := make([]int64, len(files))
	for i, f := range files {
		sizes[i] = f.Size
	}
	s := &storing{writer: w, source: root, methods: methods}
	err = weights.ForEach(ctx, sizes, weights.Options{Progress: o.Progress}, func(ctx context.Context, h *weights.Hasher, i int) error {
		return s.store(ctx, h, files[i])
	})
	if err != nil {
		return Packed{}, err
	}
	return s.done, w.sync(blobsDir)
}

// distinct returns the first file of each digest.
func distinct(files []attest.File) []attest.File {
	seen := map[string]bool{}
	var first []attest.File
	for _, f := range files {
		if !seen[f.Digest] {
			first = append(first, f)
		}
		seen[f.Digest] = true
	}
	return first
}

func blobName(digest string) string {
	return path.Join(blobsDir, strings.TrimPrefix(digest, "sha256:"))
}

func (s *storing) store(ctx context.Context, h *weights.Hasher, f attest.File) error {
	src, info, err := weights.OpenRegular(s.source, f.Name)
	if err != nil {
		return err
	}
	defer src.Close()
	if info.Size() != f.Size {
		return s.changed(f, fmt.Sprintf("%d bytes", f.Size), fmt.Sprintf("%d bytes", info.Size()))
	}
	if blob, err := s.root.Lstat(blobName(f.Digest)); err == nil && os.SameFile(blob, info) {
		return s.count(&s.done.Present, 0)
	}
	for _, m := range s.methods {
		done, err := s.try(m, src, info, f)
		if err != nil || done {
			return err
		}
	}
	return s.copy(ctx, h, src, f)
}

func (s *storing) try(m method, src *os.File, info fs.FileInfo, f attest.File) (bool, error) {
	temp := temporary()
	defer s.root.Remove(temp) // after the rename there is nothing to remove
	if m == reflink {
		if s.reflink(temp, src) != nil {
			return false, nil
		}
		return true, errors.Join(s.root.Rename(temp, blobName(f.Digest)), s.count(&s.done.Reflinked, 0))
	}
	// os.Link goes by path: that it reached the open file is checked behind it.
	if os.Link(filepath.Join(s.source.Name(), filepath.FromSlash(f.Name)), filepath.Join(s.root.Name(), filepath.FromSlash(temp))) != nil {
		return false, nil
	}
	if linked, err := s.root.Lstat(temp); err != nil || !os.SameFile(linked, info) {
		return false, errors.Join(s.changed(f, "one file", "another of the same name"), err)
	}
	if err := src.Sync(); err != nil { // the weights may still be on their way to the disk
		return false, err
	}
	return true, errors.Join(s.root.Rename(temp, blobName(f.Digest)), s.count(&s.done.Linked, 0))
}

func (s *storing) reflink(temp string, src *os.File) error {
	dst, err := s.root.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	return errors.Join(clone(dst, src), dst.Sync(), dst.Close())
}

// copy writes the file a second time and hashes what it writes. A blob that is
// there already and has the right bytes is left alone.
func (s *storing) copy(ctx context.Context, h *weights.Hasher, src *os.File, f attest.File) error {
	if blob, info, err := weights.OpenRegular(s.root, blobName(f.Digest)); err == nil {
		defer blob.Close()
		if info.Size() == f.Size {
			if digest, _, err := h.Sum(ctx, blob, nil); err == nil && digest == f.Digest {
				return s.count(&s.done.Present, 0)
			}
		}
	}
	temp := temporary()
	defer s.root.Remove(temp)
	dst, err := s.root.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	digest, bytes, err := h.Sum(ctx, src, dst)
	if err == nil && digest != f.Digest {
		err = s.changed(f, f.Digest, digest)
	}
	if err = errors.Join(err, dst.Sync(), dst.Close()); err != nil {
		return err
	}
	return errors.Join(s.root.Rename(temp, blobName(f.Digest)), s.count(&s.done.Copied, bytes))
}

func (s *storing) count(n *int, bytes int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	*n++
	s.done.BytesCopied += bytes
	return nil
}

func (s *storing) changed(f attest.File, before, after string) error {
	return &weights.ChangedError{Path: filepath.Join(s.source.Name(), filepath.FromSlash(f.Name)), Before: before + " (as hashed)", After: after}
}
