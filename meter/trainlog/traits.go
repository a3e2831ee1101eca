package trainlog

import "bytes"

// traits are bytes that a line has. They are cheap to find and tell most lines
// that mean nothing to us from the others.
type traits struct{ brace, percent, escape bool }

// loud says of each byte whether a line may mean something because it begins or
// ends with it.
type loud [256]uint8

const loudFirst, loudLast uint8 = 1, 2

// loudness joins the edges of formats, and of our own reports.
func loudness(formats []parser) (l loud) {
	l[reportMark[0]] |= loudFirst
	for _, f := range formats {
		first, last := f.edges()
		for i := range len(first) {
			l[first[i]] |= loudFirst
		}
		for i := range len(last) {
			l[last[i]] |= loudLast
		}
	}
	return l
}

// next is where a byte occurs next, looked for only when it has been passed: for
// a byte that is rare, one search serves many lines.
type next struct {
	c  byte
	at int
}

// from returns the index of the byte in p at or after at, or len(p).
func (n *next) from(p []byte, at int) int {
	if n.at < at {
		n.look(p, at)
	}
	return n.at
}

func (n *next) look(p []byte, at int) {
	n.at = len(p)
	if i := bytes.IndexByte(p[at:], n.c); i >= 0 {
		n.at = at + i
	}
}

// finder looks through one piece of a log.
type finder struct{ newline, carriage, brace, percent, escape next }

func newFinder() finder {
	return finder{next{'\n', -1}, next{'\r', -1}, next{'{', -1}, next{'%', -1}, next{escape, -1}}
}

// traits returns those of the line from at up to end.
func (f *finder) traits(p []byte, at, end int) traits {
	return traits{f.brace.from(p, at) < end, f.percent.from(p, at) < end, f.escape.from(p, at) < end}
}

// traitsOf returns those of a line on its own.
func traitsOf(p []byte) traits {
	f := newFinder()
	return f.traits(p, 0, len(p))
}
