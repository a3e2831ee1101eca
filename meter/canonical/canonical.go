// Package canonical is the one encoding of our formats in JSON: fields in their
// order, no white space, numbers and texts written in the only way there is.
// [Encode] writes it and [Compare] holds what was found to it.
//
// [Reader] reads it. It is a short cut, not a parser: what it reads is certainly in
// that encoding, and where it cannot say so (a text with an escape or beyond
// ASCII, a field it does not know) the caller takes the long way, decoding, encoding
// again and comparing. So it may give up and never errs.
package canonical

import (
	"math"
	"strings"
	"time"
)

// Reader goes once through a text. Its methods consume what they return; after
// the first thing that it cannot read, [Reader.Whole] is false.
type Reader struct {
	text  string
	at    int
	after bool // a field or element stands before this place in its object or list
	bad   bool
}

// New returns a reader of a text.
func New(text string) Reader { return Reader{text: text} }

// Whole reports whether everything was read and nothing stands behind it.
func (r *Reader) Whole() bool { return !r.bad && r.at == len(r.text) }

// Bad reports whether something could not be read.
func (r *Reader) Bad() bool { return r.bad }

// GiveUp leaves the text to the long way.
func (r *Reader) GiveUp() { r.bad = true }

// Key consumes the name of the next field of an object, if it is this one.
func (r *Reader) Key(name string) bool {
	at := r.at
	if r.after {
		if at >= len(r.text) || r.text[at] != ',' {
			return false
		}
		at++
	}
	end := at + len(name) + len(`"":`)
	if end > len(r.text) || r.text[at] != '"' || r.text[at+1:end-2] != name || r.text[end-2] != '"' || r.text[end-1] != ':' {
		return false
	}
	r.at, r.after = end, true
	return true
}

// Need consumes the name of a field that must come next.
func (r *Reader) Need(name string) {
	if !r.Key(name) {
		r.bad = true
	}
}

// Open and Close consume the braces of an object.
func (r *Reader) Open() { r.byte('{'); r.after = false }

// Close is the end of an object.
func (r *Reader) Close() { r.byte('}'); r.after = true }

// List calls element for each element of a list of at least one: an empty one is
// left out where we write.
func (r *Reader) List(element func()) {
	r.byte('[')
	for !r.bad {
		element()
		if r.at < len(r.text) && r.text[r.at] == ',' {
			r.at++
			continue
		}
		break
	}
	r.byte(']')
	r.after = true
}

func (r *Reader) byte(c byte) {
	if r.at >= len(r.text) || r.text[r.at] != c {
		r.bad = true
		return
	}
	r.at++
}

// Word consumes a word such as null or true, if it comes next.
func (r *Reader) Word(word string) bool {
	if strings.HasPrefix(r.text[r.at:], word) {
		r.at += len(word)
		return true
	}
	return false
}

// Text consumes a text of printable ASCII without quotes and backslashes: every
// one of its bytes stands for itself.
func (r *Reader) Text() string {
	r.byte('"')
	if r.bad {
		return ""
	}
	start := r.at
	for i := start; i < len(r.text); i++ {
		switch c := r.text[i]; {
		case c == '"':
			r.at = i + 1
			return r.text[start:i]
		case c < ' ' || c > '~' || c == '\\':
			r.bad = true
			return ""
		}
	}
	r.bad = true
	return ""
}

// Some is a text that is left out where it is empty.
func (r *Reader) Some() string {
	s := r.Text()
	if s == "" {
		r.bad = true
	}
	return s
}

// Uint consumes a number without sign, fraction or leading zero.
func (r *Reader) Uint() uint64 {
	start, n := r.at, uint64(0)
	for r.at < len(r.text) && r.text[r.at] >= '0' && r.text[r.at] <= '9' {
		d := uint64(r.text[r.at] - '0')
		if n > (math.MaxUint64-d)/10 {
			r.bad = true
			return 0
		}
		n = n*10 + d
		r.at++
	}
	if r.at == start || r.text[start] == '0' && r.at > start+1 {
		r.bad = true
	}
	return n
}

// Count is a number that is left out where it is zero.
func (r *Reader) Count() uint64 {
	n := r.Uint()
	if n == 0 {
		r.bad = true
	}
	return n
}

// Int consumes a number from 0 to 2^63-1; a negative one is left to the long way.
func (r *Reader) Int() int64 {
	n := r.Uint()
	if n > math.MaxInt64 {
		r.bad = true
	}
	return int64(n)
}

// Bool consumes true or false.
func (r *Reader) Bool() bool {
	switch {
	case r.Word("true"):
		return true
	case !r.Word("false"):
		r.bad = true
	}
	return false
}

// Time consumes a moment in UTC in RFC 3339, its fraction as short as it can be.
func (r *Reader) Time() time.Time {
	text := r.Text()
	if t, ok := wholeSecond(text); ok {
		return t
	}
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil || !strings.HasSuffix(text, "Z") || t.Format(time.RFC3339Nano) != text {
		r.bad = true
	}
	return t.UTC()
}

// wholeSecond reads "2006-01-02T15:04:05Z".
func wholeSecond(s string) (time.Time, bool) {
	if len(s) != 20 || s[4] != '-' || s[7] != '-' || s[10] != 'T' || s[13] != ':' || s[16] != ':' || s[19] != 'Z' {
		return time.Time{}, false
	}
	var parts [6]int
	for i, at := range [6][2]int{{0, 4}, {5, 7}, {8, 10}, {11, 13}, {14, 16}, {17, 19}} {
		for _, c := range []byte(s[at[0]:at[1]]) {
			if c < '0' || c > '9' {
				return time.Time{}, false
			}
			parts[i] = parts[i]*10 + int(c-'0')
		}
	}
	t := time.Date(parts[0], time.Month(parts[1]), parts[2], parts[3], parts[4], parts[5], 0, time.UTC)
	year, month, day := t.Date()
	hour, minute, second := t.Clock()
	same := parts == [6]int{year, int(month), day, hour, minute, second} // the 30th of February is no day
	return t, same
}
