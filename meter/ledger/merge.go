package ledger

import (
	"bytes"
	"errors"
	"fmt"
	"os"

	bolt "go.etcd.io/bbolt"

	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/entry"
)

// Merged says what [Ledger.Merge] took from one log.
type Merged struct {
	Origin string
	Model  meter.ModelRef // empty for a log of notes
	Notes  string         // the name of a log of notes
	Size   uint64         // entries of the log as it stands here now
	New    uint64         // of them, those that were not here before
}

// ForkError reports two logs of one origin that are not one the beginning of the
// other: at Size entries they have different roots. One of them was rewritten,
// or two copies of one file were both written to.
type ForkError struct {
	Origin       string
	Size         uint64 // of the shorter one
	Here, There  [hashSize]byte
	FirstDiffers uint64 // the first entry that is not the same
	Path         string
}

func (e *ForkError) Error() string {
	return fmt.Sprintf("ledger %s forks from this one: %s has at %d entries the root %x here and %x there, from entry %d on; nothing was merged: find out which of the two was rewritten or copied, and record in a new ledger what only the other one holds",
		e.Path, e.Origin, e.Size, e.Here, e.There, e.FirstDiffers)
}

// Merge joins the logs of other ledgers to this one: all of them or, with an
// error, none. Each entry is proved first, by [Check] of the other file and once
// more as it is taken over. A log keeps the origin of the ledger that wrote it,
// so the result is the union of logs, the same in any order and however often it
// is made. A log that forks is a [*ForkError]; another record under a run and
// sequence that is known a [*ConflictError]; the same record in two logs counts
// once, and two different corrections of it are a [*ContradictionError].
func (l *Ledger) Merge(paths []string) ([]Merged, error) {
	var sources []*Ledger
	defer func() {
		for _, s := range sources {
			s.Close()
		}
	}()
	for _, path := range paths {
		source, err := l.openSource(path)
		if err != nil {
			return nil, err
		}
		sources = append(sources, source)
		if err := errors.Join(l.takeEvidence(source), l.takeNoteEvidence(source)); err != nil {
			return nil, err
		}
	}
	var merged []Merged
	err := l.commit(func(w *writer) error {
		merged = nil
		for _, s := range sources {
			more, err := w.union(s)
			if err != nil {
				return err
			}
			notes, err := w.unionNotes(s)
			if err != nil {
				return err
			}
			merged = append(append(merged, more...), notes...)
		}
		return w.settleCopies()
	})
	if err != nil {
		return nil, err
	}
	return merged, nil
}

// openSource checks another ledger and opens it for reading.
func (l *Ledger) openSource(path string) (*Ledger, error) {
	own, errOwn := os.Stat(l.path)
	other, errOther := os.Stat(path)
	if errOwn == nil && errOther == nil && os.SameFile(own, other) {
		return nil, fmt.Errorf("merge from %s: it is this ledger itself; name another", path)
	}
	report, err := Check(path)
	if err != nil {
		return nil, fmt.Errorf("merge from %w", err)
	}
	if !report.OK {
		p := report.Problems[0]
		return nil, &DamageError{Path: path, Code: p.Code, Found: fmt.Sprintf("%d problem(s), the first at %s: %s", len(report.Problems), p.Where, p.Message)}
	}
	return Open(path, Options{ReadOnly: true})
}

// forEachLog calls f with every log in the file, own and merged.
func (l *Ledger) forEachLog(tx *bolt.Tx, f func(logKey, *bolt.Bucket) error) error {
	logs := tx.Bucket([]byte(bucketLogs))
	err := logs.ForEachBucket(func(model []byte) error { return f(logKey{l.id, meter.ModelRef(model)}, logs.Bucket(model)) })
	merged := tx.Bucket([]byte(bucketMerged))
	if err != nil || merged == nil {
		return err
	}
	return merged.ForEachBucket(func(model []byte) error {
		return merged.Bucket(model).ForEachBucket(func(id []byte) error {
			return f(logKey{string(id), meter.ModelRef(model)}, merged.Bucket(model).Bucket(id))
		})
	})
}

// takeEvidence copies the evidence that the other ledger's entries name. What is
// copied in vain, because the merge is refused later, names nothing and harms nobody.
func (l *Ledger) takeEvidence(source *Ledger) error {
	return source.view(func(tx *bolt.Tx) error {
		return source.forEachLog(tx, func(key logKey, b *bolt.Bucket) error {
			return b.Bucket([]byte(keyBodies)).ForEach(func(_, stored []byte) error {
				if !bytes.Contains(stored, []byte(`"evidence":[`)) {
					return nil
				}
				entry, err := entry.ParseBody(stored[saltSize:])
				if err != nil || entry.Held() == nil {
					return err
				}
				return l.takeFiles(source, entry.Held().Evidence)
			})
		})
	})
}

func (l *Ledger) takeFiles(source *Ledger, evidence []meter.Evidence) error {
	for _, e := range evidence {
		if l.evidence.holds(e) == nil {
			continue
		}
		file, err := source.evidence.Open(e.Digest)
		if err != nil {
			return err
		}
		_, err = l.PutEvidence(e.Kind, file)
		if err := errors.Join(err, file.Close()); err != nil {
			return err
		}
	}
	return nil
}

// union takes every log of another ledger.
func (w *writer) union(source *Ledger) ([]Merged, error) {
	var merged []Merged
	err := source.view(func(tx *bolt.Tx) error {
		return source.forEachLog(tx, func(key logKey, b *bolt.Bucket) error {
			one, err := w.take(key, b, source.path)
			merged = append(merged, one)
			return err
		})
	})
	return merged, err
}
