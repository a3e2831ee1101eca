package trainlog

import (
	"bytes"
	"slices"
	"strings"
)

// object is what is kept of one JSON object: its members whose values are
// scalars, those of an object inside it under "outer/inner".
type object []member

type member struct {
	outer  string // the key of the member that it stands inside; "" for one of the outermost object
	key    string
	value  []byte // without quotes; nil for an object or array that stands there
	quoted bool
}

// Bounds of what is kept of an object; the rest is read and forgotten.
const (
	maxMembers = 4096
	maxKey     = 200
	maxScalar  = 200
	maxDepth   = 64
)

// find returns the member with that key, or "outer/inner"; a key with a slash of
// its own comes first.
func (o object) find(key string) (member, bool) {
	for _, m := range o {
		if m.outer == "" && m.key == key {
			return m, true
		}
	}
	outer, inner, _ := strings.Cut(key, "/")
	for _, m := range o {
		if m.outer != "" && m.outer == outer && m.key == inner {
			return m, true
		}
	}
	return member{}, false
}

func (o object) has(keys ...string) bool {
	for _, key := range keys {
		if _, found := o.find(key); !found {
			return false
		}
	}
	return true
}

// value returns the text of a scalar; nil when absent or null.
func (o object) value(key string) []byte {
	m, _ := o.find(key)
	if !m.quoted && string(m.value) == "null" {
		return nil
	}
	return bytes.TrimSpace(m.value)
}

// count returns a whole number that may be written as a float without a
// fraction, as "32768.0".
func (o object) count(key string, limit uint64) (uint64, bool) {
	return count(bytes.TrimSuffix(o.value(key), []byte(".0")), limit)
}

// objectScanner takes JSON objects out of text that comes in pieces, one byte
// after the other, in bounded memory.
type objectScanner struct {
	open    bool
	done    bool // the outermost object has ended
	failed  bool
	nest    []byte // '{' or '[' of each level
	keys    [][]byte
	state   scanState
	token   []byte
	escaped bool
	quoted  bool
	got     object
}

type scanState uint8

const (
	wantValue    scanState = iota
	wantFirstKey           // a key, or the end of the object
	wantKey
	wantColon
	wantComma // a comma, or the end of what is open
	inKey
	inString
	inWord // a number, true, false, null, NaN
)

// begin starts a new object; its brace is the first byte to feed.
func (s *objectScanner) begin() {
	s.reset()
	s.open, s.got = true, make(object, 0, 16)
}

// reset forgets everything but its buffers.
func (s *objectScanner) reset() {
	*s = objectScanner{nest: s.nest[:0], keys: s.keys[:0], token: s.token[:0]}
}

func (s *objectScanner) clone() objectScanner {
	c := *s
	c.nest, c.token, c.keys, c.got = bytes.Clone(s.nest), bytes.Clone(s.token), slices.Clone(s.keys), slices.Clone(s.got)
	for i := range c.keys {
		c.keys[i] = bytes.Clone(c.keys[i])
	}
	for i := range c.got {
		c.got[i].value = bytes.Clone(c.got[i].value)
	}
	return c
}

// feed reads a piece. After the end of the object only white space may follow.
func (s *objectScanner) feed(p []byte) {
	for i := 0; i < len(p) && !s.failed; i++ {
		c := p[i]
		switch s.state {
		case inKey, inString:
			if !s.escaped {
				i += s.plain(p[i:])
			}
			if i == len(p) {
				return
			}
			c = p[i]
		case inWord:
			switch c {
			case ' ', '\t', '\r', '\n', ',', ']', '}':
				s.scalar(false)
			}
		}
		s.step(c)
	}
	if s.failed {
		s.open, s.done = false, false
	}
}

// plain takes the part of a string up to its end or an escape, and returns its
// length.
func (s *objectScanner) plain(p []byte) int {
	n := 0
	for n < len(p) && p[n] != '"' && p[n] != '\\' {
		n++
	}
	if room := maxScalar + 1 - len(s.token); room > 0 {
		s.token = append(s.token, p[:min(n, room)]...)
	}
	return n
}

