package ledger

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/entry"
	"github.com/weighbridge/weighbridge/meter/proof"
)

// What stands in the logs; package entry reads and writes it.
type (
	// Entry is one entry of a log: a record or a correction, never both.
	Entry = entry.Entry
	// Total is the work of one activity in one log, net of corrections.
	Total = entry.Total
	// Correction is an entry that voids or supersedes an earlier record.
	Correction = entry.Correction
	// Note is an entry that is no record of operations.
	Note = entry.Note
	// Kind is what a correction does. The list is closed.
	Kind = entry.Kind
)

// The kinds of corrections, and the schemas of what is not a record.
const (
	Void             = entry.Void
	Supersede        = entry.Supersede
	CorrectionSchema = entry.CorrectionSchema
	NoteSchema       = entry.NoteSchema
)

// origin names one log of one ledger.
func origin(id string, model meter.ModelRef) string { return proof.Origin(id, string(model)) }

// decodeEntry reads a stored entry and holds the body against its header. Its error
// is an [*entryFault].
func decodeEntry(key, head, stored []byte) (Entry, error) {
	h, body, err := openEntry(key, head, stored)
	if err != nil {
		return Entry{}, err
	}
	entry, err := entry.ParseBody(body)
	if err != nil {
		return entry, &entryFault{"body-unreadable", err.Error()}
	}
	entry.Index = h.Index
	return entry, nil
}

// readEntry is decodeEntry of an entry in this ledger: its error is a [*DamageError].
func readEntry(origin string, key, head, stored []byte) (Entry, error) {
	entry, err := decodeEntry(key, head, stored)
	if err != nil {
		return entry, damagedEntry(origin, key, err)
	}
	return entry, nil
}

// openEntry returns the header and the body of a stored entry, of records or of
// notes, after holding them against each other. Its error is an [*entryFault].
func openEntry(key, head, stored []byte) (proof.Header, []byte, error) {
	if len(key) != 8 || len(stored) < saltSize {
		return proof.Header{}, nil, &entryFault{"body-missing",
			fmt.Sprintf("found a key of %d bytes and a body of %d: expected 8, and a salt of %d before a body", len(key), len(stored), saltSize)}
	}
	h, err := proof.ParseHeader(head)
	if err != nil {
		return h, nil, &entryFault{"header-differs", err.Error()}
	}
	if h.Index != binary.BigEndian.Uint64(key) || h.Commitment != proof.Commit(stored[:saltSize], stored[saltSize:]) {
		return h, nil, &entryFault{"header-differs", "the body is not the one that its header commits to"}
	}
	return h, stored[saltSize:], nil
}

// entryFault is why an entry cannot be read. Code is that of the [Problem] that
// [Check] lists for it.
type entryFault struct{ code, found string }

func (f *entryFault) Error() string { return f.found }

// damagedEntry is the damage that a fault in an entry of a log is.
func damagedEntry(origin string, key []byte, err error) error {
	damage := &DamageError{Code: "body-unreadable", Found: fmt.Sprintf("entry %x of %s: %v", key, origin, err)}
	if len(key) == 8 {
		damage.Found = fmt.Sprintf("entry %d of %s: %v", binary.BigEndian.Uint64(key), origin, err)
	}
	if fault := (*entryFault)(nil); errors.As(err, &fault) {
		damage.Code = fault.code
	}
	return damage
}
