package weights

import (
	"os"

	"golang.org/x/sys/unix"
)

// localFileSystems are those that give every write a time of change, and keep
// inodes: statfs(2), f_type. On others, network file systems first, the times are
// those of another clock or of a cache; tmpfs gives a page that is mapped and
// written again no new time.
func localFileSystems() []int64 {
	return []int64{unix.EXT4_SUPER_MAGIC, unix.XFS_SUPER_MAGIC, unix.BTRFS_SUPER_MAGIC, unix.F2FS_SUPER_MAGIC, 0x2fc12fc1 /* ZFS */}
}

func keepsTimes(f *os.File) bool {
	var stat unix.Statfs_t
	if err := unix.Fstatfs(int(f.Fd()), &stat); err != nil {
		return false
	}
	for _, kind := range localFileSystems() {
		if int64(stat.Type) == kind {
			return true
		}
	}
	return false
}
