package attest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"unicode/utf8"
)

// Limits on what is read before anything is believed. A statement needs a few
// kilobytes; whoever sends more is not saying more.
const (
	MaxStatementBytes = 8 << 20 // one statement, and one bundle around it
	MaxDepth          = 32      // nested objects and arrays, but in the facts of a determination
	MaxNumber         = 40      // characters of one JSON number: 2^128 has 39 digits

	// MaxFactsDepth is for a statement of ours. In the facts of a determination
	// every generation of parents stands inside the one that came from it, two
	// levels each: a chain of 1000 models, as deep as fdp reads.
	MaxFactsDepth = 2*1000 + MaxDepth
)

// ScanJSON reads data as one JSON document and returns the first thing in it that
// two readers could take in two ways, or that only serves to exhaust one: more
// than [MaxStatementBytes], invalid UTF-8, nesting beyond [MaxDepth], a key
// written twice in one object, a number of more than [MaxNumber] characters,
// anything after the document.
func ScanJSON(data []byte) error { return scanJSON(data, MaxDepth) }

func scanJSON(data []byte, depth int) error {
	if len(data) > MaxStatementBytes {
		return fmt.Errorf("%d bytes: expected at most %d", len(data), MaxStatementBytes)
	}
	if !utf8.Valid(data) {
		return fmt.Errorf("not valid UTF-8")
	}
	s := scanner{dec: json.NewDecoder(bytes.NewReader(data)), depth: depth}
	s.dec.UseNumber()
	for first := true; first || len(s.open) > 0; first = false {
		if err := s.step(); err != nil {
			return fmt.Errorf("at byte %d: %w", s.dec.InputOffset(), err)
		}
	}
	if _, err := s.dec.Token(); err != io.EOF {
		return fmt.Errorf("at byte %d: trailing bytes after the document", s.dec.InputOffset())
	}
	return nil
}

// container is one open object or array; keys is nil for an array.
type container struct {
	keys  map[string]bool
	value bool // in an object: a key was read, its value comes next
}

type scanner struct {
	dec   *json.Decoder
	depth int
	open  []container
}

// step reads one token.
func (s *scanner) step() error {
	token, err := s.dec.Token()
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	if err != nil {
		return err
	}
	switch t := token.(type) {
	case json.Delim:
		return s.delimiter(t)
	case string:
		if isKey, err := s.key(t); isKey || err != nil {
			return err
		}
	case json.Number:
		if len(t) > MaxNumber {
			return fmt.Errorf("a number of %d characters: expected at most %d", len(t), MaxNumber)
		}
	}
	s.valueDone()
	return nil
}

func (s *scanner) delimiter(d json.Delim) error {
	switch d {
	case '{', '[':
		if len(s.open) == s.depth {
			return fmt.Errorf("nested deeper than %d levels", s.depth)
		}
		c := container{}
		if d == '{' {
			c.keys = map[string]bool{}
		}
		s.open = append(s.open, c)
		return nil
	}
	s.open = s.open[:len(s.open)-1]
	s.valueDone()
	return nil
}

// key notes t when it is a key of the innermost object.
func (s *scanner) key(t string) (isKey bool, err error) {
	if len(s.open) == 0 {
		return false, nil
	}
	top := &s.open[len(s.open)-1]
	if top.keys == nil || top.value {
		return false, nil
	}
	if top.keys[t] {
		return true, fmt.Errorf("the key %q is written twice in one object", clip(t))
	}
	top.keys[t], top.value = true, true
	return true, nil
}

func (s *scanner) valueDone() {
	if len(s.open) > 0 {
		s.open[len(s.open)-1].value = false
	}
}
