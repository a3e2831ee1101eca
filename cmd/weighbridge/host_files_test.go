package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"testing/fstest"
)

// TestFilesUnder: what is read of another machine's tree is as the standard library
// has it, and a pipe in it is refused, not waited for.
func TestFilesUnder(t *testing.T) {
	dir := t.TempDir()
	if err := errors.Join(os.MkdirAll(filepath.Join(dir, "sys/class"), 0o755), os.WriteFile(filepath.Join(dir, "sys/class/name"), []byte("x\n"), 0o644),
		os.Symlink("class/name", filepath.Join(dir, "sys/link"))); err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	if err := fstest.TestFS(filesUnder(root), "sys/class/name", "sys/link"); err != nil {
		t.Error(err)
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "sys/pipe"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := filesUnder(root).Open("sys/pipe"); !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("a pipe: %v", err)
	}
}
