package ledger

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/weighbridge/weighbridge/meter"
)

// entryMagic opens every header.
const entryMagic = "weighbridge.dev/entry/v1"

// maxBodyBytes bounds a body without its salt: a record or a correction that
// holds one, and totals of at most 18 activities.
const maxBodyBytes = meter.MaxRecordBytes + 1<<15

// Entry is one entry of a log: a record or a correction, never both.
type Entry struct {
	Origin     string // of its log; empty where an entry stands alone
	Index      uint64
	Record     *meter.Record
	Correction *Correction
	Totals     []Total // the work of the model in this log with this entry, net
}

// held returns the record that stands in the entry, or nil for a void.
func (e Entry) held() *meter.Record {
	if e.Correction != nil {
		return e.Correction.Record
	}
	return e.Record
}

// Total is the work of one activity in one log, net of corrections.
type Total struct {
	Activity   meter.Activity `json:"activity"`
	Operations meter.Interval `json:"operations"`
	Records    uint64         `json:"records"`
	Grade      meter.Grade    `json:"grade"` // the lowest of the records in it
}

// origin names one log of one ledger.
func origin(id string, model meter.ModelRef) string {
	return "weighbridge.dev/log/" + id + "/" + string(model)
}

// encodeHeader returns the header of an entry: four lines, each ended by a line
// feed. It holds nothing of the body but its commitment.
func encodeHeader(origin string, index uint64, commitment [hashSize]byte) []byte {
	return fmt.Appendf(nil, "%s\n%s\n%d\nsha256:%s\n", entryMagic, origin, index, hex.EncodeToString(commitment[:]))
}

// header is what the four lines say.
type header struct {
	origin     string
	index      uint64
	commitment [hashSize]byte
}

// parseHeader reads only what encodeHeader writes.
func parseHeader(data []byte) (header, error) {
	lines := strings.Split(string(data), "\n")
	if len(lines) != 5 || lines[0] != entryMagic {
		return header{}, fmt.Errorf("header %.80q: expected four lines that begin with %s", data, entryMagic)
	}
	h := header{origin: lines[1]}
	var err error
	if h.index, err = strconv.ParseUint(lines[2], 10, 64); err != nil {
		return header{}, fmt.Errorf("header: index: %w", err)
	}
	sum, err := hex.DecodeString(strings.TrimPrefix(lines[3], "sha256:"))
	if err != nil || len(sum) != hashSize {
		return header{}, fmt.Errorf("header: commitment %.80q: expected sha256: and 64 hexadecimal digits", lines[3])
	}
	copy(h.commitment[:], sum)
	if !bytes.Equal(encodeHeader(h.origin, h.index, h.commitment), data) {
		return header{}, fmt.Errorf("header %.200q: not in the one encoding", data)
	}
	return h, nil
}

// commit is SHA-256 over the salt and the body.
func commit(salt, body []byte) [hashSize]byte {
	h := sha256.New()
	h.Write(salt)
	h.Write(body)
	return [hashSize]byte(h.Sum(nil))
}

// encodeBody returns the body of an entry; kind is "record" or "correction" and
// content its canonical encoding.
func encodeBody(kind string, content []byte, totals []Total) ([]byte, error) {
	sums, err := encodeJSON(totals)
	if err != nil {
		return nil, err
	}
	return slices.Concat([]byte(`{"`+kind+`":`), content, []byte(`,"totals":`), sums, []byte(`}`)), nil
}

// encodeJSON is the one way JSON is written here: no white space, no HTML
// escapes, an empty list as [].
func encodeJSON(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// parseBody reads a body without its salt. It accepts only what encodeBody
// writes over a canonical record or correction.
func parseBody(data []byte) (Entry, error) {
	if len(data) > maxBodyBytes {
		return Entry{}, fmt.Errorf("body of %d bytes: expected at most %d", len(data), maxBodyBytes)
	}
	var raw struct {
		Record     json.RawMessage `json:"record"`
		Correction json.RawMessage `json:"correction"`
		Totals     []Total         `json:"totals"`
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&raw); err != nil {
		return Entry{}, fmt.Errorf("body: %w", err)
	}
	if (raw.Record == nil) == (raw.Correction == nil) || raw.Totals == nil {
		return Entry{}, fmt.Errorf("body: expected a record or a correction, one of the two, and totals")
	}
	entry, kind, content := Entry{Totals: raw.Totals}, "record", raw.Record
	if raw.Record != nil {
		record, err := meter.ParseRecord(raw.Record)
		if err != nil {
			return Entry{}, fmt.Errorf("body: %w", err)
		}
		entry.Record = &record
	} else {
		correction, err := parseCorrection(raw.Correction)
		if err != nil {
			return Entry{}, fmt.Errorf("body: %w", err)
		}
		entry.Correction, kind, content = &correction, "correction", raw.Correction
	}
	if err := validTotals(raw.Totals); err != nil {
		return Entry{}, err
	}
	if again, err := encodeBody(kind, content, raw.Totals); err != nil || !bytes.Equal(again, data) {
		return Entry{}, fmt.Errorf("body: found %.80q, which is not its one encoding", data)
	}
	return entry, nil
}

// validTotals: activities of the closed list in its order, each once, with at
// least one record.
func validTotals(totals []Total) error {
	order, last := meter.Activities(), -1
	for i, t := range totals {
		at := slices.Index(order, t.Activity)
		if at <= last {
			return fmt.Errorf("totals[%d]: activity %.60q: expected the closed list in its order, each once", i, t.Activity)
		}
		last = at
		if _, err := meter.ParseGrade(string(t.Grade)); err != nil {
			return fmt.Errorf("totals[%d]: %w", i, err)
		}
		if err := t.Operations.Validate(); err != nil {
			return fmt.Errorf("totals[%d]: %w", i, err)
		}
		if t.Records == 0 {
			return fmt.Errorf("totals[%d]: no records: expected the activity to be left out", i)
		}
	}
	return nil
}

// decodeEntry reads a stored entry and holds the body against its header.
func decodeEntry(key, head, stored []byte) (Entry, error) {
	if len(key) != 8 || len(stored) < saltSize {
		return Entry{}, fmt.Errorf("found a key of %d bytes and a body of %d: expected 8, and a salt of %d before a body", len(key), len(stored), saltSize)
	}
	h, err := parseHeader(head)
	if err != nil {
		return Entry{}, err
	}
	index := binary.BigEndian.Uint64(key)
	if h.index != index || h.commitment != commit(stored[:saltSize], stored[saltSize:]) {
		return Entry{}, fmt.Errorf("the body is not the one that its header commits to")
	}
	entry, err := parseBody(stored[saltSize:])
	entry.Index = index
	return entry, err
}
