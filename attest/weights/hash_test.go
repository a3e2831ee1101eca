package weights_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/weighbridge/weighbridge/attest"
	"github.com/weighbridge/weighbridge/attest/weights"
)

func write(t testing.TB, dir string, files map[string]string) string {
	t.Helper()
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o777), os.WriteFile(path, []byte(content), 0o666)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func file(name, content string) attest.File {
	sum := sha256.Sum256([]byte(content))
	return attest.File{Name: name, Size: int64(len(content)), Digest: "sha256:" + hex.EncodeToString(sum[:])}
}

func manifest(t testing.TB, files ...attest.File) attest.Manifest {
	t.Helper()
	m, err := attest.NewManifest(files)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func hash(t testing.TB, path string, o weights.Options) attest.Manifest {
	t.Helper()
	m, err := weights.Hash(context.Background(), path, o)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// noise returns n bytes that compress to nothing known.
func noise(n int) string {
	b := make([]byte, n)
	rand.NewChaCha8([32]byte{1}).Read(b)
	return string(b)
}

// TestEveryRegularFileCounts: zero-byte files, dot files, hidden directories, odd
// names and every size around the buffers, sorted as bytes.
func TestEveryRegularFileCounts(t *testing.T) {
	content := map[string]string{
		"model.safetensors": noise(3<<20 + 17), "empty": "", ".hidden/.dot": "x", "a-b/x": "1", "a/x": "2", "model/w": "3",
		"name with space": "4", "colon:0:5": "5", `back\slash`: "6", "café": "nfc", "cafe\u0301": "nfd", "Case": "7", "case": "8",
	}
	for _, n := range []int{1, 127 << 10, 128 << 10, 1<<20 - 1, 1 << 20, 1<<20 + 1, 2 << 20, 2<<20 + 1} {
		content[filepath.Join("sizes", string(rune('a'+len(content))))] = noise(n)
	}
	var want []attest.File
	for name, c := range content {
		want = append(want, file(name, c))
	}
	dir := write(t, t.TempDir(), content)
	for _, workers := range []int{0, 1, 2, 7, 1000} {
		got := hash(t, dir, weights.Options{Workers: workers})
		if !slices.Equal(got.Files, manifest(t, want...).Files) {
			t.Errorf("%d workers: got %v", workers, got.Files)
		}
	}
}

func TestIgnored(t *testing.T) {
	dir := write(t, t.TempDir(), map[string]string{
		".git/HEAD": "x", ".gitignore": "x", ".gitattributes": "x", ".github/w/ci.yml": "x", "sub/.git/HEAD": "kept", "sub/.gitignore": "kept",
		"claims.jsonl": "x", "deep/er/a": "x", "deep/er/b": "x", "deep/era": "kept", "w": "kept",
	})
	got := hash(t, dir, weights.Options{Ignore: []string{"claims.jsonl", "deep/er/", "not/there"}})
	want := manifest(t, file("sub/.git/HEAD", "kept"), file("sub/.gitignore", "kept"), file("deep/era", "kept"), file("w", "kept"))
	if !slices.Equal(got.Files, want.Files) {
		t.Errorf("got %v", got.Files)
	}
	for _, bad := range []string{"", ".", "..", "/abs", "../up", "a/../b", "a//b", "./a"} {
		if _, err := weights.Hash(context.Background(), dir, weights.Options{Ignore: []string{bad}}); err == nil {
			t.Errorf("ignored path %q was taken", bad)
		}
	}
}

// TestWhatIsIgnoredIsNotRead: a link in .git is none of our business.
func TestWhatIsIgnoredIsNotRead(t *testing.T) {
	dir := write(t, t.TempDir(), map[string]string{".git/HEAD": "x", "w": "1"})
	if err := os.Symlink("/", filepath.Join(dir, ".git", "root")); err != nil {
		t.Fatal(err)
	}
	if got := hash(t, dir, weights.Options{}); len(got.Files) != 1 {
		t.Errorf("got %v", got.Files)
	}
}

func TestSingleFile(t *testing.T) {
	dir := write(t, t.TempDir(), map[string]string{"model.gguf": "g", "other": "o"})
	got := hash(t, filepath.Join(dir, "model.gguf"), weights.Options{})
	if !slices.Equal(got.Files, []attest.File{file("model.gguf", "g")}) {
		t.Errorf("got %v", got.Files)
	}
}

// refusals are sets of weights that must not be hashed; each is made by make in a
// directory that holds one good file, and the error names the path.
var refusals = []struct {
	name  string
	make  func(dir string) error
	path  string // what is hashed, below dir
	names string // the path in the error
	found string
}{
	{"symlink-to-file", func(d string) error { return os.Symlink("good", d+"/link") }, "", "link", `symbolic link to "good"`},
	{"symlink-to-directory", func(d string) error { return os.Symlink("/etc", d+"/link") }, "", "link", "symbolic link"},
	{"symlink-dangling", func(d string) error { return os.Symlink("nowhere", d+"/link") }, "", "link", "symbolic link"},
	{"symlink-upwards", func(d string) error { return os.Symlink("..", d+"/link") }, "", "link", `symbolic link to ".."`},
	{"symlink-deep", func(d string) error { return errors.Join(os.Mkdir(d+"/sub", 0o777), os.Symlink("x", d+"/sub/link")) }, "", "sub/link", "symbolic link"},
	{"symlink-as-the-set", func(d string) error { return os.Symlink(d, d+"-link") }, "-link", "-link", "symbolic link"},
	{"symlink-as-the-file", func(d string) error { return os.Symlink("good", d+"/only") }, "/only", "only", "symbolic link"},
	{"named-pipe", func(d string) error { return syscall.Mkfifo(d+"/pipe", 0o666) }, "", "pipe", "named pipe"},
	{"socket", func(d string) error {
		l, err := net.ListenUnix("unix", &net.UnixAddr{Name: d + "/sock", Net: "unix"})
		if err == nil {
			l.SetUnlinkOnClose(false)
			err = l.Close()
		}
		return err
	}, "", "sock", "socket"},
	{"device", func(d string) error { return nil }, "=/dev/null", "/dev/null", "device"},
	{"not-utf8", func(d string) error { return os.WriteFile(d+"/\xff\xfe", nil, 0o666) }, "", "", "not valid UTF-8"},
	{"directory-not-utf8", func(d string) error {
		return errors.Join(os.Mkdir(d+"/\xff", 0o777), os.WriteFile(d+"/\xff/f", nil, 0o666))
	}, "", "", "not valid UTF-8"},
	{"control-character", func(d string) error { return os.WriteFile(d+"/a\x1b[2J", nil, 0o666) }, "", "", "control characters"},
	{"empty-directory", func(d string) error { return os.Mkdir(d+"/empty", 0o777) }, "/empty", "empty", "no file to hash"},
	{"only-directories", func(d string) error { return os.MkdirAll(d+"/only/a/b", 0o777) }, "/only", "only", "no file to hash"},
	{"only-ignored", func(d string) error {
		return errors.Join(os.MkdirAll(d+"/repo/.git", 0o777), os.WriteFile(d+"/repo/.git/HEAD", nil, 0o666))
	}, "/repo", "repo", "no file to hash"},
	{"missing", func(d string) error { return nil }, "/nowhere", "nowhere", "does not exist"},
}

func TestRefused(t *testing.T) {
	for _, r := range refusals {
		t.Run(r.name, func(t *testing.T) {
			dir := write(t, filepath.Join(t.TempDir(), "w"), map[string]string{"good": "1"})
			if err := r.make(dir); err != nil {
				t.Fatal(err)
			}
			path := dir + r.path
			if after, absolute := strings.CutPrefix(r.path, "="); absolute {
				path = after
			}
			m, err := weights.Hash(context.Background(), path, weights.Options{})
			var refused *weights.RefusedError
			if !errors.As(err, &refused) || len(m.Files) != 0 {
				t.Fatalf("got %v, %v; expected a refusal", m.Files, err)
			}
			if !strings.HasSuffix(refused.Path, r.names) || !strings.Contains(refused.Found, r.found) || refused.Next == "" {
				t.Errorf("refusal %+v; expected the path ...%q, %q and a next step", refused, r.names, r.found)
			}
		})
	}
}

// TestReadErrorNamesTheFile: /proc/self/mem looks like an empty regular file, and
// its first byte cannot be read even by root.
func TestReadErrorNamesTheFile(t *testing.T) {
	_, err := weights.Hash(context.Background(), "/proc/self/mem", weights.Options{})
	if err == nil || !strings.Contains(err.Error(), "mem") {
		t.Errorf("got %v", err)
	}
}

// TestFileWrittenMeanwhile: the progress hook runs between the first buffer and
// the end of the file, and changes what was or will be read.
func TestFileWrittenMeanwhile(t *testing.T) {
	const size = 5 << 20
	for name, change := range map[string]func(path string) error{
		"appended": func(path string) error {
			f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
			if err == nil {
				_, err = f.WriteString("more")
				err = errors.Join(err, f.Close())
			}
			return err
		},
		"truncated": func(path string) error { return os.Truncate(path, 3<<20) },
		"edited": func(path string) error {
			f, err := os.OpenFile(path, os.O_WRONLY, 0)
			if err == nil {
				_, err = f.WriteAt([]byte("x"), 0)
				err = errors.Join(err, f.Close())
			}
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := write(t, t.TempDir(), map[string]string{"w": noise(size)})
			old := filepath.Join(dir, "w")
			before, err := os.Stat(old)
			if err != nil {
				t.Fatal(err)
			}
			// Some file systems keep times to a few milliseconds only: set it well apart.
			if err := os.Chtimes(old, before.ModTime(), before.ModTime().Add(-1e10)); err != nil {
				t.Fatal(err)
			}
			done := false
			_, err = weights.Hash(context.Background(), dir, weights.Options{Progress: func(int64) {
				if !done {
					done = true
					if err := change(old); err != nil {
						t.Error(err)
					}
				}
			}})
			var changed *weights.ChangedError
			if !errors.As(err, &changed) || changed.Before == changed.After {
				t.Errorf("got %v; expected a changed file", err)
			}
		})
	}
}

// TestProgress: the calls add up to the bytes, and never overlap.
func TestProgress(t *testing.T) {
	dir := write(t, t.TempDir(), map[string]string{"a": noise(5 << 20), "b": noise(100), "c": "", "d": noise(1 << 20)})
	var total int64
	var inside atomic.Int64
	m := hash(t, dir, weights.Options{Workers: 4, Progress: func(n int64) {
		if inside.Add(1) != 1 {
			t.Error("two calls at once")
		}
		time.Sleep(time.Millisecond) // room for another call to come in
		total += n
		inside.Add(-1)
	}})
	if total != m.Bytes() || total != 6<<20+100 {
		t.Errorf("progress of %d bytes for %d", total, m.Bytes())
	}
}

// TestCancel: no more than one buffer for each worker is hashed after the context
// ended, whatever is left.
func TestCancel(t *testing.T) {
	dir := write(t, t.TempDir(), map[string]string{"a": noise(40 << 20), "b": noise(40 << 20)})
	ctx, cancel := context.WithCancel(context.Background())
	var after int64
	_, err := weights.Hash(ctx, dir, weights.Options{Workers: 2, Progress: func(n int64) { after += n; cancel() }})
	if !errors.Is(err, context.Canceled) || after > 4<<20 {
		t.Errorf("error %v after %d bytes", err, after)
	}
}

// TestOneReadOfEachFile: a set of pipes behind regular names cannot be made, so
// that each byte is read once is shown by the process's own count of bytes read.
func TestOneReadOfEachFile(t *testing.T) {
	const size = 32 << 20
	dir := write(t, t.TempDir(), map[string]string{"a": noise(size), "b": noise(size)})
	before := readChars(t)
	hash(t, dir, weights.Options{})
	if read := readChars(t) - before; read < 2*size || read > 2*size+1<<20 {
		t.Errorf("%d bytes were read of %d", read, 2*size)
	}
}

// readChars returns rchar of proc(5): bytes that read calls of this process returned.
func readChars(t *testing.T) int64 {
	t.Helper()
	data, err := os.ReadFile("/proc/self/io")
	if err != nil {
		t.Fatal(err)
	}
	return field(t, string(data), "rchar:")
}
