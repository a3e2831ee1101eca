package trainlog

import "bytes"

// traits are bytes that a line has: with either of them it may mean something
// whatever else stands in it.
type traits struct{ brace, escape bool }

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
type finder struct {
	newline, carriage, brace, escape next
	marks                            *matcher
	mark                             int // where one occurs next; before the place looked from: not looked for yet
}

func newFinder(marks *matcher) finder {
	return finder{next{'\n', -1}, next{'\r', -1}, next{'{', -1}, next{escape, -1}, marks, -1}
}

// look makes the finder look for other marks from now on.
func (f *finder) look(marks *matcher) { f.marks, f.mark = marks, -1 }

// marked returns where a mark stands next, at or after at.
func (f *finder) marked(p []byte, at int) int {
	if f.mark < at {
		f.mark = f.marks.find(p, at)
	}
	return f.mark
}

// meaning returns where the next byte stands at or after at that says that its
// line may mean something.
func (f *finder) meaning(p []byte, at int) int {
	return min(f.brace.from(p, at), f.escape.from(p, at), f.marked(p, at))
}

// end returns where the line that holds at ends.
func (f *finder) end(p []byte, at int) int { return min(f.newline.from(p, at), f.carriage.from(p, at)) }

// traits returns those of the line from at up to end.
func (f *finder) traits(p []byte, at, end int) traits {
	return traits{f.brace.from(p, at) < end, f.escape.from(p, at) < end}
}

// traitsOf returns those of a line on its own.
func traitsOf(p []byte) traits {
	return traits{bytes.IndexByte(p, '{') >= 0, bytes.IndexByte(p, escape) >= 0}
}
