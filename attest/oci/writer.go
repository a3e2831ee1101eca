package oci

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"

	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// The names in a layout (image-spec v1.1, image-layout.md), and that of our own
// directory, where files are written before they get their names.
const (
	layoutFile = ocispec.ImageLayoutFile
	indexFile  = ocispec.ImageIndexFile
	blobsDir   = ocispec.ImageBlobsDir + "/sha256"
	ingestDir  = ".weighbridge-ingest"
)

// writer adds to a layout. It holds the layout's lock from openWriter to close,
// so that two processes that pack or attach at once lose nothing of each other.
type writer struct {
	path   string
	root   *os.Root
	unlock func() // nil where the file system has no locks
}

// openWriter creates the layout at dir, or opens one to extend it: an empty
// directory, a layout, or what a crash left of one. Anything else is refused.
func openWriter(ctx context.Context, dir string) (*writer, error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, fmt.Errorf("layout: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("layout: %w", err)
	}
	w := &writer{path: dir, root: root}
	w.unlock, err = lockDirectory(ctx, dir)
	if err == nil {
		err = w.prepare()
	}
	if err != nil {
		w.close()
		return nil, err
	}
	return w, nil
}

// close lets others in. The ingest directory goes when nothing is left in it.
func (w *writer) close() {
	if w.unlock != nil {
		w.root.Remove(ingestDir)
		w.unlock()
	}
	w.root.Close()
}

func (w *writer) prepare() error {
	if err := w.recognize(); err != nil {
		return err
	}
	if w.unlock != nil { // nobody else writes: what is in ingest is of a process that died
		if err := w.clearIngest(); err != nil {
			return err
		}
	}
	for _, dir := range []string{ingestDir, ocispec.ImageBlobsDir, blobsDir} {
		if err := w.root.Mkdir(dir, 0o777); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
		if info, err := w.root.Lstat(dir); err != nil || !info.IsDir() {
			return &LayoutError{Path: w.path, Where: dir, Found: "is not a directory", Next: "name another directory to write the layout to"}
		}
	}
	if err := errors.Join(w.sync(ocispec.ImageBlobsDir), syncParent(w.path)); err != nil {
		return err
	}
	if w.exists(layoutFile) {
		_, err := w.index() // before hours of copying, not after
		return err
	}
	version, err := json.Marshal(ocispec.ImageLayout{Version: ocispec.ImageLayoutVersion})
	if err != nil {
		return err
	}
	return w.write(layoutFile, version)
}

// recognize refuses a directory that is neither empty nor a layout.
func (w *writer) recognize() error {
	entries, err := fs.ReadDir(w.root.FS(), ".")
	if err != nil {
		return err
	}
	own := []string{layoutFile, indexFile, ocispec.ImageBlobsDir, ingestDir, "ingest"} // the last is oras's
	begun := false
	for _, entry := range entries {
		if !slices.Contains(own, entry.Name()) {
			return w.foreign(entry.Name())
		}
		begun = begun || entry.Name() == layoutFile
	}
	// A crash before oci-layout has its name leaves the directories.
	if !begun && slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return !e.IsDir() }) {
		return w.foreign(entries[0].Name())
	}
	if begun {
		return checkVersion(w.root, w.path)
	}
	return nil
}

func (w *writer) foreign(name string) error {
	return &LayoutError{Path: w.path, Found: fmt.Sprintf("holds %q, and is not an OCI layout", name), Expected: "a new or empty directory, or a layout to extend",
		Next: "name another directory"}
}

// temporary returns a name in ingest that nobody else has.
func temporary() string { return path.Join(ingestDir, rand.Text()) }

// write gives data the name name: in full and on disk, or not at all.
func (w *writer) write(name string, data []byte) error {
	temp := temporary()
	f, err := w.root.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = w.root.Rename(temp, name)
	}
	if err != nil {
		w.root.Remove(temp)
		return err
	}
	return w.sync(path.Dir(name))
}

// blob stores a document under its digest.
func (w *writer) blob(d document) error {
	return w.write(path.Join(blobsDir, d.descriptor.Digest.Encoded()), d.data)
}

// sync puts the names in a directory on disk.
func (w *writer) sync(dir string) error {
	d, err := w.root.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(syncDirectory(d), d.Close())
}

// syncParent puts the name of a directory itself on disk.
func syncParent(path string) error {
	abs, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	parent, err := os.Open(filepath.Dir(abs))
	if err != nil {
		return err
	}
	return errors.Join(syncDirectory(parent), parent.Close())
}

// index reads index.json, or returns a new one where there is none yet.
func (w *writer) index() (ocispec.Index, error) {
	if _, err := w.root.Lstat(indexFile); errors.Is(err, fs.ErrNotExist) {
		return ocispec.Index{Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: ocispec.MediaTypeImageIndex, Manifests: []ocispec.Descriptor{}}, nil
	}
	return readIndex(w.root, w.path)
}

// listed is an entry of index.json to be, under a tag if reference is not empty.
type listed struct {
	descriptor ocispec.Descriptor
	reference  string
}

// enter adds a manifest to index.json, under a tag if ref is not empty. A tag that
// names another manifest moves; that manifest stays, without the tag.
func (w *writer) enter(d ocispec.Descriptor, ref string) error {
	return w.enterAll([]listed{{d, ref}})
}

// enterAll enters several manifests in one step: all of them or none.
func (w *writer) enterAll(all []listed) error {
	index, err := w.index()
	if err != nil {
		return err
	}
	before, _ := json.Marshal(index)
	for _, e := range all {
		index.Manifests = place(index.Manifests, e.descriptor, e.reference)
	}
	if len(index.Manifests) > maxIndexed {
		return &LayoutError{Path: w.path, Where: indexFile, Found: fmt.Sprintf("would have %d entries", len(index.Manifests)), Expected: fmt.Sprintf("at most %d", maxIndexed), Next: "start a new layout"}
	}
	data, err := json.Marshal(index)
	if err != nil || slices.Equal(before, data) && w.exists(indexFile) {
		return err
	}
	return w.write(indexFile, data)
}

func (w *writer) exists(name string) bool {
	_, err := w.root.Lstat(name)
	return err == nil
}

// place returns entries with d in it once under ref, which no other entry then has.
func place(entries []ocispec.Descriptor, d ocispec.Descriptor, ref string) []ocispec.Descriptor {
	var kept []ocispec.Descriptor
	for _, e := range entries {
		tag := e.Annotations[ocispec.AnnotationRefName]
		switch {
		case e.Digest == d.Digest && (tag == "" || tag == ref): // takes the new form below
			continue
		case ref != "" && tag == ref:
			e = untagged(e)
		}
		kept = append(kept, e)
	}
	if ref == "" && slices.ContainsFunc(kept, func(e ocispec.Descriptor) bool { return e.Digest == d.Digest }) {
		return kept // there already, under a tag
	}
	if ref != "" {
		d.Annotations = withTag(d.Annotations, ref)
	}
	return append(kept, d)
}

func withTag(annotations map[string]string, ref string) map[string]string {
	tagged := map[string]string{ocispec.AnnotationRefName: ref}
	for key, value := range annotations {
		if key != ocispec.AnnotationRefName {
			tagged[key] = value
		}
	}
	return tagged
}

func untagged(d ocispec.Descriptor) ocispec.Descriptor {
	rest := withTag(d.Annotations, "")
	delete(rest, ocispec.AnnotationRefName)
	d.Annotations = rest
	return d
}
