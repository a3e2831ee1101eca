package ledger

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// refuseNetwork refuses a directory on a network file system. The magic numbers
// are those of statfs(2) and the kernel's linux/magic.h.
func refuseNetwork(dir string) error {
	for {
		var s unix.Statfs_t
		err := unix.Statfs(dir, &s)
		if err == nil {
			return networkError(dir, uint32(s.Type), fuseType(dir, uint32(s.Type)))
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return nil // the open that follows says what is wrong
		}
		dir = parent
	}
}

// networkError judges a file system by its magic number and, where that is
// FUSE's, by the type that mounted it. FUSE serves local file systems too.
func networkError(dir string, magic uint32, fuse string) error {
	names := map[uint32]string{
		unix.NFS_SUPER_MAGIC: "NFS", unix.SMB_SUPER_MAGIC: "SMB", unix.CIFS_SUPER_MAGIC: "CIFS", unix.SMB2_SUPER_MAGIC: "SMB",
		unix.CEPH_SUPER_MAGIC: "Ceph", unix.AFS_SUPER_MAGIC: "AFS", unix.V9FS_MAGIC: "9P",
		0x0BD00BD0: "Lustre", 0x47504653: "GPFS", 0x19830326: "BeeGFS",
	}
	name, found := names[magic]
	if !found && slices.Contains(remoteFuse(), strings.TrimPrefix(fuse, "fuse.")) {
		name, found = fuse, true
	}
	if found {
		return fmt.Errorf("ledger directory %s is on a network file system (%s), where locks and fsync cannot be relied on; name a local place with --ledger or $WEIGHBRIDGE_LEDGER", dir, name)
	}
	return nil
}

// remoteFuse are the FUSE types that keep their files on other machines.
func remoteFuse() []string {
	return []string{
		"sshfs", "s3fs", "goofys", "mountpoint-s3", "gcsfuse", "blobfuse", "blobfuse2", "rclone", "juicefs", "JuiceFS", "glusterfs",
		"ceph-fuse", "cephfs", "moosefs", "lizardfs", "seaweedfs", "alluxio", "curlftpfs", "davfs", "davfs2", "gvfsd-fuse", "cvmfs", "oss", "ossfs", "hdfs", "fuse_dfs",
	}
}

// fuseType is the type of the mount that holds dir, as proc(5) mountinfo has it,
// when its magic number is FUSE's; else "".
func fuseType(dir string, magic uint32) string {
	const fuseMagic = 0x65735546 // FUSE_SUPER_MAGIC, linux/magic.h
	real, err := filepath.EvalSymlinks(dir)
	if magic != fuseMagic || err != nil {
		return ""
	}
	mounts, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		return ""
	}
	defer mounts.Close()
	return mountType(mounts, real)
}

// mountType reads mountinfo: the longest mount point that holds dir decides, and
// of equal ones the last, which covers the others.
func mountType(mountinfo io.Reader, dir string) string {
	var best, found string
	for lines := bufio.NewScanner(mountinfo); lines.Scan(); {
		// "36 35 98:0 /root /mount/point rw,noatime shared:1 - fuse.sshfs host:/ rw"
		left, right, ok := strings.Cut(lines.Text(), " - ")
		mount, kind := strings.Fields(left), strings.Fields(right)
		if !ok || len(mount) < 5 || len(kind) == 0 {
			continue
		}
		point := strings.NewReplacer(`\040`, " ", `\011`, "\t", `\134`, `\`).Replace(mount[4])
		rel, err := filepath.Rel(point, dir)
		if err == nil && filepath.IsLocal(rel) && len(point) >= len(best) {
			best, found = point, kind[0]
		}
	}
	return found
}
