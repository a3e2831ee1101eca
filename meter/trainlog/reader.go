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
	// decides; "none": nothing is read, lines are only counted; or one of
	// [Formats]: nothing else is understood but the job's own reports.
	Format string

	// Name is the path of the file, as it was named; empty for a stream. Only
	// MLflow's metric files need it: their name is that of the metric.
	Name string
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
	long     bool   // the rest of this line goes to the object that it begins or continues
	returned bool   // the last byte was a carriage return

	head    []byte // the first bytes, until they tell text from an event file
	decided bool
	events  *eventReader // an event file; nil for text
}

// NewReader returns a reader, or an error that lists the formats.
func NewReader(o Options) (*Reader, error) {
	r := &Reader{}
	switch o.Format {
	case "", "auto":
		r.state.candidates = formats(o.Name)
	case "none":
		r.state.off = true
	default:
		for _, f := range formats(o.Name) {
			if f.name() == o.Format {
				r.state.forced, r.state.candidates = o.Format, []parser{f}
			}
		}
		if r.state.forced == "" {
			return nil, fmt.Errorf("log format %q is not known: expected auto, %s or none", clip([]byte(o.Format)), strings.Join(Formats(), ", "))
		}
	}
	r.decided = r.state.forced != "" && r.state.forced != eventFormat || r.state.off
	r.state.remark()
	return r, nil
}

// pieceSize bounds how far the reader looks ahead.
const pieceSize = 64 << 10

// Write reads p. It always returns len(p) and nil.
func (r *Reader) Write(p []byte) (int, error) {
	n := len(p)
	if !r.decided {
		p = r.decide(p)
	}
	for len(p) > 0 {
		piece := p[:min(len(p), pieceSize)]
		if r.events != nil {
			r.event(piece)
		} else {
			r.write(piece)
		}
		p = p[len(piece):]
	}
	return n, nil
}

// decide holds the first bytes back until they tell whether this is an event
// file. It returns what there is to read once that is decided, else nothing.
func (r *Reader) decide(p []byte) []byte {
	taken := min(len(p), eventHeader-len(r.head))
	r.head = append(r.head, p[:taken]...)
	is, known := isEvents(r.head)
	if !known {
		return nil
	}
	r.decided = true
	if is {
		r.events = &eventReader{}
	}
	return append(r.head, p[taken:]...)
}

// event reads a piece of an event file; its records are its lines.
func (r *Reader) event(p []byte) {
	r.offset += int64(len(p))
	r.events.feed(p, func(record []byte, at int64) {
		r.state.record(record, at)
	})
}

func (r *Reader) write(p []byte) {
	find := newFinder(r.state.marks)
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
		end := find.end(p, at)
		if end == len(p) {
			r.keep(p[at:])
			break
		}
		r.end(p[at:end], find.traits(p, at, end))
		r.returned = p[end] == '\r'
		at = end + 1
		if find.marks != r.state.marks {
			find.look(r.state.marks)
		}
	}
}

// quiet steps over the lines from at on that no format can understand, and
// counts them. Most of a log is such lines, so they cost little more than the
// search for their ends.
func (r *Reader) quiet(p []byte, at int, find *finder) int {
	if r.skipping || r.long || len(r.pending) > 0 || r.state.document.open {
		return at
	}
	begin, lines, blank := at, uint64(0), uint64(0)
	mark := find.meaning(p, at)
	for {
		end := find.end(p, at)
		if end == len(p) || end > mark || end-at > MaxLine {
			break
		}
		if end == at {
			blank++
		} else if p[at] <= ' ' || p[at] >= 0xef || find.marks.begins(p[at:end]) { // maybe blank, or behind a byte-order mark
			break
		}
		lines++
		at = end + 1
		if p[end] == '\r' && at < len(p) && p[at] == '\n' {
			at++
		} else if p[end] == '\r' && at == len(p) {
			r.returned = true
		}
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
	switch {
	case r.long:
		r.state.more(p)
	case !r.skipping && len(r.pending)+len(p) > MaxLine && r.state.opens(r.pending):
		r.long = true // a JSON file may be one line of any length
		r.state.more(r.pending)
		r.state.more(p)
		r.pending = r.pending[:0]
	case r.skipping || len(r.pending)+len(p) > MaxLine:
		r.skipping, r.pending = true, r.pending[:0]
	default:
		r.pending = append(r.pending, p...)
	}
}

// end reads the line that ends with p, whose traits are t.
func (r *Reader) end(p []byte, t traits) {
	switch {
	case r.long:
		r.state.more(p)
		r.state.longLine(r.start)
	case r.skipping || len(r.pending)+len(p) > MaxLine:
		r.state.dropped(r.start, r.torn)
	case len(r.pending) > 0:
		r.pending = append(r.pending, p...)
		r.state.line(r.pending, r.start, true, traitsOf(r.pending))
	default:
		r.state.line(p, r.start, true, t)
	}
	r.skipping, r.torn, r.long, r.pending = false, false, false, r.pending[:0]
	r.begin(r.offset + int64(len(p)) + 1)
}

// Lost tells the reader that n bytes of the log at this point never reached it.
// What is left of the line they stood in is not read; offsets count them.
func (r *Reader) Lost(n uint64) {
	if n == 0 {
		return
	}
	if !r.decided { // what begins with a gap is read as text
		r.decided = true
		r.write(r.head)
	}
	r.state.loss(n, r.offset)
	if r.events != nil {
		r.events.broken = true
	}
	r.offset = addOffset(r.offset, n)
	r.skipping, r.torn, r.long, r.pending, r.returned = true, true, false, r.pending[:0], false
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
	case r.events != nil:
		s.eventsEnd(*r.events, r.offset)
	case len(r.head) > 0 && !r.decided: // a text shorter than an event file can be
		c := Reader{state: s, decided: true}
		c.write(r.head)
		return c.finished()
	case r.long:
		s.longLine(r.start)
	case r.skipping:
		s.dropped(r.start, r.torn)
	case len(r.pending) > 0:
		s.line(r.pending, r.start, false, traitsOf(r.pending))
	}
	return s
}
