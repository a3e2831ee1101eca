package ledger

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"github.com/weighbridge/weighbridge/meter"
)

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
	if err := c.Validate(); err != nil {
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
		if v.Correction != nil && repeats(c, *v.Correction) {
			return Receipt{g.origin, v.Index, false}, nil
		}
	}
	last := versions[len(versions)-1]
	if last.Held() == nil {
		return refuse("it was voided by entry %d (%s: %s); record the work anew under a sequence of its own", last.Index, last.Correction.Author, last.Correction.Reason)
	}
	if c.Record != nil && sameEncoding(*c.Record, *last.Held()) {
		return refuse("entry %d holds exactly this record already; nothing needs correcting", last.Index)
	}
	c.Entry = last.Index
	return w.replace(g, c, *last.Held())
}

// replace takes the old record out of the totals, the new one in, and adds the
// entry that says so.
func (w *writer) replace(g *log, c Correction, old meter.Record) (Receipt, error) {
	if err := w.restate(g, c, old); err != nil {
		return Receipt{}, err
	}
	w.touched[c.Model] = true
	data, err := c.Encode()
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
func repeats(c, done Correction) bool {
	c.Entry = done.Entry
	a, errA := c.Encode()
	b, errB := done.Encode()
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
		entry, err := readEntry(g.origin, key, g.headers.Get(key), g.bodies.Get(key))
		if err != nil {
			return nil, err
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
