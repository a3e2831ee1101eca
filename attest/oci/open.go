package oci

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/weighbridge/weighbridge/attest/weights"
)

// Layout is a shipment that was read and found sound, but for the bytes of the
// weights, which [Model.Files] reads: an OCI image layout on disk ([Open]), in an
// archive ([OpenArchive]), or what a registry holds of a model ([OpenRemote]).
// Close it after use. Its methods are not safe for concurrent use.
type Layout struct {
	path    string
	root    *os.Root // nil for what is no directory
	source  source
	entries []*entry
	models  []*Model
	skipped []Skipped

	strangers []string
}

// Skipped is a manifest that was read over, because it is of no type that is
// understood here. It was not checked, and counts for nothing.
type Skipped struct {
	Digest       string
	ArtifactType string // as its manifest has it; the media type for what is no manifest
	Reason       string
}

// IsLayout reports whether path is a directory that holds an oci-layout file: one
// for [Open], not for weights.Hash. It says nothing about what else is there.
func IsLayout(path string) bool {
	info, err := os.Lstat(filepath.Join(path, layoutFile))
	return err == nil && info.Mode().IsRegular()
}

// Open reads the layout at path: index.json, every manifest that it lists, the
// config of each model and the bundles that refer to it. The error is a
// [*LayoutError] or a [*BlobError] for the first thing that is wrong; a layout
// without a model is an error.
func Open(path string) (*Layout, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, &LayoutError{Path: path, Found: "does not exist", Next: "name the directory that holds oci-layout"}
	case err != nil:
		return nil, fmt.Errorf("layout: %w", err)
	case !info.IsDir():
		return nil, &LayoutError{Path: path, Found: "is not a directory", Next: "name the directory that holds oci-layout"}
	}
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, fmt.Errorf("layout: %w", err)
	}
	l := &Layout{path: path, root: root, source: directory{root}}
	if err := l.load(context.Background()); err != nil {
		root.Close()
		return nil, err
	}
	return l, nil
}

// Close releases the directory, the archive or the connections.
func (l *Layout) Close() error { return l.source.Close() }

// Models returns the models of the layout in the order of index.json.
func (l *Layout) Models() []*Model { return l.models }

// Skipped returns the manifests that are neither a model nor about one of them.
func (l *Layout) Skipped() []Skipped { return l.skipped }

// Strangers returns the names at the top of the layout's directory that are not
// the layout's own, sorted: image-spec allows them, and nobody checked them.
func (l *Layout) Strangers() []string { return l.strangers }

// Model returns the model with this tag or manifest digest ("sha256:..."). An
// empty reference means the only model; where there are several the error lists
// them.
func (l *Layout) Model(reference string) (*Model, error) {
	if reference == "" && len(l.models) == 1 {
		return l.models[0], nil
	}
	found, list := "several models and no reference to choose by", ""
	if reference != "" {
		found = fmt.Sprintf("no model %q", clip(reference))
	}
	for _, m := range l.models {
		if reference != "" && m.named(reference) {
			return m, nil
		}
		list += fmt.Sprintf(" %s %q", m.Manifest.Digest, m.References)
	}
	return nil, &LayoutError{Path: l.path, Found: found, Next: "choose by tag or digest from" + list}
}

func (l *Layout) fail(where, found, expected string) error {
	return &LayoutError{Path: l.path, Where: where, Found: found, Expected: expected}
}

func (l *Layout) load(ctx context.Context) error {
	if err := checkVersion(l.root, l.path); err != nil {
		return err
	}
	if err := l.checkTree(); err != nil {
		return err
	}
	index, err := readIndex(l.root, l.path)
	if err != nil {
		return err
	}
	return l.read(ctx, index)
}

// checkVersion reads oci-layout (image-spec v1.1, image-layout.md: the version is
// 1.0.0).
func checkVersion(root *os.Root, path string) error {
	data, err := readFile(root, layoutFile, maxLayoutFile)
	if errors.Is(err, fs.ErrNotExist) {
		return &LayoutError{Path: path, Where: layoutFile, Found: "does not exist", Next: "name the directory that holds oci-layout"}
	}
	if err != nil {
		return &LayoutError{Path: path, Where: layoutFile, Found: err.Error(), Expected: `{"imageLayoutVersion":"1.0.0"}`}
	}
	return parseVersion(data, path)
}

func parseVersion(data []byte, path string) error {
	var version ocispec.ImageLayout
	if err := decode(data, &version); err != nil {
		return &LayoutError{Path: path, Where: layoutFile, Found: err.Error(), Expected: `{"imageLayoutVersion":"1.0.0"}`}
	}
	if version.Version != ocispec.ImageLayoutVersion {
		return &LayoutError{Path: path, Where: layoutFile, Found: fmt.Sprintf("version %q", clip(version.Version)), Expected: fmt.Sprintf("%q", ocispec.ImageLayoutVersion)}
	}
	return nil
}

