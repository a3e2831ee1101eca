package wrap

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// tailPause is how often a log file is looked at.
const tailPause = 250 * time.Millisecond

// memory is how many bytes before its place a tail remembers: when they have
// changed, the file was written anew.
const memory = 64

// tail follows a log file that the job writes. The file may appear later, be
// truncated or be replaced. What it held before the run is not read.
type tail struct {
	lines
	path   string
	warn   func(string)
	file   *os.File // nil: not there yet
	offset int64
	before []byte // the bytes before offset, at most memory
	stop   chan struct{}
	done   chan struct{}
}

func newTail(f *feed, path string, warn func(string)) *tail {
	t := &tail{lines: lines{feed: f}, path: path, warn: warn, stop: make(chan struct{}), done: make(chan struct{})}
	if t.open(); t.file != nil {
		if info, err := t.file.Stat(); err == nil {
			t.seek(info.Size())
		}
	}
	return t
}

// run follows the file until stop is closed, and then once more to its end.
func (t *tail) run() {
	defer close(t.done)
	ticker := time.NewTicker(tailPause)
	defer ticker.Stop()
	for stopping := false; !stopping; {
		select {
		case <-ticker.C:
		case <-t.stop:
			stopping = true
		}
		if err := t.look(); err != nil {
			t.warn(fmt.Sprintf("log file %s: %v; what it holds from here is not counted, the command runs on", t.path, err))
			return
		}
	}
	t.end()
	if t.file != nil {
		t.file.Close()
	} else {
		t.warn(fmt.Sprintf("log file %s: the command did not write it; nothing was counted from it", t.path))
	}
}

// look reads what is new, first of the file that is open, then of the one that
// took its place.
func (t *tail) look() error {
	if err := t.drain(); err != nil {
		return err
	}
	now, err := os.Stat(t.path)
	if err != nil {
		return nil // away for a moment, as in a rotation
	}
	if t.file != nil {
		if open, err := t.file.Stat(); err != nil || os.SameFile(open, now) {
			return err
		}
		t.file.Close()
		t.end()
	}
	if err := t.open(); err != nil {
		return err
	}
	return t.drain()
}

func (t *tail) open() error {
	t.file, t.offset, t.before = nil, 0, nil
	// Without O_NONBLOCK a FIFO would hold us until it has a writer.
	file, err := os.OpenFile(t.path, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if info, err := file.Stat(); err != nil || !info.Mode().IsRegular() {
		file.Close()
		return errors.Join(err, errors.New("expected a regular file"))
	}
	t.file = file
	return nil
}

// drain reads to the end of the open file.
func (t *tail) drain() error {
	if t.file == nil {
		return nil
	}
	if !t.unchanged() {
		t.end()
		t.offset, t.before = 0, nil
	}
	buf := make([]byte, 64<<10)
	for {
		n, err := t.file.ReadAt(buf, t.offset)
		if n > 0 {
			t.write(buf[:n])
			t.seek(t.offset + int64(n))
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// seek moves the place and remembers what stands before it.
func (t *tail) seek(offset int64) {
	t.offset = offset
	t.before = make([]byte, min(memory, offset))
	n, _ := t.file.ReadAt(t.before, offset-int64(len(t.before)))
	t.before = t.before[:n]
}

// unchanged reports whether the file still holds what was read last: a job that
// starts its log anew truncates it, and may have passed our place since.
func (t *tail) unchanged() bool {
	found := make([]byte, len(t.before))
	n, _ := t.file.ReadAt(found, t.offset-int64(len(found)))
	return bytes.Equal(found[:n], t.before)
}
