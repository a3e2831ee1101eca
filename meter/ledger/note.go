package ledger

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/canonical"
	"github.com/weighbridge/weighbridge/meter/entry"
)

// NoteSchema names the encoding of a [Note].
const NoteSchema = "weighbridge.dev/note/v1"

// Limits of a note: it says what was done and by whom; documents are evidence.
const (
	MaxNoteBytes    = 1 << 20 // of one encoded note
	maxNoteDepth    = 64      // nested objects and lists in its content
	maxNoteEvidence = 1000
)

// Note is an entry that is no record of operations: a step of a piece of work
// that must not be changed afterwards, such as one of a delivery. It stands in a
// log of notes and enters no total.
type Note struct {
	Schema   string           `json:"schema"`             // NoteSchema
	Kind     string           `json:"kind"`               // what it is, 1 to 60 lower-case letters, digits and hyphens
	Author   string           `json:"author"`             // who did it, one line of 1 to 200 bytes
	Time     time.Time        `json:"time"`               // when, in UTC
	Evidence []meter.Evidence `json:"evidence,omitempty"` // files in the evidence store, each once
	Content  json.RawMessage  `json:"content"`            // one JSON object; what it means is the business of the kind
}

// NoteEntry is one entry of a log of notes.
type NoteEntry struct {
	Origin string // of its log
	Index  uint64
	Note   Note
}

// ValidNoteLog reports an error unless name can name a log of notes: two to four
// parts divided by '/', each 1 to 100 letters, digits, points, hyphens and
// underscores, not beginning with a point or a hyphen. There is no '@' in it, so it is
// never the name of a model.
func ValidNoteLog(name string) error {
	parts := strings.Split(name, "/")
	if len(parts) < 2 || len(parts) > 4 {
		return fmt.Errorf("log of notes %.100q: expected two to four parts divided by /, as in delivery/2026-7", name)
	}
	for _, part := range parts {
		if _, err := meter.ParseModel("a/" + part + "@1"); err != nil {
			return fmt.Errorf("log of notes %.100q: part %.100q: expected 1 to 100 letters, digits, points, hyphens and underscores, not beginning with a point or a hyphen", name, part)
		}
	}
	return nil
}

