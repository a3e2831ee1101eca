//go:build linux || darwin || freebsd || netbsd || openbsd

package oci

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// lockDirectory waits until this process alone has the directory, and returns
// what gives it back; nil where the file system knows no such lock (NFS, some FUSE):
// there, two writers at once on one layout can lose an entry of index.json.
func lockDirectory(ctx context.Context, path string) (func(), error) {
	d, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	for {
		err := unix.Flock(int(d.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		switch {
		case err == nil:
			return func() { d.Close() }, nil
		case errors.Is(err, unix.EINTR):
		case !errors.Is(err, unix.EWOULDBLOCK):
			d.Close()
			return nil, nil
		default:
			if err := pause(ctx); err != nil {
				d.Close()
				return nil, fmt.Errorf("layout %q: another process is writing to it: %w", path, err)
			}
		}
	}
}

func pause(ctx context.Context) error {
	timer := time.NewTimer(20 * time.Millisecond)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

func syncDirectory(d *os.File) error { return d.Sync() }
