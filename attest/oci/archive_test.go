package oci

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/weighbridge/weighbridge/attest/weights"
)

func save(t testing.TB, m *Model) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "shipment.tar")
	if _, err := m.Save(context.Background(), path, TransferOptions{}); err != nil {
		t.Fatal(err)
	}
	return path
}

func openArchive(t testing.TB, path string) *Layout {
	t.Helper()
	l, err := OpenArchive(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// TestSaveIsDeterministic: from the layout, from the archive, from a layout that
// the archive was loaded into: one file, to the byte. It is never overwritten.
func TestSaveIsDeterministic(t *testing.T) {
	dir, m := cargoed(t)
	first := save(t, m)
	want, err := os.ReadFile(first)
	if err != nil {
		t.Fatal(err)
	}
	archived := model(t, openArchive(t, first), "v1")
	layout := filepath.Join(t.TempDir(), "loaded")
	if _, err := archived.Store(context.Background(), layout, TransferOptions{}); err != nil {
		t.Fatal(err)
	}
	loaded := model(t, open(t, layout), "v1")
	for name, again := range map[string]*Model{"layout": m, "archive": archived, "loaded": loaded} {
		if got, err := os.ReadFile(save(t, again)); err != nil || !bytes.Equal(got, want) {
			t.Errorf("from the %s: another file, %v", name, err)
		}
	}
	found, err := archived.Files(context.Background(), weights.Options{})
	if err != nil || !slices.Equal(found.Files, hash(t, dir).Files) {
		t.Errorf("files in the archive: %v", err)
	}
	if _, err := m.Save(context.Background(), first, TransferOptions{}); err == nil || !strings.Contains(err.Error(), "nothing is overwritten") {
		t.Errorf("got %v", err)
	}
	if entries, err := os.ReadDir(filepath.Dir(first)); err != nil || len(entries) != 1 {
		t.Errorf("left beside the archive: %v", entries)
	}
}

// TestUnpackFromArchive: the weights come out of an archive as out of a layout.
func TestUnpackFromArchive(t *testing.T) {
	dir, m := cargoed(t)
	out := filepath.Join(t.TempDir(), "weights")
	if _, err := model(t, openArchive(t, save(t, m)), "").Unpack(context.Background(), out, UnpackOptions{}); err != nil {
		t.Fatal(err)
	}
	if got := hash(t, out); !slices.Equal(got.Files, hash(t, dir).Files) {
		t.Errorf("got %v", got.Files)
	}
}

// refusedArchives are a good archive with one change.
var refusedArchives = []struct {
	name   string
	change func(h *tar.Header, data []byte) []byte // nil: as it is
	add    *tar.Header
	want   string
}{
	{name: "traversal", add: &tar.Header{Typeflag: tar.TypeReg, Name: "../evil"}, want: "is no file of a layout"},
	{name: "absolute", add: &tar.Header{Typeflag: tar.TypeReg, Name: "/etc/evil"}, want: "is no file of a layout"},
	{name: "blob-traversal", add: &tar.Header{Typeflag: tar.TypeReg, Name: "blobs/sha256/../../evil"}, want: "is no file of a layout"},
	{name: "stranger", add: &tar.Header{Typeflag: tar.TypeReg, Name: "README"}, want: "is no file of a layout"},
	{name: "blob-of-another-algorithm", add: &tar.Header{Typeflag: tar.TypeReg, Name: "blobs/sha512/" + strings.Repeat("0", 128)}, want: "is no file of a layout"},
	{name: "symlink", add: &tar.Header{Typeflag: tar.TypeSymlink, Name: "blobs/sha256/" + strings.Repeat("0", 64), Linkname: "/etc/passwd"}, want: "link"},
	{name: "hard-link", add: &tar.Header{Typeflag: tar.TypeLink, Name: "blobs/sha256/" + strings.Repeat("0", 64), Linkname: "index.json"}, want: "link"},
	{name: "device", add: &tar.Header{Typeflag: tar.TypeChar, Name: "blobs/sha256/" + strings.Repeat("0", 64)}, want: "device"},
	{name: "directory", add: &tar.Header{Typeflag: tar.TypeDir, Name: "other/"}, want: "no layout has"},
	{name: "index-twice", add: &tar.Header{Typeflag: tar.TypeReg, Name: "index.json"}, want: "twice"},
	{name: "index-twice-under-another-spelling", add: &tar.Header{Typeflag: tar.TypeReg, Name: "./index.json"}, want: "twice"},
	{name: "version", change: func(h *tar.Header, data []byte) []byte {
		if h.Name == layoutFile {
			return bytes.Replace(data, []byte("1.0.0"), []byte("1.0.1"), 1)
		}
		return data
	}, want: `version "1.0.1"`},
	{name: "no-index", change: func(h *tar.Header, data []byte) []byte {
		if h.Name == indexFile {
			h.Name = "blobs/sha256/" + strings.Repeat("0", 64)
		}
		return data
	}, want: "index.json: is not in the archive"},
	{name: "manifest-changed", change: func(h *tar.Header, data []byte) []byte {
		return bytes.Replace(data, []byte("org.cncf.model.filepath"), []byte("org.cncf.model.filepaht"), 1)
	}, want: "wrong-digest"},
	{name: "bundle-longer", change: func(h *tar.Header, data []byte) []byte {
		if bytes.Equal(data, bundleA) {
			return append(data, ' ')
		}
		return data
	}, want: "wrong-size"},
}

func TestHostileArchive(t *testing.T) {
	_, m := cargoed(t)
	good, err := os.ReadFile(save(t, m))
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range refusedArchives {
		t.Run(r.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "x.tar")
			if err := os.WriteFile(path, rewrite(t, good, r.change, r.add), 0o666); err != nil {
				t.Fatal(err)
			}
			l, err := OpenArchive(path)
			if err == nil {
				l.Close()
			}
			if err == nil || !strings.Contains(err.Error(), r.want) {
				t.Errorf("got %v; expected %q", err, r.want)
			}
		})
	}
	for name, data := range map[string][]byte{"bytes behind": append(bytes.Clone(good), 'x'), "uncompressed tar": gzipped(good), "unexpected EOF": good[:len(good)/2]} {
		path := filepath.Join(t.TempDir(), "x.tar")
		if err := os.WriteFile(path, data, 0o666); err != nil {
			t.Fatal(err)
		}
		if _, err := OpenArchive(path); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// rewrite copies an archive entry by entry.
func rewrite(t *testing.T, data []byte, change func(*tar.Header, []byte) []byte, add *tar.Header) []byte {
	t.Helper()
	var out bytes.Buffer
	w, r := tar.NewWriter(&out), tar.NewReader(bytes.NewReader(data))
	for {
		h, err := r.Next()
		if err == io.EOF {
			break
		}
		content, readErr := io.ReadAll(r)
		if change != nil {
			content = change(h, content)
		}
		h.Size = int64(len(content))
		if err := errors.Join(err, readErr, w.WriteHeader(h)); err != nil {
			t.Fatal(err)
		}
		w.Write(content)
	}
	if add != nil {
		add.Mode = 0o644
		if err := w.WriteHeader(add); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func gzipped(data []byte) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	w.Write(data)
	w.Close()
	return out.Bytes()
}

// TestEveryByteOfAnArchive: one flipped byte anywhere is refused, or leaves what the
// archive says as it was: the file's padding and the headers' owners are hints.
func TestEveryByteOfAnArchive(t *testing.T) {
	dir, layout, _ := packed(t, map[string]string{"w": "the weights", "config.json": "{}"})
	_ = dir
	m := model(t, open(t, layout), "")
	path := save(t, m)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	refused, same := 0, 0
	for i := range data {
		data[i] ^= 1
		if err := os.WriteFile(path, data, 0o666); err != nil {
			t.Fatal(err)
		}
		data[i] ^= 1
		l, err := OpenArchive(path)
		if err != nil {
			refused++
			continue
		}
		again := l.Models()[0]
		_, err = again.Files(context.Background(), weights.Options{})
		if err != nil {
			refused++
		} else if again.Manifest.Digest == m.Manifest.Digest && slices.Equal(again.Declared.Files, m.Declared.Files) {
			same++
		} else {
			t.Errorf("byte %d: accepted with another meaning", i)
		}
		l.Close()
	}
	if refused < 1000 || refused+same != len(data) {
		t.Errorf("%d refused, %d the same, of %d", refused, same, len(data))
	}
}

// FuzzOpenArchive: no file makes the reader panic, or gives a model that is not
// whole.
func FuzzOpenArchive(f *testing.F) {
	_, layout, _ := packed(f, map[string]string{"w": "1"})
	good, err := os.ReadFile(save(f, model(f, open(f, layout), "")))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add(good[:1024])
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(t.TempDir(), "x.tar")
		if err := os.WriteFile(path, data, 0o666); err != nil {
			t.Fatal(err)
		}
		l, err := OpenArchive(path)
		if err != nil {
			return
		}
		defer l.Close()
		for _, m := range l.Models() {
			if err := m.Declared.Validate(); err != nil {
				t.Error(err)
			}
			m.Files(context.Background(), weights.Options{})
		}
	})
}
