package trainlog

import "bytes"

// opens reports whether a line begins a JSON object, or an object is open that
// it continues. Only what begins a line is looked at.
func (s *state) opens(raw []byte) bool {
	if s.off {
		return false
	}
	if s.document.open {
		return true
	}
	text := bytes.TrimPrefix(bytes.TrimLeft(raw, " \t"), []byte("\ufeff"))
	if len(text) == 0 || text[0] != '{' {
		return false
	}
	// A brace and a quotation mark or nothing: an object of JSON, not a Python dict.
	inner := bytes.TrimLeft(text[1:], " \t")
	return len(inner) == 0 || inner[0] == '"' || inner[0] == '}'
}

// inDocument gives a line to the object that it begins or continues. It reports
// true for a line that is not to be read as one of a log: one inside the object.
// Where the line ends an object that stands in l.
func (s *state) inDocument(raw []byte, l *line) bool {
	was := s.document.open
	if !s.opens(raw) {
		return false
	}
	s.more(raw)
	s.more([]byte("\n"))
	switch {
	case s.document.failed:
		s.document.reset()
		return false
	case s.document.done && !was:
		l.object = s.document.got
		s.document.reset()
		return false // a line of its own, which its text tells too
	case s.document.done:
		s.whole(*l)
		return true
	}
	if len(bytes.TrimSpace(raw)) > 0 {
		s.documentLines++
		s.unread++ // until it ends
	}
	return true
}

// more feeds a piece of the open object, or begins one.
func (s *state) more(p []byte) {
	if !s.document.open && !s.document.failed && !s.document.done {
		at := bytes.IndexByte(p, '{')
		if at < 0 {
			return
		}
		s.document.begin()
		s.documentLines = 0
		p = p[at:]
	}
	s.document.feed(p)
}

// whole reads an object whose lines have all been seen, the last of them l.
func (s *state) whole(l line) {
	l.object, l.text = s.document.got, nil
	lines := s.documentLines
	s.document.reset()
	switch s.judge(l) {
	case foreign:
		s.unread++
	case signature:
		s.gap = false
		s.unread -= min(s.unread, lines)
	default:
		s.unread -= min(s.unread, lines)
	}
}

// longLine ends a line that was too long to keep and went to the open object.
func (s *state) longLine(at int64) {
	s.lines++
	s.more([]byte("\n"))
	switch {
	case s.document.done:
		s.whole(line{at: at, whole: true})
	case s.document.failed:
		s.document.reset()
		s.unread++
		s.notes.add(LongLine, at, 0, 0)
	default:
		s.documentLines++
		s.unread++
	}
}
