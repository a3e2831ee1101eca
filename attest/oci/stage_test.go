package oci

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// TestStage: until they are revealed the files are nowhere to be seen, and nothing
// is left of them when they are discarded, or when somebody else took the name.
func TestStage(t *testing.T) {
	_, layout, _ := packed(t, sample)
	m := model(t, open(t, layout), "")
	destination := filepath.Join(t.TempDir(), "out")
	for name, end := range map[string]func(*Staged) error{
		"discarded": (*Staged).Discard,
		"taken by a directory": func(s *Staged) error {
			write(t, destination, map[string]string{"mine": "mine"})
			defer os.RemoveAll(destination)
			if err := s.Reveal(); err == nil || !strings.Contains(err.Error(), "in the way") {
				t.Errorf("got %v", err)
			}
			return s.Discard()
		},
		"taken by a file": func(s *Staged) error {
			write(t, filepath.Dir(destination), map[string]string{"out": "mine"})
			defer os.Remove(destination)
			if err := s.Reveal(); !errors.Is(err, os.ErrExist) {
				t.Errorf("got %v", err)
			}
			return nil
		},
	} {
		s, err := m.Stage(context.Background(), destination, UnpackOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := os.Lstat(destination); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s: before it ends: %v", name, err)
		}
		if err := end(s); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if left, _ := os.ReadDir(filepath.Dir(destination)); len(left) != 0 {
			t.Errorf("%s: left %v", name, left)
		}
	}
}

// TestUnpackFullDisk: where the tests may mount a small disk, it fills up, which is
// said with what would be enough. A limit on the size of files is the command's story.
func TestUnpackFullDisk(t *testing.T) {
	_, layout, _ := packed(t, map[string]string{"model.bin": strings.Repeat("weights ", 100_000)})
	m := model(t, open(t, layout), "")
	disk := t.TempDir()
	if err := unix.Mount("tmpfs", disk, "tmpfs", 0, "size=300k"); err != nil {
		t.Logf("no tmpfs could be mounted (%v): the disk is only named full", err)
		if err := m.unfilled(disk, syscall.ENOSPC); !strings.Contains(err.Error(), "the files are 800000 bytes together") {
			t.Error(err)
		}
		return
	}
	defer unix.Unmount(disk, 0)
	_, err := m.Unpack(context.Background(), filepath.Join(disk, "out"), UnpackOptions{})
	var blob *BlobError
	if !errors.Is(err, syscall.ENOSPC) || errors.As(err, &blob) || !strings.Contains(err.Error(), "the files are 800000 bytes together, and nothing of them is left there: make room in "+disk) {
		t.Errorf("got %v", err)
	}
	if left, _ := os.ReadDir(disk); len(left) != 0 {
		t.Errorf("left %v", left)
	}
}
