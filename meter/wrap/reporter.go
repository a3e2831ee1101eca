package wrap

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// SocketVariable is the environment variable that tells the child where to send
// its own reports (SPEC.md, The socket).
const SocketVariable = "WEIGHBRIDGE_SOCKET"

// reportMark is the word that the meter's reader knows a report by
// (../trainlog/SPEC.md, W1).
const reportMark = "weighbridge-report "

const (
	maxReporters  = 64                    // connections at a time; more wait in the socket's queue, and their reports are dropped
	reportPause   = 50 * time.Millisecond // rest after a look that found little: reports are cumulative, the last one matters
	reportBuffer  = 64 << 10
	lastReports   = 4 << 20 // bytes read of one connection after the child has ended: more than a socket's buffer holds
	maxSocketPath = 107     // unix(7): sun_path
)

// reporter takes reports from the socket and gives them to the meter, in whole
// lines. It is one thread that never waits for a client, whatever one sends.
type reporter struct {
	feed     *feed
	warn     func(string)
	dir      string
	path     string
	listener int
	wake     [2]int // a pipe; what is written to it ends the reporter
	clients  []*reportClient
	buf      []byte
	done     chan struct{}
}

// reportClient is one connection and the line that is coming in on it.
type reportClient struct {
	fd      int
	partial []byte
	long    bool // the rest of this line is dropped
}

// newReporter makes the socket in a directory of its own, mode 0700, in dir.
func newReporter(f *feed, dir string, warn func(string)) (*reporter, error) {
	fail := func(err error) (*reporter, error) {
		return nil, fmt.Errorf("the socket for the job's own reports: %w; name a writable directory with a short path in TMPDIR", err)
	}
	private, err := os.MkdirTemp(dir, "weighbridge-")
	if err != nil {
		return fail(err)
	}
	r := &reporter{feed: f, warn: warn, dir: private, path: filepath.Join(private, "report"), listener: -1, wake: [2]int{-1, -1}, done: make(chan struct{})}
	if err := r.open(); err != nil {
		r.release()
		return fail(err)
	}
	return r, nil
}

func (r *reporter) open() (err error) {
	if len(r.path) > maxSocketPath {
		return fmt.Errorf("path %q is %d bytes long, expected at most %d", r.path, len(r.path), maxSocketPath)
	}
	if r.listener, err = unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0); err != nil {
		return err
	}
	if err := unix.Bind(r.listener, &unix.SockaddrUnix{Name: r.path}); err != nil {
		return err
	}
	if err := unix.Listen(r.listener, maxReporters); err != nil {
		return err
	}
	return unix.Pipe2(r.wake[:], unix.O_CLOEXEC|unix.O_NONBLOCK)
}

// environment is env with the socket in it, in the place of an outer run's.
func (r *reporter) environment(env []string) []string {
	if r == nil {
		return env
	}
	own := slices.DeleteFunc(slices.Clone(env), func(s string) bool { return strings.HasPrefix(s, SocketVariable+"=") })
	return append(own, SocketVariable+"="+r.path)
}

// run looks at the socket until stop.
func (r *reporter) run() {
	// As in source.run: where the job takes every core, the job comes first.
	runtime.LockOSThread()
	unix.Setpriority(unix.PRIO_PROCESS, unix.Gettid(), yield)
	defer close(r.done)
	r.buf = make([]byte, reportBuffer)
	for {
		events := r.events()
		if _, err := pollUntil(events); err != nil && err != unix.EINTR {
			r.warn(fmt.Sprintf("the socket for the job's own reports: %v; reports from here are not read, the command runs on", err))
			return
		}
		if events[0].Revents != 0 {
			r.last()
			return
		}
		r.accept()
		most := 0
		r.clients = slices.DeleteFunc(r.clients, func(c *reportClient) bool {
			taken, ended := r.read(c, reportBuffer)
			most = max(most, taken)
			return ended
		})
		if most < reportBuffer {
			unix.Poll(events[:1], int(reportPause.Milliseconds()))
		}
	}
}

// events is what to wait for: the end, something on a connection, a new one.
func (r *reporter) events() []unix.PollFd {
	events := []unix.PollFd{{Fd: int32(r.wake[0]), Events: unix.POLLIN}}
	for _, c := range r.clients {
		events = append(events, unix.PollFd{Fd: int32(c.fd), Events: unix.POLLIN})
	}
	if len(r.clients) < maxReporters {
		events = append(events, unix.PollFd{Fd: int32(r.listener), Events: unix.POLLIN})
	}
	return events
}

// accept takes the connections that wait, as many as there is room for.
func (r *reporter) accept() {
	for len(r.clients) < maxReporters {
		fd, _, err := unix.Accept4(r.listener, unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK)
		if err != nil {
			return
		}
		r.clients = append(r.clients, &reportClient{fd: fd})
	}
}

// last reads what the child left: it may have connected, sent and ended within
// one pause. Who connects then, over and over, is not waited for.
func (r *reporter) last() {
	for range 16 {
		r.accept()
		for _, c := range r.clients {
			if _, ended := r.read(c, lastReports); !ended {
				unix.Close(c.fd) // a descendant of the child still holds it: a line half sent says nothing
			}
		}
		r.clients = nil
	}
}

// read takes about limit bytes at most of what is there, and reports whether the
// connection has ended.
func (r *reporter) read(c *reportClient, limit int) (taken int, ended bool) {
	for taken < limit {
		n, err := rawRead(c.fd, r.buf)
		switch {
		case err == unix.EINTR:
			continue
		case err == unix.EAGAIN:
			return taken, false
		case err != nil || n == 0:
			r.feed.write(c.end())
			unix.Close(c.fd)
			return taken, true
		}
		r.feed.write(c.take(r.buf[:n]))
		taken += n
	}
	return taken, false
}

// take returns the report lines that p completes.
func (c *reportClient) take(p []byte) (out []byte) {
	for len(p) > 0 {
		end := bytes.IndexByte(p, '\n')
		piece := p
		if end >= 0 {
			piece = p[:end]
		}
		if !c.long {
			c.partial = append(c.partial, piece...)
		}
		if len(c.partial) > maxPartial && !c.long {
			out = append(out, c.end()...) // too long for the reader too, which says so
			c.long = true
		}
		if end < 0 {
			return out
		}
		out, c.long, p = append(out, c.end()...), false, p[end+1:]
	}
	return out
}

// end returns the line that came in, as the meter reads it: with the word before
// it, and without carriage returns, which would end it there.
func (c *reportClient) end() []byte {
	line := bytes.TrimSpace(c.partial)
	c.partial = c.partial[:0]
	if len(line) == 0 {
		return nil
	}
	line = bytes.ReplaceAll(bytes.TrimPrefix(line, []byte(reportMark)), []byte{'\r'}, []byte{' '})
	return slices.Concat([]byte(reportMark), line, []byte{'\n'})
}

// stop reads what was sent before and takes the socket away. The reporter may be
// nil.
func (r *reporter) stop() {
	if r == nil {
		return
	}
	rawWrite(r.wake[1], []byte{0})
	<-r.done
	r.release()
}

func (r *reporter) release() {
	for _, fd := range append(r.wake[:], r.listener) {
		if fd >= 0 {
			unix.Close(fd)
		}
	}
	os.RemoveAll(r.dir)
}
