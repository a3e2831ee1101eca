package oci

import (
	"archive/tar"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/weighbridge/weighbridge/attest/weights"
)

// Save writes m with every manifest about it into one file: an OCI image layout in
// an uncompressed tar archive (POSIX, ustar, pax where a size asks for it), as
// other tools of the ecosystem read. The same shipment gives the same file to the
// byte: no times, no owners, one order, with all that is small before the weights.
// The file must not exist. It gets its name when all of it is verified and on disk.
func (m *Model) Save(ctx context.Context, file string, o TransferOptions) (Transferred, error) {
	if o.Reference != "" && !validReference(o.Reference) {
		return Transferred{}, &LayoutError{Path: file, Found: fmt.Sprintf("reference %q", clip(o.Reference)), Expected: "letters and digits, with single . - _ : @ + / between them"}
	}
	if _, err := os.Lstat(file); err == nil {
		return Transferred{}, &LayoutError{Path: file, Found: "exists", Next: "name another file; nothing is overwritten"}
	}
	temp, err := os.CreateTemp(filepath.Dir(file), filepath.Base(file)+".partial-*")
	if err != nil {
		return Transferred{}, fmt.Errorf("save: %w", err)
	}
	defer os.Remove(temp.Name()) // after the link below it is a second name
	done, err := m.archive(ctx, temp, o)
	if err = errors.Join(err, temp.Chmod(0o644), temp.Sync(), temp.Close()); err != nil {
		return Transferred{}, err
	}
	if err := os.Link(temp.Name(), file); err != nil { // unlike a rename, never over another file
		if _, exists := os.Lstat(file); exists == nil {
			return Transferred{}, fmt.Errorf("save: %w", err)
		}
		if err := os.Rename(temp.Name(), file); err != nil { // a file system without links
			return Transferred{}, fmt.Errorf("save: %w", err)
		}
	}
	return done, syncParent(file)
}

func (m *Model) archive(ctx context.Context, to io.Writer, o TransferOptions) (Transferred, error) {
	cargo := m.cargo()
	slices.SortFunc(cargo[1:], func(a, b *entry) int {
		return strings.Compare(string(a.descriptor.Digest), string(b.descriptor.Digest))
	})
	pieces, err := m.pieces(cargo)
	if err != nil {
		return Transferred{}, err
	}
	index, err := json.Marshal(m.archiveIndex(cargo, o.Reference))
	if err != nil {
		return Transferred{}, err
	}
	version, err := json.Marshal(ocispec.ImageLayout{Version: ocispec.ImageLayoutVersion})
	if err != nil {
		return Transferred{}, err
	}
	t := &archiving{tar.NewWriter(to), m.layout.source, Transferred{Manifest: m.Manifest, Referrers: len(cargo) - 1, Blobs: len(pieces)}}
	err = errors.Join(t.document(layoutFile, version), t.document(indexFile, index))
	for _, e := range cargo {
		err = errors.Join(err, t.document(path.Join(blobsDir, e.descriptor.Digest.Encoded()), e.data))
	}
	if err != nil {
		return Transferred{}, err
	}
	// One worker: an archive is one stream.
	err = weights.ForEach(ctx, []int64{0}, weights.Options{Workers: 1, Progress: o.Progress}, func(ctx context.Context, h *weights.Hasher, _ int) error {
		for _, p := range pieces {
			if err := t.piece(ctx, h, p); err != nil {
				return err
			}
		}
		return nil
	})
	return t.done, errors.Join(err, t.tar.Close())
}

// archiveIndex is index.json of the archive: the model, then what is about it.
func (m *Model) archiveIndex(cargo []*entry, reference string) ocispec.Index {
	index := ocispec.Index{Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: ocispec.MediaTypeImageIndex}
	for _, e := range m.listings(cargo, reference) {
		index.Manifests = place(index.Manifests, e.descriptor, e.reference)
	}
	return index
}

// archiving is one archive that is written.
type archiving struct {
	tar    *tar.Writer
	source source
	done   Transferred
}

func (t *archiving) header(name string, size int64) error {
	return t.tar.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Size: size, Mode: 0o644, ModTime: time.Unix(0, 0)})
}

func (t *archiving) document(name string, data []byte) error {
	if err := t.header(name, int64(len(data))); err != nil {
		return err
	}
	_, err := t.tar.Write(data)
	return err
}

// piece writes one blob and hashes what it writes.
func (t *archiving) piece(ctx context.Context, h *weights.Hasher, p piece) error {
	src, err := t.source.open(ctx, p.descriptor, p.role, p.name)
	if err != nil {
		return err
	}
	defer src.Close()
	if err := t.header(path.Join(blobsDir, p.descriptor.Digest.Encoded()), p.descriptor.Size); err != nil {
		return err
	}
	digest, bytes, err := h.Sum(ctx, io.LimitReader(src, p.descriptor.Size), t.tar)
	if err == nil && bytes == p.descriptor.Size {
		var more [1]byte
		n, _ := src.Read(more[:])
		bytes += int64(n)
	}
	t.done.Sent++
	t.done.Bytes += bytes
	return p.verdict(ctx, digest, bytes, err, func() {})
}
