package trainlog

import "bytes"

// traits are bytes that a line has: with either of them it may mean something
// whatever else stands in it.
type traits struct{ brace, escape bool }

// next is where a text occurs next, looked for only when it has been passed: for
// a text that is rare, one search serves many lines.
type next struct {
	text []byte
	at   int
}

// from returns the index of the text in p at or after at, or len(p).
func (n *next) from(p []byte, at int) int {
	if n.at < at {
		n.look(p, at)
	}
	return n.at
}

func (n *next) look(p []byte, at int) {
	n.at = len(p)
	var i int
	if len(n.text) == 1 {
		i = bytes.IndexByte(p[at:], n.text[0])
	} else {
		i = bytes.Index(p[at:], n.text)
	}
	if i >= 0 {
		n.at = at + i
	}
}

// finder looks through one piece of a log.
type finder struct {
	newline, carriage, brace, escape next
	marks                            []next
	of                               []string // whose marks they are
}

func newFinder() finder {
	one := func(c byte) next { return next{[]byte{c}, -1} }
	return finder{newline: one('\n'), carriage: one('\r'), brace: one('{'), escape: one(escape)}
}

// mark makes the finder look for other marks, from where it is.
func (f *finder) mark(marks []string) {
	f.of, f.marks = marks, f.marks[:0]
	for _, m := range marks {
		f.marks = append(f.marks, next{[]byte(m), -1})
	}
}

// meaning returns where the next byte stands at or after at that says that its
// line may mean something.
func (f *finder) meaning(p []byte, at int) int {
	found := min(f.carriage.from(p, at), f.brace.from(p, at), f.escape.from(p, at))
	for i := range f.marks {
		found = min(found, f.marks[i].from(p, at))
	}
	return found
}

// traits returns those of the line from at up to end.
func (f *finder) traits(p []byte, at, end int) traits {
	return traits{f.brace.from(p, at) < end, f.escape.from(p, at) < end}
}

// traitsOf returns those of a line on its own.
func traitsOf(p []byte) traits {
	return traits{bytes.IndexByte(p, '{') >= 0, bytes.IndexByte(p, escape) >= 0}
}
