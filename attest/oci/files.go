package oci

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/weighbridge/weighbridge/attest"
	"github.com/weighbridge/weighbridge/attest/weights"
)

// Files reads every layer of m once, on all cores, and returns the files with the
// digests found. Where a file is not what its descriptor promises the error joins
// a [*BlobError] for each, by name; the manifest then still lists what could be
// read. Only a nil error means that the weights are those of m.Manifest. Of o,
// Ignore is not used.
func (m *Model) Files(ctx context.Context, o weights.Options) (attest.Manifest, error) {
	blobs := m.blobs()
	sizes := make([]int64, len(blobs))
	for i, b := range blobs {
		sizes[i] = b.layer.Size
	}
	var mu sync.Mutex
	var found []attest.File
	var problems []*BlobError
	err := weights.ForEach(ctx, sizes, o, func(ctx context.Context, h *weights.Hasher, i int) error {
		digest, problem, err := m.layout.sum(ctx, h, blobs[i])
		mu.Lock()
		defer mu.Unlock()
		for _, name := range blobs[i].names {
			if digest != "" {
				found = append(found, attest.File{Name: name, Size: sizes[i], Digest: digest})
			}
			if problem != nil {
				named := *problem
				named.Name = name
				problems = append(problems, &named)
			}
		}
		return err
	})
	if err != nil {
		return attest.Manifest{}, err
	}
	slices.SortFunc(found, func(a, b attest.File) int { return cmp.Compare(a.Name, b.Name) })
	return attest.Manifest{Files: found}, join(problems)
}

// Only returns m with those of its files alone whose name is kept, for who reads a
// part of the weights. Manifest and bundles are those of the whole.
func (m *Model) Only(keep func(name string) bool) *Model {
	out := *m
	out.Declared, out.layers = attest.Manifest{}, nil
	for i, f := range m.Declared.Files {
		if keep(f.Name) {
			out.Declared.Files = append(out.Declared.Files, f)
			out.layers = append(out.layers, m.layers[i])
		}
	}
	return &out
}

func join(problems []*BlobError) error {
	slices.SortFunc(problems, func(a, b *BlobError) int { return cmp.Compare(a.Name, b.Name) })
	errs := make([]error, len(problems))
	for i, p := range problems {
		errs[i] = p
	}
	return errors.Join(errs...)
}

// blob is a layer with all files that it is.
type blob struct {
	layer ocispec.Descriptor
	names []string
}

// blobs returns the layers of m, each digest once.
func (m *Model) blobs() []blob {
	var blobs []blob
	at := map[string]int{}
	for i, f := range m.Declared.Files {
		k, known := at[f.Digest]
		if !known {
			k, at[f.Digest] = len(blobs), len(blobs)
			blobs = append(blobs, blob{layer: m.layers[i]})
		}
		blobs[k].names = append(blobs[k].names, f.Name)
	}
	return blobs
}

// sum hashes a blob. A problem is one of the blob, err one of ours: the context's.
func (l *Layout) sum(ctx context.Context, h *weights.Hasher, b blob) (digest string, problem *BlobError, err error) {
	f, err := l.source.open(ctx, b.layer, RoleWeights, b.names[0])
	if errors.As(err, &problem) {
		return "", problem, nil
	}
	if err != nil {
		return "", nil, err
	}
	defer f.Close()
	digest, bytes, err := h.Sum(ctx, f, nil)
	switch {
	case ctx.Err() != nil:
		return "", nil, ctx.Err()
	case err != nil:
		return "", b.problem(ProblemUnreadable, err.Error()), nil
	case bytes != b.layer.Size:
		return "", b.problem(ProblemChanged, fmt.Sprintf("%d bytes", bytes)), nil
	case digest != b.layer.Digest.String():
		return digest, b.problem(ProblemDigest, digest), nil
	}
	return digest, nil, nil
}

func (b blob) problem(problem, found string) *BlobError {
	return &BlobError{Digest: b.layer.Digest.String(), Role: RoleWeights, Name: b.names[0], Problem: problem, Expected: b.layer.Digest.String(), Found: found}
}
