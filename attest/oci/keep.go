package oci

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strings"
	"sync"

	"github.com/weighbridge/weighbridge/attest/weights"
)

// partialPrefix begins the name, below the ingest directory, of a blob that did
// not arrive in full. It is kept, by digest, for the next attempt.
const partialPrefix = "partial-"

// attempts is how often a blob is asked for while each attempt brings something.
const attempts = 4

// Store writes m with every manifest about it into the layout at dir, which is
// created, or extended as [Pack] does. What is there already is read and verified,
// not fetched; what an earlier call got of a blob before it ended is continued.
// index.json names the model only when everything has arrived and is on disk.
func (m *Model) Store(ctx context.Context, dir string, o TransferOptions) (Transferred, error) {
	if o.Reference != "" && !validReference(o.Reference) {
		return Transferred{}, &LayoutError{Path: dir, Found: fmt.Sprintf("reference %q", clip(o.Reference)), Expected: "letters and digits, with single . - _ : @ + / between them"}
	}
	cargo := m.cargo()
	pieces, err := m.pieces(cargo)
	if err != nil {
		return Transferred{}, err
	}
	w, err := openWriter(ctx, dir)
	if err != nil {
		return Transferred{}, err
	}
	defer w.close()
	k := &keeping{writer: w, source: m.layout.source, done: Transferred{Manifest: m.Manifest, Referrers: len(cargo) - 1, Blobs: len(pieces)}}
	err = weights.ForEach(ctx, sizesOf(pieces), weights.Options{Workers: o.workers(), Progress: o.Progress}, func(ctx context.Context, h *weights.Hasher, i int) error {
		return k.keep(ctx, h, pieces[i])
	})
	if err != nil {
		return Transferred{}, err
	}
	for _, e := range cargo {
		if err := w.blob(document{e.descriptor, e.data}); err != nil {
			return Transferred{}, err
		}
	}
	if err := w.sync(blobsDir); err != nil {
		return Transferred{}, err
	}
	return k.done, w.enterAll(m.listings(cargo, o.Reference))
}

func sizesOf(pieces []piece) []int64 {
	sizes := make([]int64, len(pieces))
	for i, p := range pieces {
		sizes[i] = p.descriptor.Size
	}
	return sizes
}

// listings returns the entries of index.json for the cargo.
func (m *Model) listings(cargo []*entry, reference string) []listed {
	references := m.References
	if reference != "" {
		references = []string{reference}
	}
	var all []listed
	for _, r := range references {
		all = append(all, listed{cargo[0].listing(), r})
	}
	if len(references) == 0 {
		all = append(all, listed{cargo[0].listing(), ""})
	}
	for _, e := range cargo[1:] {
		all = append(all, listed{e.listing(), ""})
	}
	return all
}

// keeping is one call that brings blobs from a source into a layout.
type keeping struct {
	*writer
	source source

	mu   sync.Mutex
	done Transferred
}

// keep brings one blob in. A partial one of an earlier attempt that turns out to
// be wrong is thrown away, and the blob fetched from its first byte.
func (k *keeping) keep(ctx context.Context, h *weights.Hasher, p piece) error {
	if k.have(ctx, h, p) {
		k.mu.Lock()
		defer k.mu.Unlock()
		k.done.Present++
		return nil
	}
	f, err := k.root.OpenFile(path.Join(ingestDir, partialPrefix+p.descriptor.Digest.Encoded()), os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return err
	}
	defer f.Close()
	var before int64 = -1
	for attempt := 1; ; attempt++ {
		var begun int64
		begun, err = k.fill(ctx, h, p, f)
		var bad *BlobError
		again := errors.As(err, &bad) && attempt < attempts && ctx.Err() == nil
		switch {
		case again && bad.Problem == ProblemDigest && begun > 0: // the part that was kept may be at fault
		case again && bad.Problem == ProblemUnreadable && begun != before: // cut off, but something came
		case err != nil:
			return err
		default:
			return k.accept(p, f, begun)
		}
		before = begun
	}
}

