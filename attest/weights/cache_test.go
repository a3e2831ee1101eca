package weights_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/weighbridge/weighbridge/attest/weights"
)

// later is a clock by which every file here has settled.
func later() time.Time { return time.Now().Add(time.Hour) }

func cacheAt(t *testing.T, dir string, now func() time.Time) *weights.DigestCache {
	t.Helper()
	c, err := weights.OpenDigestCache(dir, now)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// readOf hashes dir and returns how many bytes this process read for it.
func readOf(t *testing.T, dir string, c *weights.DigestCache) int64 {
	t.Helper()
	before := readChars(t)
	hash(t, dir, weights.Options{Cache: c})
	return readChars(t) - before
}

const cachedSize = 8 << 20

// worksIn says whether the cache works on the file system of a directory: on a few
// only, of which tmpfs is none.
func worksIn(t *testing.T, dir string) bool {
	t.Helper()
	f, err := os.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	return weights.KeepsTimes(f)
}

// TestDigestCache: the second time only the sampled places are read where the file
// system keeps times, else all of it; and the digests are the same.
func TestDigestCache(t *testing.T) {
	dir := write(t, t.TempDir(), map[string]string{"w": noise(cachedSize), "small": "x"})
	cache := filepath.Join(t.TempDir(), "cache")
	plain := hash(t, dir, weights.Options{})
	if read := readOf(t, dir, cacheAt(t, cache, later)); read < cachedSize {
		t.Fatalf("%d bytes read the first time", read)
	}
	c := cacheAt(t, cache, later)
	if read, works := readOf(t, dir, c), worksIn(t, dir); works != (read <= cachedSize/8) {
		t.Errorf("%d bytes read the second time; the cache works here: %v", read, works)
	}
	if again := hash(t, dir, weights.Options{Cache: c}); again.Root() != plain.Root() {
		t.Errorf("root %s, expected %s", again.Root(), plain.Root())
	}
}

// TestDigestCacheSeesEdits: whatever is done to a file, its digest is that of its
// bytes.
func TestDigestCacheSeesEdits(t *testing.T) {
	other := []byte("another byte")
	edits := map[string]func(t *testing.T, path string) error{
		"written in place": func(t *testing.T, path string) error {
			f, err := os.OpenFile(path, os.O_WRONLY, 0)
			if err == nil {
				_, err = f.WriteAt(other, 5<<20+123)
				err = errors.Join(err, f.Close())
			}
			return err
		},
		"written, time put back": func(t *testing.T, path string) error {
			info, err := os.Stat(path)
			if err != nil {
				return err
			}
			f, err := os.OpenFile(path, os.O_WRONLY, 0)
			if err == nil {
				_, err = f.WriteAt(other, 5<<20+123)
				err = errors.Join(err, f.Close(), os.Chtimes(path, info.ModTime(), info.ModTime()))
			}
			return err
		},
		"replaced": func(t *testing.T, path string) error {
			content := []byte(noise(cachedSize))
			copy(content[100:], other)
			return errors.Join(os.WriteFile(path+".new", content, 0o666), os.Rename(path+".new", path))
		},
		"removed and made again": func(t *testing.T, path string) error {
			content := []byte(noise(cachedSize))
			copy(content[100:], other)
			return errors.Join(os.Remove(path), os.WriteFile(path, content, 0o666))
		},
		"truncated": func(t *testing.T, path string) error { return os.Truncate(path, cachedSize-1) },
		"appended": func(t *testing.T, path string) error {
			f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
			if err == nil {
				_, err = f.Write(other)
				err = errors.Join(err, f.Close())
			}
			return err
		},
	}
	if len(edits) == 0 {
		t.Fatal("no cases")
	}
	for name, edit := range edits {
		t.Run(name, func(t *testing.T) {
			dir := write(t, t.TempDir(), map[string]string{"w": noise(cachedSize)})
			c := cacheAt(t, filepath.Join(t.TempDir(), "cache"), later)
			hash(t, dir, weights.Options{Cache: c})
			time.Sleep(20 * time.Millisecond) // past the granularity of the kernel's times
			if err := edit(t, filepath.Join(dir, "w")); err != nil {
				t.Fatal(err)
			}
			if got, want := hash(t, dir, weights.Options{Cache: c}), hash(t, dir, weights.Options{}); got.Root() != want.Root() {
				t.Errorf("root %s, the bytes have %s", got.Root(), want.Root())
			}
		})
	}
}

// TestDigestCacheWaits: a file that was written a moment ago is not remembered,
// because another write could bear the same time.
func TestDigestCacheWaits(t *testing.T) {
	dir := write(t, t.TempDir(), map[string]string{"w": noise(cachedSize)})
	c := cacheAt(t, filepath.Join(t.TempDir(), "cache"), time.Now)
	hash(t, dir, weights.Options{Cache: c})
	if read := readOf(t, dir, c); read < cachedSize {
		t.Errorf("%d bytes read of a file that has not settled", read)
	}
}

// TestDigestCacheDamaged: what is in the cache is believed only with its mark, and
// a cache that others can write to is refused.
func TestDigestCacheDamaged(t *testing.T) {
	dir, cache := write(t, t.TempDir(), map[string]string{"w": noise(cachedSize)}), filepath.Join(t.TempDir(), "cache")
	c := cacheAt(t, cache, later)
	want := hash(t, dir, weights.Options{Cache: c})
	entries, err := filepath.Glob(filepath.Join(cache, "*", "*"))
	if err != nil || len(entries) != 1 {
		t.Fatalf("%v, %v", entries, err)
	}
	data, err := os.ReadFile(entries[0])
	if err != nil {
		t.Fatal(err)
	}
	for name, forged := range map[string]string{
		"digest": strings.Replace(string(data), `"digest":"sha256:`, `"digest":"sha256:00`, 1), "empty": "", "other": "{}", "mark": strings.Replace(string(data), `"mac":"`, `"mac":"0`, 1),
	} {
		if err := os.WriteFile(entries[0], []byte(forged), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := hash(t, dir, weights.Options{Cache: c}); got.Root() != want.Root() {
			t.Errorf("%s: root %s", name, got.Root())
		}
	}
	if err := os.Chmod(cache, 0o777); err != nil {
		t.Fatal(err)
	}
	var refused *weights.RefusedError
	if _, err := weights.OpenDigestCache(cache, later); !errors.As(err, &refused) {
		t.Errorf("a cache that everybody can write to: %v", err)
	}
	if _, err := weights.OpenDigestCache(filepath.Join(dir, "w"), later); err == nil {
		t.Error("a cache in a file was opened")
	}
	if _, err := weights.Hash(context.Background(), dir, weights.Options{Cache: nil}); err != nil {
		t.Error(err)
	}
}

// TestDigestCacheSeesMappings: a page that was written through a shared mapping, and
// is written again through it after the file was hashed, is seen.
func TestDigestCacheSeesMappings(t *testing.T) {
	dir := write(t, t.TempDir(), map[string]string{"w": noise(cachedSize)})
	f, err := os.OpenFile(filepath.Join(dir, "w"), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	mapped, err := syscall.Mmap(int(f.Fd()), 0, cachedSize, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Munmap(mapped)
	const place = 12345 // between the sampled places
	mapped[place] ^= 1
	c := cacheAt(t, filepath.Join(t.TempDir(), "cache"), later)
	hash(t, dir, weights.Options{Cache: c})
	time.Sleep(20 * time.Millisecond) // past the granularity of the kernel's times
	mapped[place] ^= 2
	if got, want := hash(t, dir, weights.Options{Cache: c}), hash(t, dir, weights.Options{}); got.Root() != want.Root() {
		t.Errorf("root %s, the bytes have %s", got.Root(), want.Root())
	}
}
