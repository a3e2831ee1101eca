package wrap

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"github.com/weighbridge/weighbridge/meter"
)

// feed gives the lines of all sources to the meter, one source at a time.
type feed struct {
	mutex sync.Mutex
	meter Meter // nil: there is none, or it was given up
	last  meter.Observation
	warn  func(string)
}

func (f *feed) write(p []byte) {
	if len(p) > 0 {
		f.guard(func() { f.meter.Write(p) })
	}
}

func (f *feed) lost(n uint64) {
	if n > 0 {
		f.guard(func() { f.meter.Lost(n) })
	}
}

// observation returns the meter's figures, the last known ones when it was
// given up.
func (f *feed) observation() meter.Observation {
	f.guard(func() { f.last = f.meter.Observation() })
	f.mutex.Lock()
	defer f.mutex.Unlock()
	return f.last
}

// guard keeps a defect of the meter from ending the supervisor.
func (f *feed) guard(call func()) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	defer func() {
		if p := recover(); p != nil {
			f.meter = nil
			f.warn(fmt.Sprintf("the meter failed: %v; the command runs on, what it logs from here is not counted", p))
		}
	}()
	if f.meter != nil {
		call()
	}
}

// lines passes the bytes of one source on in whole lines, so that two sources
// never mix within one. A carriage return ends a line too: progress bars live
// on it.
type lines struct {
	feed     *feed
	partial  []byte
	skipping bool // after a gap: until a line begins
}

// maxPartial bounds a line that is kept. A longer one passes in pieces.
const maxPartial = 64 << 10

func (l *lines) write(p []byte) {
	if l.skipping {
		end := bytes.IndexByte(p, '\n') + 1
		if end == 0 {
			l.feed.lost(uint64(len(p)))
			return
		}
		l.feed.lost(uint64(end))
		l.skipping, p = false, p[end:]
	}
	whole := bytes.LastIndexAny(p, "\r\n") + 1
	if whole > 0 {
		l.flush()
		l.feed.write(p[:whole])
	}
	l.partial = append(l.partial, p[whole:]...)
	if len(l.partial) > maxPartial {
		l.flush()
	}
}

func (l *lines) flush() {
	if len(l.partial) > 0 {
		l.feed.write(l.partial)
		l.partial = l.partial[:0]
	}
}

// gap notes n bytes that never came. The broken line on either side is lost too.
func (l *lines) gap(n uint64) {
	l.feed.lost(n + uint64(len(l.partial)))
	l.partial, l.skipping = l.partial[:0], true
}

// end completes a last line without a line feed.
func (l *lines) end() {
	if len(l.partial) > 0 {
		l.partial = append(l.partial, '\n')
		l.flush()
	}
}

// source reads what the relay offers of one stream.
type source struct {
	lines
	stream   uint64
	data     *os.File
	losses   *lossQueue
	received atomic.Uint64
	hurry    chan struct{} // much is coming, or the end
	done     chan struct{} // closed at the end of the stream
}

func newSource(f *feed, stream int, s *stream, losses *lossQueue) *source {
	data := os.NewFile(uintptr(s.copyOut), "pipe from the relay")
	s.copyOut = -1
	return &source{
		lines: lines{feed: f}, stream: uint64(stream), data: data, losses: losses,
		hurry: losses.hurry[stream], done: make(chan struct{}),
	}
}

const (
	// readPause is how long a source rests after it emptied its pipe: reading
	// many lines at once costs less than many times one. The relay wakes it
	// when much is coming, long before the pipe is full.
	readPause = 200 * time.Millisecond

	// yield is the nice value at which the meter works: where the job takes
	// every core, the job comes first, and the meter loses bytes rather than
	// time.
	yield = 10
)

// run reads to the end of the stream, or until data is closed.
func (s *source) run() {
	// For this thread alone (setpriority(2), "C library/kernel differences"),
	// which ends with the goroutine that is locked to it.
	runtime.LockOSThread()
	unix.Setpriority(unix.PRIO_PROCESS, unix.Gettid(), yield)
	defer close(s.done)
	buf := make([]byte, 128<<10)
	pause := time.NewTimer(readPause)
	defer pause.Stop()
	for {
		n, err := readQuietly(s.data, buf)
		s.take(buf[:n])
		if n == 0 || err != nil {
			s.end()
			return
		}
		if n < len(buf)/2 {
			pause.Reset(readPause)
			select {
			case <-pause.C:
			case <-s.hurry:
			}
		}
	}
}

// take passes p on, with the gaps where they were.
func (s *source) take(p []byte) {
	at := s.received.Load()
	for _, l := range s.losses.until(s.stream, at+uint64(len(p))) {
		before := l.Offered - at
		s.write(p[:before])
		s.gap(l.Bytes)
		p, at = p[before:], l.Offered
	}
	s.write(p)
	s.received.Store(at + uint64(len(p)))
}

func (s *source) ended() bool {
	select {
	case <-s.done:
		return true
	default:
		return false
	}
}

// lossQueue holds the loss records of all streams, in order.
type lossQueue struct {
	mutex   sync.Mutex
	fd      int
	file    *os.File // the same, for watch
	pending [maxStreams][]loss
	hurry   [maxStreams]chan struct{}
}

func newLossQueue(fd int) *lossQueue {
	q := &lossQueue{fd: fd, file: os.NewFile(uintptr(fd), "losses from the relay")}
	for i := range q.hurry {
		q.hurry[i] = make(chan struct{}, 1)
	}
	return q
}

// watch takes records as they come, until the relay ends or the file is closed.
func (q *lossQueue) watch() {
	raw, err := q.file.SyscallConn()
	for err == nil {
		open := true
		err = raw.Read(func(uintptr) bool {
			q.mutex.Lock()
			defer q.mutex.Unlock()
			var got bool
			got, open = q.read()
			return got || !open
		})
		if !open {
			return
		}
	}
}

// until returns the losses of a stream at or before a place in it, and forgets
// them.
func (q *lossQueue) until(stream, place uint64) []loss {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	q.read()
	all := q.pending[stream]
	n := 0
	for n < len(all) && all[n].Offered <= place {
		n++
	}
	q.pending[stream] = all[n:]
	return all[:n]
}

// read takes all records that are there. The caller holds the mutex.
func (q *lossQueue) read() (got, open bool) {
	var buf [64 * lossSize]byte
	for {
		n, err := rawRead(q.fd, buf[:])
		if err != nil || n == 0 {
			return got, err != nil && (errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EINTR))
		}
		got = true
		for record := range slices.Chunk(buf[:n], lossSize) {
			q.note(record)
		}
	}
}

func (q *lossQueue) note(record []byte) {
	var l loss
	if decodeMessage(record, &l) != nil || l.Stream >= maxStreams {
		return
	}
	if l.Bytes > 0 {
		q.pending[l.Stream] = append(q.pending[l.Stream], l)
	}
	select {
	case q.hurry[l.Stream] <- struct{}{}:
	default:
	}
}
