package entry

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/canonical"
)

// MaxBodyBytes bounds a body without its salt: a record or a correction that
// holds one, and totals of at most 18 activities.
const MaxBodyBytes = meter.MaxRecordBytes + 1<<15

// Entry is one entry of a log: a record or a correction, never both.
type Entry struct {
	Origin     string // of its log; empty where an entry stands alone
	Index      uint64
	Record     *meter.Record
	Correction *Correction
	Totals     []Total // the work of the model in this log with this entry, net
}

// Held returns the record that stands in the entry, or nil for a void.
func (e Entry) Held() *meter.Record {
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

// EncodeBody returns the body of an entry; kind is "record" or "correction" and
// content its canonical encoding.
func EncodeBody(kind string, content []byte, totals []Total) []byte {
	body := make([]byte, 0, len(content)+256)
	body = append(append(append(append(body, `{"`...), kind...), `":`...), content...)
	return append(AppendTotals(append(body, BodyTotals...), totals), '}')
}

// ParseBody reads a body without its salt. It accepts only what EncodeBody
// writes over a canonical record or correction.
func ParseBody(data []byte) (Entry, error) {
	if len(data) > MaxBodyBytes {
		return Entry{}, fmt.Errorf("body of %d bytes: expected at most %d", len(data), MaxBodyBytes)
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
		correction, err := ParseCorrection(raw.Correction)
		if err != nil {
			return Entry{}, fmt.Errorf("body: %w", err)
		}
		entry.Correction, kind, content = &correction, "correction", raw.Correction
	}
	if err := validTotals(raw.Totals); err != nil {
		return Entry{}, err
	}
	if again := EncodeBody(kind, content, raw.Totals); !bytes.Equal(again, data) {
		return Entry{}, fmt.Errorf("body: found %.80q, which is not its one encoding", data)
	}
	return entry, nil
}

// The parts of the body of a record.
const (
	bodyOfRecord = `{"record":`
	BodyTotals   = `,"totals":`
)

// CutBody cuts the body of a record into the record and the totals. The key
// "totals" stands in no record, and in a text its quotes would be escaped: the last
// one is the body's own. False leaves it to the long way.
func CutBody(data []byte) (record, totals []byte, ok bool) {
	rest, ok := bytes.CutPrefix(data, []byte(bodyOfRecord))
	at := bytes.LastIndex(rest, []byte(BodyTotals))
	if !ok || at < 0 || rest[len(rest)-1] != '}' {
		return nil, nil, false
	}
	return rest[:at], rest[at+len(BodyTotals) : len(rest)-1], true
}

// readBody reads the body of a record in one pass, by the short cut of package
// canonical, or gives up.
func readBody(data []byte) (Entry, bool) {
	content, sums, ok := CutBody(data)
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

// AppendTotals adds the one encoding of totals: that of canonical.Encode, without its
// detours.
func AppendTotals(out []byte, totals []Total) []byte {
	out = append(out, '[')
	for i, t := range totals {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(append(append(out, `{"activity":"`...), t.Activity...), `","operations":{"low":"`...)
		out = append(append(out, t.Operations.Low.String()...), `","estimate":`...)
		out = append(appendKnown(out, t.Operations.Estimate), `,"high":`...)
		out = append(appendKnown(out, t.Operations.High), `},"records":`...)
		out = append(strconv.AppendUint(out, t.Records, 10), `,"grade":"`...)
		out = append(append(out, t.Grade...), `"}`...)
	}
	return append(out, ']')
}

func appendKnown(out []byte, b meter.Bound) []byte {
	if !b.Known {
		return append(out, "null"...)
	}
	return append(append(append(out, '"'), b.Ops.String()...), '"')
}
