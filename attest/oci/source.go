package oci

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/weighbridge/weighbridge/attest/weights"
)

// source is where the blobs of a shipment are read from: a directory, an archive
// or a registry.
type source interface {
	// open returns the bytes of the blob that d describes. They are hashed by the
	// caller, and may be other bytes, fewer, or more: at most one more than d.Size
	// says. What cannot be opened is a [*BlobError]; name is for its text. A reader
	// that is an io.Seeker can begin at an offset.
	open(ctx context.Context, d ocispec.Descriptor, role, name string) (io.ReadCloser, error)
	io.Closer
}

// directory is the source of an OCI image layout on disk.
type directory struct{ root *os.Root }

func (s directory) Close() error { return s.root.Close() }

func (s directory) open(_ context.Context, d ocispec.Descriptor, role, name string) (io.ReadCloser, error) {
	f, info, err := weights.OpenRegular(s.root, path.Join(blobsDir, d.Digest.Encoded()))
	var refused *weights.RefusedError
	var changed *weights.ChangedError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, unopened(d, role, name, ProblemMissing, "nothing")
	case errors.As(err, &refused):
		return nil, unopened(d, role, name, ProblemType, "one that "+refused.Found)
	case errors.As(err, &changed):
		return nil, unopened(d, role, name, ProblemChanged, changed.After)
	case err != nil:
		return nil, unopened(d, role, name, ProblemUnreadable, err.Error())
	case info.Size() != d.Size:
		f.Close()
		return nil, unopened(d, role, name, ProblemSize, fmt.Sprintf("one of %d bytes", info.Size()))
	}
	return f, nil
}

func unopened(d ocispec.Descriptor, role, name, problem, found string) *BlobError {
	return &BlobError{Digest: d.Digest.String(), Role: role, Name: name, Problem: problem, Expected: fmt.Sprintf("a file of %d bytes", d.Size), Found: found}
}
