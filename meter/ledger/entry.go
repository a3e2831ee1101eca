package ledger

import (
	"encoding/binary"
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
	// Kind is what a correction does. The list is closed.
	Kind = entry.Kind
)

// The kinds of corrections, and the schema of their encoding.
const (
	Void             = entry.Void
	Supersede        = entry.Supersede
	CorrectionSchema = entry.CorrectionSchema
)

// origin names one log of one ledger.
func origin(id string, model meter.ModelRef) string {
	return originPrefix + id + "/" + string(model)
}

const originPrefix = "weighbridge.dev/log/"

// decodeEntry reads a stored entry and holds the body against its header.
func decodeEntry(key, head, stored []byte) (Entry, error) {
	if len(key) != 8 || len(stored) < saltSize {
		return Entry{}, fmt.Errorf("found a key of %d bytes and a body of %d: expected 8, and a salt of %d before a body", len(key), len(stored), saltSize)
	}
	h, err := proof.ParseHeader(head)
	if err != nil {
		return Entry{}, err
	}
	index := binary.BigEndian.Uint64(key)
	if h.Index != index || h.Commitment != proof.Commit(stored[:saltSize], stored[saltSize:]) {
		return Entry{}, fmt.Errorf("the body is not the one that its header commits to")
	}
	entry, err := entry.ParseBody(stored[saltSize:])
	entry.Index = index
	return entry, err
}
