package ledger

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/canonical"
)

// CorrectionSchema names the encoding of a correction.
const CorrectionSchema = "weighbridge.dev/correction/v1"

// Kind is what a correction does. The list is closed.
type Kind string

// The kinds.
const (
	Void      Kind = "void"      // the work was not done, or not on this model: it counts no more
	Supersede Kind = "supersede" // the work was done, the record of it was wrong: another record counts in its place
)

// Limits of what a person writes into a correction, in bytes.
const (
	maxReason = 2000
	maxAuthor = 200
)

// Correction is an entry that voids or supersedes an earlier record of the same
// log. The original stays; totals are net. The superseding record carries the
// run and the sequence of what it replaces: it is the same piece of work, told
// right, and it can be corrected again under the same two.
type Correction struct {
	Schema   string         `json:"schema"`
	Kind     Kind           `json:"kind"`
	Model    meter.ModelRef `json:"model"`
	Run      string         `json:"run"`
	Sequence uint64         `json:"sequence"`
	Entry    uint64         `json:"entry"`  // index of the entry whose record counted until now
	Reason   string         `json:"reason"` // one line of 1 to 2 000 bytes
	Author   string         `json:"author"` // one line of 1 to 200 bytes
	Time     time.Time      `json:"time"`   // UTC
	Record   *meter.Record  `json:"record,omitempty"`
}

// CorrectionError reports a correction that the ledger refuses.
type CorrectionError struct {
	Model    meter.ModelRef
	Run      string
	Sequence uint64
	Found    string // what stands there, and the next step
}

func (e *CorrectionError) Error() string {
	return fmt.Sprintf("correction of record %s/%d of %s: %s", e.Run, e.Sequence, e.Model, e.Found)
}

// Correct adds a correction to the log of its model. Schema and Entry are
// filled in; everything else is the caller's, the time too. When it returns
// without error the correction is on disk; with an error nothing of it is. The
// same correction again, to the byte, is no new entry. A record that is not
// there, that was voided, that stands in another model's log, or that already
// says what Record says is a [*CorrectionError].
func (l *Ledger) Correct(c Correction) (Receipt, error) {
	c.Schema, c.Entry, c.Time = CorrectionSchema, 0, c.Time.UTC().Round(0)
	if err := c.validate(); err != nil {
		return Receipt{}, err
	}
	if c.Record != nil {
		if _, err := l.encodeRecord(*c.Record); err != nil {
			return Receipt{}, err
		}
	}
	var receipt Receipt
	err := l.commit(func(w *writer) error {
		var err error
		receipt, err = w.correct(c)
		return err
	})
	if err != nil {
		return Receipt{}, err
	}
	return receipt, nil
}

// validate returns every rule that c breaks, joined.
func (c Correction) validate() error {
	var errs []error
	check := func(bad bool, format string, args ...any) {
		if bad {
			errs = append(errs, fmt.Errorf("correction: "+format, args...))
		}
	}
	_, err := meter.ParseModel(string(c.Model))
	check(err != nil, "%w", err)
	check(c.Schema != CorrectionSchema, "schema: found %.60q, expected %q", c.Schema, CorrectionSchema)
	check(c.Kind != Void && c.Kind != Supersede, "kind: found %.60q, expected void or supersede", c.Kind)
	check(c.Run == "", "run: expected the run of the record to be corrected")
	check(!oneLine(c.Reason, maxReason), "reason: expected one line of 1 to %d bytes that says what was wrong", maxReason)
	check(!oneLine(c.Author, maxAuthor), "author: expected one line of 1 to %d bytes that says who corrects", maxAuthor)
	check(c.Time.IsZero() || c.Time.Location() != time.UTC, "time: expected a moment in UTC")
	check((c.Kind == Supersede) != (c.Record != nil), "record: expected with supersede, and only there")
	if r := c.Record; r != nil {
		check(r.Model != c.Model || r.Run != c.Run || r.Sequence != c.Sequence,
			"record: found %s %s/%d, expected %s %s/%d: a record that supersedes is of the same model, run and sequence; work of another model is voided here and recorded there",
			r.Model, r.Run, r.Sequence, c.Model, c.Run, c.Sequence)
		errs = append(errs, r.Validate())
	}
	return errors.Join(errs...)
}

func oneLine(s string, limit int) bool {
	if s == "" || len(s) > limit || !utf8.ValidString(s) {
		return false
	}
	for _, r := range s {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return false
		}
	}
	return true
}

