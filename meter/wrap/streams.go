package wrap

import (
	"errors"
	"fmt"
	"os"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
	"golang.org/x/term"
)

// stream is one output of the child on its way through the relay.
type stream struct {
	child   int // the child's end; -1 when closed
	relay   int // the relay's end
	copyIn  int // the relay offers here
	copyOut int // and the supervisor reads here

	outer *os.File // our own output
	inner *os.File // the child's terminal, to pass the size on; nil: a pipe
	both  bool     // it is standard output and standard error in one
}

// copyCapacity is how far the meter may lag before bytes are lost: the most
// that an unprivileged process may ask for (pipe(7), pipe-max-size).
const copyCapacity = 1 << 20

// childCapacity is the size of the child's pipe: the relay rests up to 40 ms at
// a time, and the child must not wait for it. With both copies this stays below
// what one user may have in pipes for sixteen runs (pipe(7), 64 MiB).
const childCapacity = 256 << 10

// openStreams makes what the child gets for its standard output and error.
// Outputs that are one file stay one, which keeps their common order. A
// terminal that cannot be had is replaced by a pipe, with a warning.
func (o Options) openStreams(warn func(string)) ([]*stream, error) {
	if o.ReadNone {
		return nil, nil
	}
	outputs := []*os.File{o.Stdout, o.Stderr}
	if sameFile(o.Stdout, o.Stderr) {
		outputs = outputs[:1]
	}
	var streams []*stream
	for _, outer := range outputs {
		s := &stream{child: -1, relay: -1, copyIn: -1, copyOut: -1, outer: outer, both: len(outputs) == 1}
		streams = append(streams, s)
		if err := s.open(warn, o.Strict); err != nil {
			closeStreams(streams)
			return nil, err
		}
	}
	return streams, nil
}

func sameFile(a, b *os.File) bool {
	first, err := a.Stat()
	if err != nil {
		return false
	}
	second, err := b.Stat()
	return err == nil && os.SameFile(first, second)
}

func (s *stream) open(warn func(string), strict bool) error {
	var err error
	if s.copyOut, s.copyIn, err = pipe(unix.O_NONBLOCK); err != nil {
		return fmt.Errorf("pipe to the meter: %w", err)
	}
	// Less room only means that a burst loses more; what is lost is counted.
	unix.FcntlInt(uintptr(s.copyIn), unix.F_SETPIPE_SZ, copyCapacity)
	if term.IsTerminal(rawFD(s.outer)) {
		err = s.openTerminal()
		if err == nil || strict {
			return err
		}
		warn(fmt.Sprintf("%v; the command's output goes through a pipe instead", err))
	}
	if s.relay, s.child, err = pipe(0); err != nil {
		return fmt.Errorf("pipe for the command's output: %w", err)
	}
	unix.FcntlInt(uintptr(s.child), unix.F_SETPIPE_SZ, childCapacity)
	return nil
}

// openTerminal gives the child a terminal with the settings and the size of
// ours. Ours does the output processing and the echo, so this one must not: the
// bytes pass unchanged.
func (s *stream) openTerminal() error {
	inner, tty, err := pty.Open()
	if err != nil {
		return fmt.Errorf("terminal for the command: %w", err)
	}
	defer tty.Close()
	s.inner = inner
	settings, err := unix.IoctlGetTermios(rawFD(s.outer), unix.TCGETS)
	if err != nil {
		return fmt.Errorf("terminal settings: %w", err)
	}
	settings.Oflag &^= unix.OPOST
	settings.Lflag &^= unix.ECHO | unix.ECHONL
	if err := unix.IoctlSetTermios(rawFD(tty), unix.TCSETS, settings); err != nil {
		return fmt.Errorf("terminal settings: %w", err)
	}
	s.resize()
	if s.relay, err = duplicate(rawFD(inner)); err != nil {
		return fmt.Errorf("terminal for the command: %w", err)
	}
	if s.child, err = duplicate(rawFD(tty)); err != nil {
		return fmt.Errorf("terminal for the command: %w", err)
	}
	return unix.SetNonblock(s.child, false) // package os opens terminals non-blocking; a child does not expect that
}

// resize gives the child's terminal the size of ours. A terminal without a size
// has none to give.
func (s *stream) resize() {
	if s.inner != nil {
		_ = pty.InheritSize(s.outer, s.inner)
	}
}

// handOver closes everything that belongs to the child and the relay: what the
// supervisor held would outlive them.
func handOver(streams []*stream) {
	for _, s := range streams {
		closeFD(&s.child)
		closeFD(&s.relay)
		closeFD(&s.copyIn)
	}
}

// hangUp closes the supervisor's hold on the child's terminal, so that the
// relay's end is the last one.
func (s *stream) hangUp() {
	if s.inner != nil {
		s.inner.Close()
		s.inner = nil
	}
}

func closeStreams(streams []*stream) {
	handOver(streams)
	for _, s := range streams {
		s.hangUp()
		closeFD(&s.copyOut)
	}
}

func closeFD(fd *int) {
	if *fd >= 0 {
		unix.Close(*fd)
		*fd = -1
	}
}

func pipe(flags int) (read, write int, err error) {
	fds := [2]int{-1, -1}
	err = unix.Pipe2(fds[:], flags|unix.O_CLOEXEC)
	return fds[0], fds[1], err
}

func duplicate(fd int) (int, error) {
	return unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0)
}

// rawFD returns the descriptor of f without changing its mode, as Fd would: our
// standard streams are shared with other processes. It is -1 for a closed file.
func rawFD(f *os.File) int {
	fd := -1
	raw, err := f.SyscallConn()
	if err == nil {
		err = raw.Control(func(n uintptr) { fd = int(n) })
	}
	if err != nil && !errors.Is(err, os.ErrClosed) {
		return -1
	}
	return fd
}
