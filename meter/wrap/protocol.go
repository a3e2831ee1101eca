package wrap

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// What passes between supervisor and relay, two processes of one binary: raw
// bytes of each stream in a pipe of its own, [loss] records in another, and
// [query] and [answer] over a socket pair that keeps messages apart. All
// numbers are little-endian.

// maxStreams is how many outputs a child has.
const maxStreams = 2

// loss says that Bytes bytes of a stream were not offered, after the Offered
// bytes before them were. It is written before any byte that follows it, so a
// reader that looks for losses after each read meets it in time. One of no bytes
// only says that much is coming.
type loss struct{ Stream, Offered, Bytes uint64 }

const lossSize = 24 // below PIPE_BUF: written whole or not at all (pipe(7))

// query is one question to the relay. Take also forgets the signals told.
type query struct {
	Number uint64
	Take   bool
}

// answer is the relay's reply. It also sends one unasked, number 0, when it is
// ready: it then passes output on and no signal ends it.
type answer struct {
	Number  uint64
	Signals uint64 // bit n: signal n has reached the relay lately
	Streams [maxStreams]streamState
}

// streamState is how far the relay is with one stream.
type streamState struct {
	Offered uint64 // bytes offered to the supervisor
	Idle    bool   // nothing waits in the child's pipe or in the relay
	Errno   uint64 // the last error in writing to our own output; 0: none
}

func encodeMessage(v any) []byte {
	b, err := binary.Append(nil, binary.LittleEndian, v)
	if err != nil {
		panic(err) // a type of fixed size, always
	}
	return b
}

func decodeMessage(b []byte, v any) error {
	if n, err := binary.Decode(b, binary.LittleEndian, v); err != nil || n != len(b) {
		return fmt.Errorf("message of %d bytes: %w", len(b), err)
	}
	return nil
}

// The relay's descriptors: standard input is /dev/null, 1 and 2 are our outputs.
const (
	controlFD = 3
	lossFD    = 4
	firstFD   = 5
)

// route is one stream as the relay sees it: it copies from in to out and offers
// to copy.
type route struct{ in, out, copy int }

// String is the command-line form "IN:OUT:COPY".
func (r route) String() string { return fmt.Sprintf("%d:%d:%d", r.in, r.out, r.copy) }

func parseRoute(s string) (route, error) {
	var fds []int
	for part := range strings.SplitSeq(s, ":") {
		fd, err := strconv.Atoi(part)
		if err != nil || fd < 1 || fd > 1000 {
			return route{}, fmt.Errorf("relay: route %q: expected IN:OUT:COPY descriptors; weighbridge run starts this command, a person does not", s)
		}
		fds = append(fds, fd)
	}
	if len(fds) != 3 {
		return route{}, fmt.Errorf("relay: route %q: expected IN:OUT:COPY descriptors; weighbridge run starts this command, a person does not", s)
	}
	return route{fds[0], fds[1], fds[2]}, nil
}

// forwarded are the signals that the supervisor passes to the child.
func forwarded() []syscall.Signal {
	return []syscall.Signal{
		unix.SIGINT, unix.SIGTERM, unix.SIGHUP, unix.SIGQUIT, unix.SIGUSR1, unix.SIGUSR2, unix.SIGWINCH, unix.SIGTSTP, unix.SIGCONT,
	}
}

// retry calls f again while a signal interrupts it.
func retry(f func() (int, error)) (int, error) {
	for {
		n, err := f()
		if !errors.Is(err, unix.EINTR) {
			return n, err
		}
	}
}