// checkTree refuses everything but files and directories anywhere below the
// layout, referenced or not: whoever copies or serves it would follow a link.
func (l *Layout) checkTree() error {
	entries := 0
	return fs.WalkDir(l.root.FS(), ".", func(name string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) && name != "." {
			return nil // a writer's own directory came and went
		}
		if err != nil {
			return l.fail(name, err.Error(), "a readable directory")
		}
		if entries++; entries > maxEntries {
			return l.fail("", fmt.Sprintf("more than %d files", maxEntries), "a layout")
		}
		if !strings.Contains(name, "/") && !slices.Contains([]string{".", layoutFile, indexFile, ocispec.ImageBlobsDir, ingestDir}, name) {
			l.strangers = append(l.strangers, name)
		}
		if !entry.IsDir() && !entry.Type().IsRegular() {
			return l.fail(name, "is a link, a device or another special file", "regular files and directories only")
		}
		return nil
	})
}

// indexTries bounds how often a reader looks again for an index that holds still
// for the moment between finding its name and opening it.
const indexTries = 100

// readIndex reads index.json of the layout at path.
func readIndex(root *os.Root, path string) (ocispec.Index, error) {
	data, err := readFile(root, indexFile, maxIndex)
	var changed *weights.ChangedError
	for tries := 0; errors.As(err, &changed) && tries < indexTries; tries++ { // a writer put a new index in its place: that one is whole
		data, err = readFile(root, indexFile, maxIndex)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return ocispec.Index{}, &LayoutError{Path: path, Where: indexFile, Found: "does not exist",
			Next: "the packing, pull or load that made this layout did not finish: pull, load or pack again"}
	}
	if err != nil {
		return ocispec.Index{}, &LayoutError{Path: path, Where: indexFile, Found: err.Error(), Expected: "an OCI image index"}
	}
	return parseIndex(data, path)
}

func parseIndex(data []byte, path string) (ocispec.Index, error) {
	var index ocispec.Index
	err := decode(data, &index)
	fail := func(found, expected string) (ocispec.Index, error) {
		return ocispec.Index{}, &LayoutError{Path: path, Where: indexFile, Found: found, Expected: expected}
	}
	switch {
	case err != nil:
		return fail(err.Error(), "an OCI image index")
	case index.SchemaVersion != 2:
		return fail(fmt.Sprintf("schemaVersion %d", index.SchemaVersion), "2")
	case index.MediaType != "" && index.MediaType != ocispec.MediaTypeImageIndex:
		return fail(fmt.Sprintf("media type %q", clip(index.MediaType)), ocispec.MediaTypeImageIndex)
	case len(index.Manifests) > maxIndexed:
		return fail(fmt.Sprintf("%d manifests", len(index.Manifests)), fmt.Sprintf("at most %d", maxIndexed))
	}
	return index, nil
}

// readFile reads a small regular file below root, of at most limit bytes.
func readFile(root *os.Root, name string, limit int64) ([]byte, error) {
	f, info, err := weights.OpenRegular(root, name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("has %d bytes, more than the %d that are read", max(info.Size(), limit+1), limit)
	}
	return data, nil
}

// checkDescriptor refuses what cannot be looked up here: another algorithm than
// SHA-256, a digest in another form, a negative size.
func (l *Layout) checkDescriptor(where string, d ocispec.Descriptor) error {
	if d.Digest.Validate() != nil || d.Digest.Algorithm() != digest.SHA256 {
		return l.fail(where, fmt.Sprintf("digest %q", clip(d.Digest.String())), "sha256: and 64 hexadecimal digits")
	}
	if d.Size < 0 {
		return l.fail(where, fmt.Sprintf("size %d", d.Size), "0 or more")
	}
	return nil
}

// readBlob returns the verified bytes of a small blob.
func (l *Layout) readBlob(ctx context.Context, d ocispec.Descriptor, role string, limit int64) ([]byte, error) {
	bad := func(problem, expected, found string) error {
		return &BlobError{Digest: d.Digest.String(), Role: role, Problem: problem, Expected: expected, Found: found}
	}
	if d.Size > limit {
		return nil, bad(ProblemLimit, fmt.Sprintf("at most %d bytes", limit), fmt.Sprintf("a descriptor of %d bytes", d.Size))
	}
	f, err := l.source.open(ctx, d, role, "")
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, d.Size+1))
	switch found := digest.FromBytes(data); {
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case err != nil:
		return nil, bad(ProblemUnreadable, fmt.Sprintf("%d bytes", d.Size), fmt.Sprintf("%d, then %v", len(data), err))
	case int64(len(data)) > d.Size:
		return nil, bad(ProblemSize, fmt.Sprintf("%d bytes", d.Size), "more")
	case int64(len(data)) < d.Size:
		return nil, bad(ProblemSize, fmt.Sprintf("%d bytes", d.Size), fmt.Sprintf("%d", len(data)))
	case found != d.Digest:
		return nil, bad(ProblemDigest, d.Digest.String(), found.String())
	}
	return data, nil
}
