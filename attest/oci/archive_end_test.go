package oci

import (
	"archive/tar"
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestArchiveEnd (R9): two blocks of zeros end an archive, more of them fill it up, and
// anything else behind the last file is refused, as is an archive without them.
func TestArchiveEnd(t *testing.T) {
	_, m := cargoed(t)
	good, err := os.ReadFile(save(t, m))
	if err != nil {
		t.Fatal(err)
	}
	const block = 512
	if !bytes.HasSuffix(good, make([]byte, 2*block)) {
		t.Fatal("save writes no end")
	}
	files := bytes.Clone(good[:len(good)-2*block])
	zeros := func(n int) []byte { return make([]byte, n) }
	var dangling bytes.Buffer // the pax header of a file that does not follow
	w := tar.NewWriter(&dangling)
	if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: "index.json", PAXRecords: map[string]string{"weighbridge.x": "1"}, Mode: 0o644}); err != nil {
		t.Fatal(err)
	}
	const behind, cut = "bytes behind the end of the archive", "it was cut off"
	for _, c := range []struct {
		name string
		tail []byte
		says string // "": it opens
	}{
		{"as save writes it", zeros(2 * block), ""},
		{"a zero block more", zeros(3 * block), ""},
		{"filled up to a record of 10 KiB", zeros(20 * block), ""},
		{"a mebibyte of zeros", zeros(1 << 20), ""},
		{"over a mebibyte of zeros", zeros(1<<20 + block), behind},
		{"nothing", nil, cut},
		{"one zero block", zeros(block), cut},
		{"half a block more", zeros(2*block + block/2), cut},
		{"a byte of zero more", zeros(2*block + 1), cut},
		{"a block that is not zero after the end", append(zeros(2*block), bytes.Repeat([]byte{1}, block)...), behind},
		{"a block that is not zero after padding", append(zeros(9*block), bytes.Repeat([]byte{1}, block)...), behind},
		{"one bit at the very end", append(zeros(3*block-1), 1), behind},
		{"one bit in the first zero block", append([]byte{1}, zeros(2*block-1)...), "invalid tar header"},
		{"one bit in the second zero block", append(append(zeros(block), 1), zeros(block-1)...), "invalid tar header"},
		{"another archive after the end", append(zeros(2*block), good...), behind},
		{"a file after the end", append(zeros(2*block), good[:2*block]...), behind},
		{"a header of a file that does not follow", append(bytes.Clone(dangling.Bytes()[:2*block]), zeros(2*block)...), behind},
		{"text", []byte("x"), "unexpected EOF"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "x.tar")
			if err := os.WriteFile(path, append(bytes.Clone(files), c.tail...), 0o666); err != nil {
				t.Fatal(err)
			}
			l, err := OpenArchive(path)
			if err == nil {
				defer l.Close()
			}
			switch {
			case c.says == "" && err != nil:
				t.Errorf("refused: %v", err)
			case c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)):
				t.Errorf("got %v; expected %q", err, c.says)
			}
			if err == nil && model(t, l, "").Manifest.Digest != m.Manifest.Digest {
				t.Error("another model")
			}
		})
	}
}
