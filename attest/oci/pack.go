package oci

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/weighbridge/weighbridge/attest"
	"github.com/weighbridge/weighbridge/attest/weights"
)

// PackOptions says what [Pack] is to ship, and where to.
type PackOptions struct {
	Weights string          // the directory, or single file, that was given to weights.Hash
	Files   attest.Manifest // what weights.Hash found there
	Layout  string          // directory to create, or a layout to extend
	// Reference is the tag, org.opencontainers.image.ref.name; none if empty. If the
	// layout has it already it moves to this model.
	Reference   string
	Description Description
	Created     time.Time // not stated if zero; otherwise part of the manifest's digest, to the second
	// Progress, if not nil, is called with numbers of bytes read where weights have
	// to be copied. Calls never overlap.
	Progress func(bytes int64)
}

// Packed is what [Pack] did.
type Packed struct {
	Manifest ocispec.Descriptor // of the model: what statements and referrers name
	// The distinct files by the way they came into the layout. Linked ones are the
	// caller's own files under a second name: see the package comment.
	Reflinked, Linked, Copied, Present int
	BytesCopied                        int64 // bytes of weights that now exist twice
}

// Pack writes the model into an OCI image layout as the package comment says. It
// trusts o.Files for the digests; a file whose size is no longer the one hashed is
// an error, as is one whose bytes differ where they had to be copied. When Pack
// returns without an error all is on disk. After an error or a crash index.json
// is as it was before.
func Pack(ctx context.Context, o PackOptions) (Packed, error) {
	return o.pack(ctx, []method{reflink, hardLink})
}

func (o PackOptions) pack(ctx context.Context, methods []method) (Packed, error) {
	manifest, config, err := o.documents()
	if err != nil {
		return Packed{}, err
	}
	if err := o.separate(); err != nil {
		return Packed{}, err
	}
	w, err := openWriter(ctx, o.Layout)
	if err != nil {
		return Packed{}, err
	}
	defer w.close()
	packed, err := w.storeWeights(ctx, o, methods)
	if err != nil {
		return Packed{}, err
	}
	for _, d := range []document{config, manifest} {
		if err := w.blob(d); err != nil {
			return Packed{}, err
		}
	}
	packed.Manifest = manifest.descriptor
	return packed, w.enter(manifest.descriptor, o.Reference)
}

// separate refuses a layout inside the weights, where the next hash would take it
// for weights, and weights inside the layout.
func (o PackOptions) separate() error {
	dir, err := weights.Dir(o.Weights)
	if err != nil {
		return err
	}
	nested := inside(o.Layout, o.Weights) || inside(dir, o.Layout) && dir == o.Weights
	if !nested {
		return nil
	}
	return &LayoutError{Path: o.Layout, Found: fmt.Sprintf("lies in the weights directory %q, or holds it", o.Weights), Next: "name a directory beside the weights"}
}

// inside reports whether path is parent or lies below it, links resolved as far as
// the path exists.
func inside(path, parent string) bool {
	rel, err := filepath.Rel(resolve(parent), resolve(path))
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}

func resolve(path string) string {
	abs, err := filepath.Abs(path)
	if err != nil {
		return filepath.Clean(path)
	}
	rest := ""
	for {
		if real, err := filepath.EvalSymlinks(abs); err == nil {
			return filepath.Join(real, rest)
		}
		parent := filepath.Dir(abs)
		if parent == abs {
			return filepath.Join(abs, rest)
		}
		rest, abs = filepath.Join(filepath.Base(abs), rest), parent
	}
}
