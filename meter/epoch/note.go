package epoch

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/canonical"
	"github.com/weighbridge/weighbridge/meter/proof"
)

// Stored is one note of a log of epochs as a ledger keeps it, to the byte, with
// the text of its evidence of kind [HeadsKind], empty where it names none.
type Stored struct {
	Header, Salt, Body []byte
	Heads              string
}

// noteBody is the body of a note (meter/ledger/SPEC.md, L28), read here so that a
// document needs no ledger.
type noteBody struct {
	Note struct {
		Schema   string           `json:"schema"`
		Kind     string           `json:"kind"`
		Author   string           `json:"author"`
		Time     time.Time        `json:"time"`
		Evidence []meter.Evidence `json:"evidence,omitempty"`
		Content  json.RawMessage  `json:"content"`
	} `json:"note"`
}

// open reads a note at its place: header, commitment, body and step.
func (h *History) open(header, salt, body []byte) (entry, error) {
	place, err := proof.ParseHeader(header)
	if err != nil {
		return entry{}, err
	}
	if place.Origin != h.Origin || place.Index != h.Size || place.Commitment != proof.Commit(salt, body) {
		return entry{}, fmt.Errorf("found the header of entry %d of %.200s, or another body than it commits to", place.Index, place.Origin)
	}
	var b noteBody
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&b); err != nil {
		return entry{}, err
	}
	again, err := canonical.Encode(b)
	if err == nil {
		err = canonical.Compare(body, again)
	}
	if err != nil {
		return entry{}, err
	}
	if b.Note.Schema != "weighbridge.dev/note/v1" || b.Note.Kind != Kind {
		return entry{}, fmt.Errorf("a note of the kind %.60q and schema %.60q: expected %s and weighbridge.dev/note/v1", b.Note.Kind, b.Note.Schema, Kind)
	}
	step, err := ParseStep(b.Note.Content)
	return entry{header: header, author: b.Note.Author, time: b.Note.Time, step: step}, err
}

func (s Step) boundary() Boundary {
	if s.Began != nil {
		return s.Began.Logs
	}
	return s.Revoked.Good
}

// Read reads a whole log of epochs, with all heads that it names. The error is an
// [*Error]; the history then has the notes before it.
func Read(origin string, notes []Stored) (History, error) {
	h := History{Origin: origin}
	for _, n := range notes {
		refuse := func(code string, err error) (History, error) {
			return h, &Error{code, origin, h.Size, err.Error()}
		}
		e, err := h.open(n.Header, n.Salt, n.Body)
		if err != nil {
			return refuse(CodeUnreadable, err)
		}
		if n.Heads != "" {
			if e.heads, err = proof.ParseHeads(n.Heads); err != nil {
				return refuse(CodeHeads, err)
			}
		}
		if err := e.step.boundary().holds(e.heads); err != nil {
			return refuse(CodeHeads, err)
		}
		if wrong := h.add(e); wrong != nil {
			return h, wrong
		}
	}
	return h, nil
}

// Follows returns an error unless step, with the text of its heads, may be the
// next note: a writer asks before it writes.
func (h History) Follows(step Step, heads string) error {
	e := entry{step: step}
	if heads != "" {
		var err error
		if e.heads, err = proof.ParseHeads(heads); err != nil {
			return err
		}
	}
	if err := step.boundary().holds(e.heads); err != nil {
		return err
	}
	next := History{Origin: h.Origin, Size: h.Size, Epochs: slices.Clone(h.Epochs), tree: h.tree.Clone()}
	if wrong := next.add(e); wrong != nil {
		return wrong
	}
	return nil
}
