package ledger

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// lockPoll is how often a waiting process tries for the lock: an append holds it
// for some milliseconds.
const lockPoll = 5 * time.Millisecond

// lockFile takes the lock that bbolt takes: flock(2), exclusive for writing,
// shared for reading. It waits for at most timeout.
func lockFile(file *os.File, exclusive bool, timeout time.Duration) error {
	how := unix.LOCK_SH | unix.LOCK_NB
	if exclusive {
		how = unix.LOCK_EX | unix.LOCK_NB
	}
	for waited := time.Duration(0); ; waited += lockPoll {
		err := unix.Flock(int(file.Fd()), how)
		if !errors.Is(err, unix.EWOULDBLOCK) {
			return err
		}
		if waited >= timeout {
			return fmt.Errorf("locked by %s; wait for it to end and try again", lockHolder(file.Name()))
		}
		time.Sleep(lockPoll)
	}
}

// lockHolder names the process that holds a lock on the file, from /proc/locks
// (proc(5)); the inode decides.
func lockHolder(path string) string {
	var want unix.Stat_t
	locks, err := os.Open("/proc/locks")
	if err != nil || unix.Stat(path, &want) != nil {
		return "another process"
	}
	defer locks.Close()
	for lines := bufio.NewScanner(locks); lines.Scan(); {
		// "1: FLOCK  ADVISORY  WRITE 1234 08:01:5678 0 EOF"
		f := strings.Fields(lines.Text())
		if len(f) > 5 && strings.HasSuffix(f[5], fmt.Sprintf(":%d", want.Ino)) {
			name, _ := os.ReadFile("/proc/" + f[4] + "/comm")
			return fmt.Sprintf("process %s (%s)", f[4], strings.TrimSpace(string(name)))
		}
	}
	return "another process"
}
