package ledger

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/canonical"
	"github.com/weighbridge/weighbridge/meter/proof"
)

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
	return originPrefix + id + "/" + string(model)
}

const originPrefix = "weighbridge.dev/log/"

// encodeBody returns the body of an entry; kind is "record" or "correction" and
// content its canonical encoding.
func encodeBody(kind string, content []byte, totals []Total) []byte {
	body := make([]byte, 0, len(content)+256)
	body = append(append(append(append(body, `{"`...), kind...), `":`...), content...)
	return append(appendTotals(append(body, bodyTotals...), totals), '}')
}

// parseBody reads a body without its salt. It accepts only what encodeBody
// writes over a canonical record or correction.
func parseBody(data []byte) (Entry, error) {
	if len(data) > maxBodyBytes {
		return Entry{}, fmt.Errorf("body of %d bytes: expected at most %d", len(data), maxBodyBytes)
	}
	if entry, ok := readBody(data); ok {
		return entry, nil
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
	if again := encodeBody(kind, content, raw.Totals); !bytes.Equal(again, data) {
		return Entry{}, fmt.Errorf("body: found %.80q, which is not its one encoding", data)
	}
	return entry, nil
}

// The parts of the body of a record.
const (
	bodyOfRecord = `{"record":`
	bodyTotals   = `,"totals":`
)

// cutBody cuts the body of a record into the record and the totals. The key
// "totals" stands in no record, and in a text its quotes would be escaped: the last
// one is the body's own. False leaves it to the long way.
func cutBody(data []byte) (record, totals []byte, ok bool) {
	rest, ok := bytes.CutPrefix(data, []byte(bodyOfRecord))
	at := bytes.LastIndex(rest, []byte(bodyTotals))
	if !ok || at < 0 || rest[len(rest)-1] != '}' {
		return nil, nil, false
	}
	return rest[:at], rest[at+len(bodyTotals) : len(rest)-1], true
}

// readBody reads the body of a record in one pass, by the short cut of package
// canonical, or gives up.
func readBody(data []byte) (Entry, bool) {
	content, sums, ok := cutBody(data)
	if !ok {
		return Entry{}, false
	}
	totals, ok := readTotals(string(sums))
	if !ok || validTotals(totals) != nil {
		return Entry{}, false
	}
	record, err := meter.ParseRecord(content)
	return Entry{Record: &record, Totals: totals}, err == nil
}

func readTotals(text string) ([]Total, bool) {
	totals := []Total{}
	s := canonical.New(text)
	if s.Word("[]") {
		return totals, s.Whole()
	}
	s.List(func() {
		var t Total
		s.Open()
		s.Need("activity")
		t.Activity = meter.Activity(s.Text())
		s.Need("operations")
		t.Operations = meter.ReadInterval(&s)
		s.Need("records")
		t.Records = s.Uint()
		s.Need("grade")
		t.Grade = meter.Grade(s.Text())
		s.Close()
		totals = append(totals, t)
	})
	return totals, s.Whole()
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
	h, err := proof.ParseHeader(head)
	if err != nil {
		return Entry{}, err
	}
	index := binary.BigEndian.Uint64(key)
	if h.Index != index || h.Commitment != proof.Commit(stored[:saltSize], stored[saltSize:]) {
		return Entry{}, fmt.Errorf("the body is not the one that its header commits to")
	}
	entry, err := parseBody(stored[saltSize:])
	entry.Index = index
	return entry, err
}