func (s *objectScanner) step(c byte) {
	switch {
	case s.state == inKey || s.state == inString:
		s.inQuotes(c)
	case s.state == inWord:
		s.token = kept(s.token, c, maxScalar)
	case c == ' ' || c == '\t' || c == '\n' || c == '\r':
	case s.done:
		s.failed = true
	default:
		s.structure(c)
	}
}

func (s *objectScanner) structure(c byte) {
	switch {
	case s.state == wantValue && (c == '{' || c == '['):
		s.push(c)
	case s.state == wantValue && c == '"':
		s.state, s.token = inString, s.token[:0]
	case s.state == wantValue && len(s.nest) > 0 && (c == '-' || c == '+' || c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'):
		s.state, s.token = inWord, append(s.token[:0], c)
	case s.state == wantValue && c == ']' && s.top() == '[': // an empty array
		s.pop()
	case (s.state == wantFirstKey || s.state == wantKey) && c == '"':
		s.state, s.token = inKey, s.token[:0]
	case s.state == wantFirstKey && c == '}':
		s.pop()
	case s.state == wantColon && c == ':':
		s.state = wantValue
	case s.state == wantComma && c == ',':
		s.state = wantValue
		if s.top() == '{' {
			s.state = wantKey
		}
	case s.state == wantComma && c == s.top()+2: // in ASCII each closing bracket stands two behind its opening one
		s.pop()
	default:
		s.failed = true
	}
}

func (s *objectScanner) top() byte {
	if len(s.nest) == 0 {
		return 0
	}
	return s.nest[len(s.nest)-1]
}

func (s *objectScanner) push(c byte) {
	if len(s.nest) == maxDepth || len(s.nest) == 0 && c != '{' {
		s.failed = true
		return
	}
	if len(s.nest) > 0 {
		s.keep(nil, false)
	}
	s.nest, s.state = append(s.nest, c), wantValue
	if c == '{' {
		if n := len(s.keys); n < cap(s.keys) {
			s.keys = s.keys[:n+1]
			s.keys[n] = s.keys[n][:0]
		} else {
			s.keys = append(s.keys, nil)
		}
		s.state = wantFirstKey
	}
}

func (s *objectScanner) pop() {
	if s.top() == '{' {
		s.keys = s.keys[:len(s.keys)-1]
	}
	s.nest, s.state = s.nest[:len(s.nest)-1], wantComma
	s.done = len(s.nest) == 0
}

// inQuotes reads on in a string. Escapes stay as they are written: no key or
// value that is looked for has one.
func (s *objectScanner) inQuotes(c byte) {
	switch {
	case s.escaped:
		s.escaped = false
		s.token = kept(s.token, c, maxScalar)
	case c == '\\':
		s.escaped = true
		s.token = kept(s.token, c, maxScalar)
	case c != '"':
		s.token = kept(s.token, c, maxScalar)
	case s.state == inKey:
		s.keys[len(s.keys)-1] = append(s.keys[len(s.keys)-1][:0], s.token...)
		s.state = wantColon
	default:
		s.scalar(true)
	}
}

func kept(token []byte, c byte, limit int) []byte {
	if len(token) <= limit {
		return append(token, c)
	}
	return token
}

func (s *objectScanner) scalar(quoted bool) {
	s.state = wantComma
	if len(s.token) <= maxScalar {
		s.keep(s.token, quoted)
	}
}

// keep notes a member of the outermost object or of one inside it; of the
// elements of an array the last. A value that is not a scalar is nil.
func (s *objectScanner) keep(value []byte, quoted bool) {
	var outer, key []byte
	switch {
	case len(s.nest) == 1:
		key = s.keys[0]
	case len(s.nest) == 2 && s.nest[1] == '{', len(s.nest) == 3 && s.nest[1] == '[' && s.nest[2] == '{':
		outer, key = s.keys[0], s.keys[1]
		if len(outer) == 0 {
			return // it would look like one of the outermost object
		}
	default:
		return
	}
	if len(s.nest) == 3 {
		for i := range s.got {
			if m := &s.got[i]; m.outer == string(outer) && m.key == string(key) {
				m.value, m.quoted = append(m.value[:0], value...), quoted
				return
			}
		}
	}
	if len(s.got) < maxMembers && len(key) <= maxKey && len(outer) <= maxKey {
		s.got = append(s.got, member{string(outer), string(key), bytes.Clone(value), quoted})
	}
}
