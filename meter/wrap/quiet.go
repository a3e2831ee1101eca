package wrap

import (
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// System calls for descriptors that are known not to block. An ordinary one
// tells the Go runtime that it may, and each time wakes the runtime's monitor,
// which costs a hundred times the call; that, at fifty calls a second, is the
// budget of the whole meter (DESIGN.md: 0.5 % of a core at 1 MB/s). These do
// not, and waiting is left to the runtime's poller.

// rawRead is read(2) on a descriptor that has something to read, or is
// non-blocking.
func rawRead(fd int, b []byte) (int, error) { return rawIO(unix.SYS_READ, fd, b) }

// rawWrite is write(2) on a non-blocking descriptor.
func rawWrite(fd int, b []byte) (int, error) { return rawIO(unix.SYS_WRITE, fd, b) }

func rawIO(call uintptr, fd int, b []byte) (int, error) {
	n, _, errno := unix.RawSyscall(call, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)))
	if errno != 0 {
		return -1, errno
	}
	return int(n), nil
}

// readQuietly reads from a non-blocking file, and waits for it in the poller.
func readQuietly(f *os.File, b []byte) (n int, err error) {
	raw, err := f.SyscallConn()
	if err != nil {
		return 0, err
	}
	var failed error
	err = raw.Read(func(fd uintptr) bool {
		n, failed = rawRead(int(fd), b)
		return failed != unix.EAGAIN && failed != unix.EINTR
	})
	if failed != nil {
		return 0, failed
	}
	return n, err
}

// pollNow is poll(2) that does not wait. It leaves what it found in events.
func pollNow(events []unix.PollFd) (int, error) {
	var now unix.Timespec
	n, _, errno := unix.RawSyscall6(unix.SYS_PPOLL, uintptr(unsafe.Pointer(unsafe.SliceData(events))), uintptr(len(events)), uintptr(unsafe.Pointer(&now)), 0, 0, 0)
	if errno != 0 {
		return -1, errno
	}
	return int(n), nil
}

// pollUntil is poll(2) that waits until one of events is the case.
func pollUntil(events []unix.PollFd) (int, error) { return unix.Poll(events, -1) }