// validate checks everything but the content.
func (n Note) validate() error {
	switch {
	case n.Schema != NoteSchema:
		return fmt.Errorf("schema %.60q: expected %q", n.Schema, NoteSchema)
	case n.Kind == "" || len(n.Kind) > 60 || strings.Trim(n.Kind, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" || strings.Trim(n.Kind, "-") != n.Kind:
		return fmt.Errorf("kind %.80q: expected 1 to 60 lower-case letters, digits and hyphens between them", n.Kind)
	case !entry.OneLine(n.Author, 200):
		return fmt.Errorf("author %.80q: expected one line of 1 to 200 bytes of UTF-8", n.Author)
	case n.Time.IsZero() || n.Time.Location() != time.UTC:
		return fmt.Errorf("time %s: expected one in UTC", n.Time)
	case n.Evidence != nil && len(n.Evidence) == 0 || len(n.Evidence) > maxNoteEvidence:
		return fmt.Errorf("evidence: found %d files, expected 1 to %d or the key left out", len(n.Evidence), maxNoteEvidence)
	}
	for i, e := range n.Evidence {
		if err := validEvidence(e); err != nil {
			return fmt.Errorf("evidence[%d]: %w", i, err)
		}
		if slices.Contains(n.Evidence[:i], e) {
			return fmt.Errorf("evidence[%d]: %s %s stands twice", i, e.Kind, e.Digest)
		}
	}
	return nil
}

// validEvidence holds e against what a record's evidence must be (L13).
func validEvidence(e meter.Evidence) error {
	if !entry.OneLine(e.Kind, 200) || e.Size < 0 {
		return fmt.Errorf("kind %.80q, size %d: expected one line and 0 or more bytes", e.Kind, e.Size)
	}
	if name, found := strings.CutPrefix(e.Digest, "sha256:"); !found || !hexDigest(name) {
		return fmt.Errorf("digest %.80q: expected sha256: and 64 lower-case hexadecimal digits", e.Digest)
	}
	return nil
}

// encode returns the one encoding of a note: keys in the order of the struct, no
// white space.
func (n Note) encode() ([]byte, error) {
	if err := n.validate(); err != nil {
		return nil, err
	}
	content, err := canonicalObject(n.Content)
	switch {
	case err != nil:
		return nil, fmt.Errorf("content: %w", err)
	case !bytes.Equal(content, n.Content):
		return nil, fmt.Errorf("content: found %.80q, expected it without white space, each text in its one form", n.Content)
	}
	data, err := canonical.Encode(n)
	if err == nil && len(data) > MaxNoteBytes {
		err = fmt.Errorf("found %d bytes, expected at most %d: keep what is long as evidence", len(data), MaxNoteBytes)
	}
	return data, err
}

// parseNoteBody reads a body without its salt. It accepts only what
// [encodeNoteBody] writes.
func parseNoteBody(data []byte) (Note, error) {
	fail := func(err error) (Note, error) { return Note{}, fmt.Errorf("note: %w", err) }
	if len(data) > MaxNoteBytes+len(`{"note":}`) {
		return fail(fmt.Errorf("found %d bytes, expected at most %d", len(data), MaxNoteBytes))
	}
	var body struct {
		Note *Note `json:"note"`
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&body); err != nil {
		return fail(err)
	}
	if body.Note == nil {
		return fail(errors.New("expected an object with the key note"))
	}
	again, err := encodeNoteBody(*body.Note)
	if err != nil {
		return fail(err)
	}
	if !bytes.Equal(again, data) {
		return fail(fmt.Errorf("found %.80q, which is not its one encoding", data))
	}
	return *body.Note, nil
}

func encodeNoteBody(n Note) ([]byte, error) {
	data, err := n.encode()
	if err != nil {
		return nil, err
	}
	return slices.Concat([]byte(`{"note":`), data, []byte(`}`)), nil
}

// CanonicalObject writes a value that encodes as a JSON object in the form that
// the content of a note has.
func CanonicalObject(v any) (json.RawMessage, error) {
	data, err := canonical.Encode(v)
	if err != nil {
		return nil, err
	}
	return canonicalObject(data)
}

// canonicalObject returns a JSON object in its one form: no white space, texts
// with the fewest escapes, numbers as they stand, keys in the order given. A key
// that stands twice in an object, trailing bytes and too deep nesting are errors.
func canonicalObject(data []byte) ([]byte, error) {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	var out bytes.Buffer
	first, err := dec.Token()
	if err != nil {
		return nil, fmt.Errorf("expected a JSON object: %w", err)
	}
	if first != json.Delim('{') {
		return nil, fmt.Errorf("found %.40q, expected a JSON object", data)
	}
	if err := canonicalValue(dec, first, &out, 1); err != nil {
		return nil, err
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, errors.New("expected nothing after the JSON object")
	}
	return out.Bytes(), nil
}

func canonicalValue(dec *json.Decoder, token json.Token, out *bytes.Buffer, depth int) error {
	if depth > maxNoteDepth {
		return fmt.Errorf("nested more than %d levels deep", maxNoteDepth)
	}
	open, isOpen := token.(json.Delim)
	if !isOpen {
		data, err := canonical.Encode(token)
		out.Write(data)
		return err
	}
	out.WriteString(open.String())
	keys := map[string]bool{}
	for n := 0; dec.More(); n++ {
		if n > 0 {
			out.WriteByte(',')
		}
		item, err := dec.Token()
		if err != nil {
			return err
		}
		if key, isKey := item.(string); open == '{' && isKey {
			if keys[key] {
				return fmt.Errorf("key %.60q stands twice", key)
			}
			keys[key] = true
			data, err := canonical.Encode(key)
			if err != nil {
				return err
			}
			out.Write(append(data, ':'))
			if item, err = dec.Token(); err != nil {
				return err
			}
		}
		if err := canonicalValue(dec, item, out, depth+1); err != nil {
			return err
		}
	}
	end, err := dec.Token()
	if err != nil {
		return err
	}
	out.WriteString(end.(json.Delim).String())
	return nil
}
