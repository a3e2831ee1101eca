package wrap

import (
	"errors"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

const (
	pumpBuffer = 128 << 10

	// A pump rests after it found the pipe empty, so that many small writes
	// become one: shortNap at first, longer while the flow goes on, up to
	// longNap, or terminalNap where a person may look on. This is what keeps
	// the relay cheap: each wake-up costs some 100 us.
	shortNap, terminalNap, longNap = 2 * time.Millisecond, 20 * time.Millisecond, 40 * time.Millisecond

	// sprint is for how many empty pipes a pump does not rest after the child
	// nearly filled one: a short rest in a thousand reads costs a fast child
	// little, and a thousand wake-ups cost little when it was only a burst.
	sprint = 1000
)

// pump copies one stream. Forwarding waits as long as our output's reader
// does; offering never waits.
type pump struct {
	route
	stream uint64

	bulk         int           // bytes that nearly fill the child's pipe
	lost         uint64        // bytes not offered since the last loss record
	moved        int           // bytes since the pipe was last empty
	fast         int           // rests to leave out
	deaf         bool          // the supervisor is gone
	nap, longest time.Duration // the next rest, and the longest

	blind bool // the output's state says nothing more

	offered atomic.Uint64
	busy    atomic.Bool
	errno   atomic.Uint64
}

// run copies until the child closes the stream or our output's reader goes
// away. Closing in is what tells the child, by SIGPIPE; closing out and copy
// what tells the others.
func (p *pump) run() {
	p.tune()
	buf := make([]byte, pumpBuffer)
	for p.wait() {
		p.busy.Store(true)
		n, err := retry(func() (int, error) { return rawRead(p.in, buf) })
		if errors.Is(err, unix.EAGAIN) {
			continue
		}
		if err != nil || n == 0 { // EIO is the end of a terminal (pty(7))
			break
		}
		gone := p.forward(buf[:n])
		p.offer(buf[:n])
		if p.moved += n; p.moved >= p.bulk && p.moved-n < p.bulk {
			p.tell(0) // much is coming
		}
		if gone {
			break
		}
	}
	unix.Close(p.in)
	unix.Close(p.out)
	p.tell(p.lost)
	p.busy.Store(false)
	unix.Close(p.copy)
}

// wait returns when there is something to read, or false when the reader of our
// output has gone.
func (p *pump) wait() bool {
	ready, gone := p.poll(pollNow)
	if !ready && !gone {
		p.busy.Store(false)
		if p.rests() {
			time.Sleep(p.nap)
			ready, gone = p.poll(pollNow)
		}
		p.nap = min(2*p.nap, p.longest)
	}
	for !ready && !gone {
		p.nap = shortNap // the flow has paused
		ready, gone = p.poll(pollUntil)
	}
	return !gone
}

// poll also watches the output: POLLERR on the write end of a pipe means that
// nobody reads it any more (poll(2)). The child is told at once, not at its
// next write but one. On other files an error says less, and does not go away.
func (p *pump) poll(poll func([]unix.PollFd) (int, error)) (ready, gone bool) {
	events := []unix.PollFd{{Fd: int32(p.in), Events: unix.POLLIN}, {Fd: int32(p.out)}}
	if p.blind {
		events = events[:1]
	}
	if _, err := retry(func() (int, error) { return poll(events) }); err != nil {
		return true, false // the read says what is wrong
	}
	if len(events) > 1 && events[1].Revents != 0 {
		gone, p.blind = isPipe(p.out), true
	}
	return events[0].Revents != 0, gone
}

func isPipe(fd int) bool {
	var s unix.Stat_t
	return unix.Fstat(fd, &s) == nil && s.Mode&unix.S_IFMT == unix.S_IFIFO
}

// rests decides whether to sleep after the pipe was found empty: not when the
// flow is so strong that the child would feel it.
func (p *pump) rests() bool {
	switch {
	case p.moved >= p.bulk:
		p.fast = sprint
	case p.fast > 0:
		p.fast--
	}
	rest := p.fast == 0 && p.moved > 0
	p.moved = 0
	return rest
}

// tune sets how long the pump may rest, by how much the child can write
// meanwhile. A terminal takes little (n_tty's buffer of 4 KiB, at the least).
func (p *pump) tune() {
	capacity, err := unix.FcntlInt(uintptr(p.in), unix.F_GETPIPE_SZ, 0)
	p.nap, p.longest = shortNap, longNap
	if err != nil {
		capacity, p.longest = 4<<10, terminalNap
	}
	p.bulk = capacity / 4 * 3
}

// forward writes b to our output, and reports whether its reader has gone. What
// a full disk or a hung-up terminal refuses is dropped: killing the job by
// SIGPIPE would be worse.
func (p *pump) forward(b []byte) (gone bool) {
	for len(b) > 0 {
		n, err := retry(func() (int, error) { return unix.Write(p.out, b) })
		if n > 0 {
			b = b[n:]
			continue
		}
		switch {
		case errors.Is(err, unix.EAGAIN): // somebody made our output non-blocking
			unix.Poll([]unix.PollFd{{Fd: int32(p.out), Events: unix.POLLOUT}}, -1)
		case errors.Is(err, unix.EPIPE) || errors.Is(err, unix.ECONNRESET):
			return true
		default:
			var errno unix.Errno
			errors.As(err, &errno)
			p.errno.Store(uint64(errno))
			return false
		}
	}
	return false
}

// offer gives b to the supervisor as far as the pipe takes it.
func (p *pump) offer(b []byte) {
	if p.deaf {
		return
	}
	if p.lost > 0 && !p.resume() {
		p.lost += uint64(len(b))
		return
	}
	n, err := retry(func() (int, error) { return rawWrite(p.copy, b) })
	p.deaf = errors.Is(err, unix.EPIPE)
	n = max(n, 0)
	p.offered.Add(uint64(n))
	p.lost += uint64(len(b) - n)
}

// resume reports whether the supervisor takes bytes again; it has then been
// told of the gap.
func (p *pump) resume() bool {
	room := []unix.PollFd{{Fd: int32(p.copy), Events: unix.POLLOUT}}
	if n, err := pollNow(room); err != nil || n != 1 || room[0].Revents&unix.POLLOUT == 0 || !p.tell(p.lost) {
		return false
	}
	p.lost = 0
	return true
}

// tell writes a loss record, and reports whether it could: that pipe may be
// full too.
func (p *pump) tell(lost uint64) bool {
	record := encodeMessage(loss{p.stream, p.offered.Load(), lost})
	n, err := retry(func() (int, error) { return rawWrite(lossFD, record) })
	return err == nil && n == len(record)
}

func (p *pump) state() streamState {
	waiting, err := unix.IoctlGetInt(p.in, unix.TIOCINQ) // FIONREAD
	idle := !p.busy.Load() && err == nil && waiting == 0
	return streamState{p.offered.Load(), idle, p.errno.Load()}
}
