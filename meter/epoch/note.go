package epoch

import (
	"fmt"
	"slices"

	"github.com/weighbridge/weighbridge/meter/entry"
	"github.com/weighbridge/weighbridge/meter/proof"
)

// Stored is one note of a log of epochs as a ledger keeps it, to the byte, with
// the text of its evidence of kind [HeadsKind], empty where it names none.
type Stored struct {
	Header, Salt, Body []byte
	Heads              string
}

// open reads a note at its place: header, commitment, body and step.
func (h *History) open(header, salt, body []byte) (noted, error) {
	place, err := proof.ParseHeader(header)
	if err != nil {
		return noted{}, err
	}
	if place.Origin != h.Origin || place.Index != h.Size || place.Commitment != proof.Commit(salt, body) {
		return noted{}, fmt.Errorf("found the header of entry %d of %.200s, or another body than it commits to", place.Index, place.Origin)
	}
	note, err := entry.ParseNoteBody(body)
	if err != nil {
		return noted{}, err
	}
	if note.Kind != Kind {
		return noted{}, fmt.Errorf("a note of the kind %.60q: expected %s", note.Kind, Kind)
	}
	step, err := ParseStep(note.Content)
	return noted{header: header, author: note.Author, time: note.Time, step: step}, err
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
	e := noted{step: step}
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
