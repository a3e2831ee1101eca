package weights_test

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"lukechampine.com/blake3"

	"github.com/weighbridge/weighbridge/attest"
	"github.com/weighbridge/weighbridge/attest/weights"
)

// TestTreesOfBLAKE3 cuts files at every size where a tree changes its shape, and
// holds each digest against the library's own of the stream.
func TestTreesOfBLAKE3(t *testing.T) {
	const kib, mib = 1 << 10, 1 << 20
	dir := t.TempDir()
	want := map[string]string{}
	for _, size := range []int64{0, 1, kib - 1, kib, kib + 1, 2*kib + 1, 16*kib - 1, 16 * kib, 16*kib + 1, 48*kib + 5, 256 * kib, 256*kib + 1, 5*mib + 3,
		64 * mib, 64*mib + 1, 128*mib + 16*kib, 192*mib + 7} {
		name := fmt.Sprint("w", size)
		want[name] = sparse(t, filepath.Join(dir, name), size)
	}
	how := attest.Serialization{Method: attest.MethodFiles, HashType: attest.HashBLAKE3}
	var progress, total int64
	found, _, err := weights.Resources(context.Background(), dir, how, weights.Options{
		Workers: 3, Total: func(n int64) { total = n }, Progress: func(n int64) { progress += n }})
	if err != nil || len(found) != len(want) {
		t.Fatal(len(found), err)
	}
	for _, r := range found {
		if r.Digest != want[r.Name] {
			t.Errorf("%s: %s, expected %s", r.Name, r.Digest, want[r.Name])
		}
	}
	if progress != total || total < 300*mib {
		t.Errorf("%d bytes of %d were told", progress, total)
	}
}

// sparse makes a file of a hole with some bytes in it, and returns its BLAKE3.
func sparse(t *testing.T, path string, size int64) string {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Truncate(size); err != nil {
		t.Fatal(err)
	}
	for at := int64(0); at+8 < size; at = at*3/2 + 11 {
		if _, err := f.WriteAt([]byte(fmt.Sprintf("%08d", at%1e8)), at); err != nil {
			t.Fatal(err)
		}
	}
	h := blake3.New(32, nil)
	if _, err := io.Copy(h, io.NewSectionReader(f, 0, size)); err != nil {
		t.Fatal(err)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// TestTreesOfChangedFile: parts of one file that were read of two states of it
// make no digest.
func TestTreesOfChangedFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "w")
	sparse(t, path, 200<<20)
	changed := false
	_, _, err := weights.Resources(context.Background(), dir, attest.Serialization{Method: attest.MethodFiles, HashType: attest.HashBLAKE3}, weights.Options{
		Workers: 1,
		Progress: func(int64) {
			if !changed {
				changed = true
				if err := os.Chtimes(path, time.Time{}, time.Unix(1, 0)); err != nil {
					t.Error(err)
				}
			}
		},
	})
	var want *weights.ChangedError
	if !errors.As(err, &want) {
		t.Errorf("got %v", err)
	}
}

// BenchmarkBLAKE3 prints the speed over one file of 1 GiB and its ratio to the
// library's own over the same stream, on one core, in the same run.
func BenchmarkBLAKE3(b *testing.B) {
	dir := b.TempDir()
	paths := fill(b, dir, 1, 1<<30)
	stream := func() {
		f, err := os.Open(paths[0])
		if err != nil {
			b.Fatal(err)
		}
		defer f.Close()
		if _, err := io.CopyBuffer(blake3.New(32, nil), struct{ io.Reader }{f}, make([]byte, 1<<20)); err != nil {
			b.Fatal(err)
		}
	}
	stream() // into the page cache
	var ours, theirs time.Duration
	for b.Loop() {
		ours += timed(func() {
			if _, _, err := weights.Resources(b.Context(), dir, attest.Serialization{Method: attest.MethodFiles, HashType: attest.HashBLAKE3}, weights.Options{}); err != nil {
				b.Fatal(err)
			}
		})
		theirs += timed(stream)
	}
	b.ReportMetric(float64(b.N)*(1<<30)/ours.Seconds()/1e9, "GB/s")
	b.ReportMetric(theirs.Seconds()/ours.Seconds(), "of-one-core")
	b.ReportMetric(0, "ns/op")
}
