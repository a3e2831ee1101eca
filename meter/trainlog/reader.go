package trainlog

import (
	"fmt"
	"strings"

	"github.com/weighbridge/weighbridge/meter"
)

// MaxLine is the longest line that is read, in bytes. Longer ones are dropped,
// so that a log without newlines cannot fill memory.
const MaxLine = 64 << 10

// Options say how a log is to be read. The zero value finds the format out.
type Options struct {
	// Format is "auto" or empty: the first line that bears a format's signature
	// decides; "none": no format is read; or one of [Formats]: no other is read.
	// The job's own reports are understood in each case.
	Format string
}

// Reader reads one log. It is not safe for use by several goroutines at once,
// and one stream needs one Reader: two streams mixed into one would break each
// other's lines.
type Reader struct {
	state    state
	pending  []byte // the line so far, when a piece ended inside it
	start    int64  // offset of the line's first byte
	offset   int64  // bytes seen or lost so far
	skipping bool   // the rest of this line is dropped: too long, or torn by a loss
	torn     bool   // by a loss
	returned bool   // the last byte was a carriage return
}

// NewReader returns a reader, or an error that lists the formats.
func NewReader(o Options) (*Reader, error) {
	r := &Reader{}
	switch o.Format {
	case "", "auto":
		r.state.candidates = formats()
	case "none":
	default:
		for _, f := range formats() {
			if f.name() == o.Format {
				r.state.forced, r.state.candidates = o.Format, []parser{f}
			}
		}
		if r.state.forced == "" {
			return nil, fmt.Errorf("log format %q is not known: expected auto, %s or none", clip([]byte(o.Format)), strings.Join(Formats(), ", "))
		}
	}
	r.state.loud = loudness(r.state.candidates)
	return r, nil
}

// Write reads p. It always returns len(p) and nil.
func (r *Reader) Write(p []byte) (int, error) {
	find := newFinder()
	for at := 0; at < len(p); {
		if r.returned && p[at] == '\n' { // completes a carriage return
			r.returned = false
			at++
			r.begin(r.offset + 1)
			continue
		}
		r.returned = false
		if at = r.quiet(p, at, &find); at == len(p) {
			break
		}
		end := min(find.newline.from(p, at), find.carriage.from(p, at))
		if end == len(p) {
			r.keep(p[at:])
			break
		}
		r.end(p[at:end], find.traits(p, at, end))
		r.returned = p[end] == '\r'
		at = end + 1
	}
	return len(p), nil
}

// quiet steps over the lines from at on that no format can understand, and
// counts them. Most of a log is such lines, so they cost little more than the
// search for their ends.
func (r *Reader) quiet(p []byte, at int, find *finder) int {
	if r.skipping || len(r.pending) > 0 {
		return at
	}
	begin, lines, blank := at, uint64(0), uint64(0)
	mark := min(find.carriage.from(p, at), find.brace.from(p, at), find.percent.from(p, at), find.escape.from(p, at))
	for {
		end := find.newline.from(p, at)
		if end == len(p) || end > mark || end-at > MaxLine {
			break
		}
		if end == at {
			blank++
		} else if p[at] <= ' ' || r.state.mayMean(p[at:end], traits{}) {
			break
		}
		lines++
		at = end + 1
	}
	r.state.lines += lines
	r.state.unread += lines - blank
	r.begin(r.offset + int64(at-begin))
	return at
}

// begin sets where the next line begins.
func (r *Reader) begin(offset int64) {
	r.offset, r.start = offset, offset
}

// keep holds the beginning of a line back until its end comes.
func (r *Reader) keep(p []byte) {
	r.offset += int64(len(p))
	if r.skipping || len(r.pending)+len(p) > MaxLine {
		r.skipping, r.pending = true, r.pending[:0]
		return
	}
	r.pending = append(r.pending, p...)
}

// end reads the line that ends with p, whose traits are t.
func (r *Reader) end(p []byte, t traits) {
	switch {
	case r.skipping || len(r.pending)+len(p) > MaxLine:
		r.state.dropped(r.start, r.torn)
	case len(r.pending) > 0:
		r.pending = append(r.pending, p...)
		r.state.line(r.pending, r.start, true, traitsOf(r.pending))
	default:
		r.state.line(p, r.start, true, t)
	}
	r.skipping, r.torn, r.pending = false, false, r.pending[:0]
	r.begin(r.offset + int64(len(p)) + 1)
}

// Lost tells the reader that n bytes of the log at this point never reached it.
// What is left of the line they stood in is not read; offsets count them.
func (r *Reader) Lost(n uint64) {
	if n == 0 {
		return
	}
	r.state.loss(n, r.offset)
	r.offset = addOffset(r.offset, n)
	r.skipping, r.torn, r.pending, r.returned = true, true, r.pending[:0], false
}

// Observation returns what the log has shown so far, its last line included
// where that is whole without a newline. It is a copy: later writes do not
// change it.
func (r *Reader) Observation() meter.Observation {
	s := r.finished()
	return s.observation()
}

// Figures returns what the log states, under the names that a report of a
// file's figures uses, sorted by name.
func (r *Reader) Figures() []Figure {
	s := r.finished()
	return s.figures()
}

// finished returns the state as it would be if the log ended here.
func (r *Reader) finished() state {
	s := r.state.clone()
	switch {
	case r.skipping:
		s.dropped(r.start, r.torn)
	case len(r.pending) > 0:
		s.line(r.pending, r.start, false, traitsOf(r.pending))
	}
	return s
}
