package entry

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/canonical"
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

// validate checks everything but the content.
func (n Note) validate() error {
	switch {
	case n.Schema != NoteSchema:
		return fmt.Errorf("schema %.60q: expected %q", n.Schema, NoteSchema)
	case n.Kind == "" || len(n.Kind) > 60 || strings.Trim(n.Kind, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" || strings.Trim(n.Kind, "-") != n.Kind:
		return fmt.Errorf("kind %.80q: expected 1 to 60 lower-case letters, digits and hyphens between them", n.Kind)
	case !OneLine(n.Author, 200):
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
	if !OneLine(e.Kind, 200) || e.Size < 0 {
		return fmt.Errorf("kind %.80q, size %d: expected one line and 0 or more bytes", e.Kind, e.Size)
	}
	if name, found := strings.CutPrefix(e.Digest, "sha256:"); !found || len(name) != 64 || strings.Trim(name, "0123456789abcdef") != "" {
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

// ParseNoteBody reads the body of an entry of notes, without its salt. It accepts only
// what [EncodeNoteBody] writes.
func ParseNoteBody(data []byte) (Note, error) {
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
	again, err := EncodeNoteBody(*body.Note)
	if err != nil {
		return fail(err)
	}
	if !bytes.Equal(again, data) {
		return fail(fmt.Errorf("found %.80q, which is not its one encoding", data))
	}
	return *body.Note, nil
}

// EncodeNoteBody returns the one encoding of the body of an entry of notes. The error
// names what is wrong in the note.
func EncodeNoteBody(n Note) ([]byte, error) {
	data, err := n.encode()
	if err != nil {
		return nil, err
	}
	return slices.Concat([]byte(`{"note":`), data, []byte(`}`)), nil
}
