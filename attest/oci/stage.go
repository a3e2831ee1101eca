package oci

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"

	"github.com/weighbridge/weighbridge/attest"
)

// Unpack writes the files of m below destination, which must not exist or be an
// empty directory, and returns what was written: every file verified against its
// layer's digest while it was written. It is [Model.Stage] and [Staged.Reveal].
func (m *Model) Unpack(ctx context.Context, destination string, o UnpackOptions) (attest.Manifest, error) {
	staged, err := m.Stage(ctx, destination, o)
	if err != nil {
		return attest.Manifest{}, err
	}
	return m.Declared, staged.Reveal()
}

// Staged are the files of a model in a new directory beside their destination, each
// verified against its layer's digest and on disk, until [Staged.Reveal] or
// [Staged.Discard].
type Staged struct{ stage, destination string }

// Stage writes the files of m into a new directory beside destination, which must
// not exist or be an empty directory: as clones of the blobs where the file system
// can (FICLONE), else as copies, and hashed as they are written. They are never hard
// links, so that who edits them does not edit the shipment. On an error, or when ctx
// ends, that directory is removed and destination is as it was. After a crash a
// directory named destination.partial-... may be left, never destination.
func (m *Model) Stage(ctx context.Context, destination string, o UnpackOptions) (*Staged, error) {
	if err := m.checkBudget(o.MaxBytes); err != nil {
		return nil, err
	}
	if err := m.checkDestination(destination); err != nil {
		return nil, err
	}
	destination, err := filepath.Abs(destination)
	if err != nil {
		return nil, fmt.Errorf("unpack: %w", err)
	}
	s := &Staged{destination + ".partial-" + rand.Text(), destination}
	if err := os.Mkdir(s.stage, 0o777); err != nil {
		return nil, fmt.Errorf("unpack: %w", err)
	}
	if err := m.fill(ctx, s.stage, o); err != nil {
		return nil, errors.Join(m.unfilled(destination, err), s.Discard())
	}
	return s, nil
}

// unfilled says of a disk that is full what would be enough.
func (m *Model) unfilled(destination string, err error) error {
	if !slices.ContainsFunc([]error{syscall.ENOSPC, syscall.EDQUOT, syscall.EFBIG}, func(full error) bool { return errors.Is(err, full) }) {
		return err
	}
	return fmt.Errorf("%w: the files are %d bytes together, and nothing of them is left there: make room in %s, or name a directory on another disk", err, m.Declared.Bytes(), filepath.Dir(destination))
}

// Reveal gives the files their destination's name; on an error they are removed.
func (s *Staged) Reveal() error {
	if err := s.rename(); err != nil {
		return errors.Join(err, s.Discard())
	}
	return syncParent(s.destination)
}

// Discard removes the files, which nobody has seen under their destination's name.
// After Reveal there is nothing left to remove.
func (s *Staged) Discard() error { return os.RemoveAll(s.stage) }

func (s *Staged) rename() error {
	if info, err := os.Lstat(s.destination); err == nil && info.IsDir() {
		if err := os.Remove(s.destination); err != nil { // not if it has got an entry meanwhile
			return fmt.Errorf("unpack: destination is in the way: name a directory that does not exist: %w", err)
		}
	} else if err == nil {
		return fmt.Errorf("unpack: destination %q: %w", s.destination, fs.ErrExist)
	}
	if err := os.Rename(s.stage, s.destination); err != nil {
		return fmt.Errorf("unpack: %w", err)
	}
	return nil
}