func (c Correction) encode() ([]byte, error) {
	if err := c.validate(); err != nil {
		return nil, err
	}
	return canonical.Encode(c)
}

// parseCorrection reads only what encode writes.
func parseCorrection(data []byte) (Correction, error) {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	var c Correction
	if err := dec.Decode(&c); err != nil {
		return Correction{}, fmt.Errorf("correction: %w", err)
	}
	again, err := c.encode()
	if err != nil {
		return Correction{}, err
	}
	if !bytes.Equal(again, data) {
		return Correction{}, fmt.Errorf("correction: found %.80q, which is not its one encoding", data)
	}
	return c, nil
}

// correct is [Ledger.Correct] in a transaction.
func (w *writer) correct(c Correction) (Receipt, error) {
	refuse := func(format string, args ...any) (Receipt, error) {
		return Receipt{}, &CorrectionError{c.Model, c.Run, c.Sequence, fmt.Sprintf(format, args...)}
	}
	at, found, err := w.find(c.Run, c.Sequence)
	switch {
	case err != nil:
		return Receipt{}, err
	case !found:
		return refuse("the ledger holds no such record; check the run and the sequence")
	case at.model != c.Model:
		return refuse("it stands in the log of %s (entry %d); correct it there", at.model, at.index)
	}
	if at.id != w.id {
		return refuse("it stands in the log of another ledger (%s, entry %d); correct it there, and merge that ledger again", origin(at.id, at.model), at.index)
	}
	g, err := w.open(c.Model)
	if err != nil {
		return Receipt{}, err
	}
	versions, err := g.versions(at.index)
	if err != nil {
		return Receipt{}, err
	}
	for _, v := range versions {
		if v.Correction != nil && c.repeats(*v.Correction) {
			return Receipt{g.origin, v.Index, false}, nil
		}
	}
	last := versions[len(versions)-1]
	if last.held() == nil {
		return refuse("it was voided by entry %d (%s: %s); record the work anew under a sequence of its own", last.Index, last.Correction.Author, last.Correction.Reason)
	}
	if c.Record != nil && sameEncoding(*c.Record, *last.held()) {
		return refuse("entry %d holds exactly this record already; nothing needs correcting", last.Index)
	}
	c.Entry = last.Index
	return w.replace(g, c, *last.held())
}

// replace takes the old record out of the totals, the new one in, and adds the
// entry that says so.
func (w *writer) replace(g *log, c Correction, old meter.Record) (Receipt, error) {
	if err := w.restate(g, c, old); err != nil {
		return Receipt{}, err
	}
	w.touched[c.Model] = true
	data, err := c.encode()
	if err != nil {
		return Receipt{}, err
	}
	index, err := g.put("correction", data)
	if err != nil {
		return Receipt{}, err
	}
	if err := g.corrections.Put(indexKey(c.Entry), indexKey(index)); err != nil {
		return Receipt{}, err
	}
	return Receipt{g.origin, index, true}, w.settleCopies()
}

// restate takes the old record out of the totals and the new one in.
func (w *writer) restate(g *log, c Correction, old meter.Record) error {
	if err := g.state.remove(old); err != nil || c.Record == nil {
		return err
	}
	return g.state.add(*c.Record)
}

// repeats reports whether done is c, which does not know its entry yet.
func (c Correction) repeats(done Correction) bool {
	c.Entry = done.Entry
	a, errA := c.encode()
	b, errB := done.encode()
	return errA == nil && errB == nil && bytes.Equal(a, b)
}

func sameEncoding(a, b meter.Record) bool {
	x, errX := a.Encode()
	y, errY := b.Encode()
	return errX == nil && errY == nil && bytes.Equal(x, y)
}

// versions returns the entry at index, the correction of it, the correction of
// that, and so on: the last one holds what counts, or is a void.
func (g *log) versions(index uint64) ([]Entry, error) {
	var out []Entry
	for {
		key := indexKey(index)
		entry, err := decodeEntry(key, g.headers.Get(key), g.bodies.Get(key))
		if err != nil {
			return nil, fmt.Errorf("%s entry %d: %w; run weighbridge check", g.origin, index, err)
		}
		out = append(out, entry)
		next := g.corrections.Get(key)
		if next == nil {
			return out, nil
		}
		if len(next) != 8 || binary.BigEndian.Uint64(next) <= index {
			return nil, fmt.Errorf("%s entry %d: its correction is not a later entry; run weighbridge check", g.origin, index)
		}
		index = binary.BigEndian.Uint64(next)
	}
}
