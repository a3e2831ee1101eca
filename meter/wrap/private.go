package wrap

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// privateDir refuses a journal directory that somebody else could put journals
// into, or swap ours in: who writes there decides what was computed. On NFS the
// owner may be shown as another user (root squash), so there only the mode counts.
func privateDir(dir string) error {
	var s unix.Stat_t
	if err := unix.Lstat(dir, &s); err != nil {
		return fmt.Errorf("journal directory %s: %w", dir, err)
	}
	var fs unix.Statfs_t
	foreign := s.Uid != uint32(unix.Geteuid()) && s.Uid != 0
	if foreign && unix.Statfs(dir, &fs) == nil && fs.Type == unix.NFS_SUPER_MAGIC {
		foreign = false
	}
	switch {
	case s.Mode&unix.S_IFMT != unix.S_IFDIR:
		return fmt.Errorf("journal directory %s: found a link or a file, expected a directory; move it away, or name another ledger with --ledger", dir)
	case foreign:
		return fmt.Errorf("journal directory %s belongs to user %d: whoever can write there decides what a run is recorded as; name a ledger of your own with --ledger", dir, s.Uid)
	case s.Mode&0o022 != 0:
		return fmt.Errorf("journal directory %s can be written by others (mode %04o): whoever can write there decides what a run is recorded as; chmod 700 it", dir, s.Mode&0o7777)
	}
	return nil
}