// have reports whether the blob is there with the right bytes.
func (k *keeping) have(ctx context.Context, h *weights.Hasher, p piece) bool {
	blob, info, err := weights.OpenRegular(k.root, blobName(p.descriptor.Digest.String()))
	if err != nil {
		return false
	}
	defer blob.Close()
	if info.Size() != p.descriptor.Size {
		return false
	}
	digest, _, err := h.Sum(ctx, blob, nil)
	return err == nil && digest == p.descriptor.Digest.String()
}

// fill continues f to the whole blob, and returns how much of it was there before.
// The digest is that of all bytes, those there before included.
func (k *keeping) fill(ctx context.Context, h *weights.Hasher, p piece, f *os.File) (begun int64, err error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	begun = info.Size()
	rest, err := k.source.open(ctx, p.descriptor, p.role, p.name)
	if err != nil {
		return begun, err
	}
	defer rest.Close()
	seeker, canSeek := rest.(io.Seeker)
	if begun > 0 && (begun >= p.descriptor.Size || !canSeek || skipTo(seeker, begun) != nil) {
		begun = 0
		rest.Close()
		if rest, err = k.source.open(ctx, p.descriptor, p.role, p.name); err != nil {
			return 0, errors.Join(err, f.Truncate(0))
		}
		defer rest.Close()
	}
	if err := f.Truncate(begun); err != nil {
		return begun, err
	}
	digest, bytes, err := h.Sum(ctx, io.MultiReader(io.NewSectionReader(f, 0, begun), rest), &tail{f, begun})
	return begun, p.verdict(ctx, digest, bytes, err, func() { f.Truncate(0) })
}

func skipTo(s io.Seeker, offset int64) error {
	_, err := s.Seek(offset, io.SeekStart)
	return err
}

// tail writes what comes behind the first skip bytes, which are in the file.
type tail struct {
	f    *os.File
	skip int64
}

func (t *tail) Write(p []byte) (int, error) {
	n := min(int64(len(p)), t.skip)
	t.skip -= n
	if int64(len(p)) == n {
		return len(p), nil
	}
	if _, err := t.f.Seek(0, io.SeekEnd); err != nil {
		return 0, err
	}
	written, err := t.f.Write(p[n:])
	return int(n) + written, err
}

// verdict says what is wrong with a blob of which these bytes were read. Bytes that
// cannot be the beginning of the blob are thrown away with drop.
func (p piece) verdict(ctx context.Context, digest string, bytes int64, err error, drop func()) error {
	problem := func(kind, expected, found string) error {
		return &BlobError{Digest: p.descriptor.Digest.String(), Role: p.role, Name: p.name, Problem: kind, Expected: expected, Found: found}
	}
	size := fmt.Sprintf("%d bytes", p.descriptor.Size)
	var bad *BlobError
	switch {
	case errors.As(err, &bad):
		return err
	case bytes > p.descriptor.Size:
		drop()
		return problem(ProblemSize, size, "more")
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil:
		return problem(ProblemUnreadable, size, fmt.Sprintf("%d, then %v", bytes, err))
	case bytes < p.descriptor.Size:
		return problem(ProblemSize, size, fmt.Sprintf("%d", bytes))
	case digest != p.descriptor.Digest.String():
		drop()
		return problem(ProblemDigest, p.descriptor.Digest.String(), digest)
	}
	return nil
}

// accept gives a verified blob its name.
func (k *keeping) accept(p piece, f *os.File, begun int64) error {
	if err := f.Sync(); err != nil {
		return err
	}
	hex := p.descriptor.Digest.Encoded()
	if err := k.root.Rename(path.Join(ingestDir, partialPrefix+hex), path.Join(blobsDir, hex)); err != nil {
		return err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.done.Sent++
	k.done.Bytes += p.descriptor.Size - begun
	return nil
}

// clearIngest removes what a process that died left, but for partial blobs.
func (w *writer) clearIngest() error {
	info, err := w.root.Lstat(ingestDir)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil || !info.IsDir() {
		return errors.Join(err, w.root.RemoveAll(ingestDir))
	}
	dir, err := w.root.Open(ingestDir)
	if err != nil {
		return err
	}
	entries, err := dir.ReadDir(-1)
	dir.Close()
	for _, e := range entries {
		if !e.Type().IsRegular() || !strings.HasPrefix(e.Name(), partialPrefix) {
			err = errors.Join(err, w.root.RemoveAll(path.Join(ingestDir, e.Name())))
		}
	}
	return err
}
