package weights_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/weighbridge/weighbridge/attest/weights"
)

// TestFileSwapped: between the list and the reading somebody puts another thing in
// the place of a file. Whatever it is, it is not hashed, and nothing hangs.
func TestFileSwapped(t *testing.T) {
	outside := filepath.Join(write(t, t.TempDir(), map[string]string{"secret": "outside"}), "secret")
	for name, swap := range map[string]func(path string) error{
		"another-file":     func(p string) error { return os.Rename(filepath.Join(filepath.Dir(p), "c"), p) },
		"link-inside":      func(p string) error { return errors.Join(os.Remove(p), os.Symlink("c", p)) },
		"link-outside":     func(p string) error { return errors.Join(os.Remove(p), os.Symlink(outside, p)) },
		"link-to-absolute": func(p string) error { return errors.Join(os.Remove(p), os.Symlink("/proc/self/maps", p)) },
		"pipe":             func(p string) error { return errors.Join(os.Remove(p), syscall.Mkfifo(p, 0o666)) },
		"directory":        func(p string) error { return errors.Join(os.Remove(p), os.Mkdir(p, 0o777)) },
		"nothing":          os.Remove,
	} {
		t.Run(name, func(t *testing.T) {
			dir := write(t, t.TempDir(), map[string]string{"a": noise(1 << 20), "b": "second", "c": "3"})
			swapped := false
			m, err := weights.Hash(context.Background(), dir, weights.Options{Workers: 1, Progress: func(int64) {
				if !swapped {
					swapped = true
					if err := swap(filepath.Join(dir, "b")); err != nil {
						t.Error(err)
					}
				}
			}})
			if err == nil {
				t.Errorf("hashed %v", m.Files)
			}
		})
	}
}

// TestOpenRegular opens files, and nothing else.
func TestOpenRegular(t *testing.T) {
	dir := write(t, t.TempDir(), map[string]string{"sub/file": "x"})
	if err := errors.Join(os.Symlink("sub/file", dir+"/link"), syscall.Mkfifo(dir+"/pipe", 0o666), os.Symlink("/etc", dir+"/out")); err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	f, info, err := weights.OpenRegular(root, "sub/file")
	if err != nil || info.Size() != 1 {
		t.Fatal(info, err)
	}
	f.Close()
	for _, name := range []string{"link", "pipe", "sub"} {
		var refused *weights.RefusedError
		if _, _, err := weights.OpenRegular(root, name); !errors.As(err, &refused) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, name := range []string{"nowhere", "out/passwd", "../x", "/etc/passwd"} {
		if _, _, err := weights.OpenRegular(root, name); err == nil {
			t.Errorf("%s was opened", name)
		}
	}
}
