package trainlog

import (
	"bytes"
	"slices"
)

// object is what is kept of one JSON object: its members whose values are
// scalars, those of an object inside it under "outer/inner".
type object []member

type member struct {
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

// find returns the member with that key.
func (o object) find(key string) (member, bool) {
	for _, m := range o {
		if m.key == key {
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
	keys    []string
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
func (s *objectScanner) begin() { *s = objectScanner{open: true} }

func (s *objectScanner) clone() objectScanner {
	c := *s
	c.nest, c.keys, c.token, c.got = bytes.Clone(s.nest), slices.Clone(s.keys), bytes.Clone(s.token), slices.Clone(s.got)
	return c
}

// feed reads a piece. After the end of the object only white space may follow.
func (s *objectScanner) feed(p []byte) {
	for i := 0; i < len(p) && !s.failed; i++ {
		c := p[i]
		if s.state == inWord && bytes.IndexByte([]byte(" \t\r\n,]}"), c) >= 0 {
			s.scalar(false)
		}
		s.step(c)
	}
	if s.failed {
		s.open, s.done = false, false
	}
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
		s.keys, s.state = append(s.keys, ""), wantFirstKey
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
		s.keys[len(s.keys)-1] = string(s.token)
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
		s.keep(bytes.Clone(s.token), quoted)
	}
}

// keep notes a member of the outermost object or of one inside it.
func (s *objectScanner) keep(value []byte, quoted bool) {
	var key string
	switch {
	case string(s.nest) == "{":
		key = s.keys[0]
	case string(s.nest) == "{{" || string(s.nest) == "{[{":
		key = s.keys[0] + "/" + s.keys[1]
		if string(s.nest) == "{[{" {
			if i := slices.IndexFunc(s.got, func(m member) bool { return m.key == key }); i >= 0 {
				s.got[i] = member{key, value, quoted} // of an array's elements the last
				return
			}
		}
	default:
		return
	}
	if len(s.got) < maxMembers && len(key) <= maxKey {
		s.got = append(s.got, member{key, value, quoted})
	}
}
