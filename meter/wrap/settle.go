package wrap

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// settle waits until no signal is on its way to us: on a crowded machine the
// thread that the kernel chose for it may not have run yet, while the one that
// read the supervisor's question has. The time is bounded, and shorter than the
// supervisor's patience.
func settle() {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	for range 2 { // the handler, and then the thread of the runtime that it woke
		handled()
	}
	time.Sleep(time.Millisecond) // the runtime passes the signal on
}

// handled returns when the kernel holds no signal for us, and every other thread
// has slept since: one that took a signal and did not come to its handler yet
// waits for a processor, and nothing but its state tells.
func handled() {
	var busy map[string]bool
	for range 40 {
		status, _ := os.ReadFile("/proc/self/status") // without it nothing is known to be pending
		if pendingSignals(string(status))&bitsOfForwarded() != 0 {
			busy = nil
		} else if busy = stillRunning(busy); len(busy) == 0 {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func bitsOfForwarded() (set uint64) {
	for _, sig := range forwarded() {
		set |= 1 << sig
	}
	return set
}

// pendingSignals are those that the kernel holds for a process, as in [bitsOf],
// by its status file: proc_pid_status(5), SigPnd and ShdPnd, whose bit 0 is
// signal 1.
func pendingSignals(status string) (set uint64) {
	for line := range strings.Lines(status) {
		name, mask, _ := strings.Cut(line, ":")
		if name != "SigPnd" && name != "ShdPnd" {
			continue
		}
		if bits, err := strconv.ParseUint(strings.TrimSpace(mask), 16, 64); err == nil {
			set |= bits << 1
		}
	}
	return set
}

// stillRunning returns those of the threads that run or wait for a processor; of
// all but the caller's own where none are given.
func stillRunning(threads map[string]bool) map[string]bool {
	running := map[string]bool{}
	entries, _ := os.ReadDir("/proc/self/task") // without it no thread is known to run
	for _, e := range entries {
		if threads != nil && !threads[e.Name()] || e.Name() == strconv.Itoa(unix.Gettid()) {
			continue
		}
		stat, _ := os.ReadFile(fmt.Sprintf("/proc/self/task/%s/stat", e.Name())) // a thread that has ended holds no signal
		if threadRuns(string(stat)) {
			running[e.Name()] = true
		}
	}
	return running
}

// threadRuns reports whether a thread runs or waits for a processor, by its stat
// file: proc_pid_stat(5), the state after the name in parentheses, which may hold
// any byte.
func threadRuns(stat string) bool {
	i := strings.LastIndex(stat, ") ")
	return i >= 0 && strings.HasPrefix(stat[i+2:], "R")
}
