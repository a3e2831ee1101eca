package ledger

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"os"

	bolt "go.etcd.io/bbolt"

	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/proof"
)

// Merged says what [Ledger.Merge] took from one log.
type Merged struct {
	Origin string
	Model  meter.ModelRef
	Size   uint64 // entries of the log as it stands here now
	New    uint64 // of them, those that were not here before
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
		if err := l.takeEvidence(source); err != nil {
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
			merged = append(merged, more...)
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
				entry, err := parseBody(stored[saltSize:])
				if err != nil || entry.held() == nil {
					return err
				}
				return l.takeFiles(source, entry.held().Evidence)
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

// take makes a log here as long as the one there, if it is the beginning of it.
func (w *writer) take(key logKey, there *bolt.Bucket, path string) (Merged, error) {
	g, err := w.openLog(key)
	if err != nil {
		return Merged{}, err
	}
	headers, bodies := there.Bucket([]byte(keyHeaders)), there.Bucket([]byte(keyBodies))
	have := g.tree.size()
	theirs, cursor := newTree(), headers.Cursor()
	for k, header := cursor.First(); k != nil; k, header = cursor.Next() {
		index := theirs.size()
		if index < have && !bytes.Equal(g.headers.Get(k), header) {
			return Merged{}, w.fork(key, g, headers, index, path)
		}
		if err := theirs.grow(header); err != nil {
			return Merged{}, err
		}
		if index >= have {
			if err := w.takeEntry(key, g, k, header, bodies.Get(k)); err != nil {
				return Merged{}, fmt.Errorf("merge from ledger %s: %w", path, err)
			}
		}
	}
	root, err := theirs.nodes.GetRootHash(nil)
	if head := there.Get([]byte(keyHead)); err != nil || len(head) != 8+hashSize || !bytes.Equal(head[8:], root) {
		return Merged{}, &DamageError{Path: path, Code: "root-differs", Found: fmt.Sprintf("%s: its entries do not give the root of its head", g.origin)}
	}
	return Merged{g.origin, key.model, g.tree.size(), g.tree.size() - have}, nil
}

// fork tells two logs of one origin apart at the size of the shorter one.
func (w *writer) fork(key logKey, g *log, there *bolt.Bucket, first uint64, path string) error {
	size := g.tree.size()
	if k, _ := there.Cursor().Last(); len(k) == 8 {
		size = min(size, binary.BigEndian.Uint64(k)+1)
	}
	here, err := rootAt(g.headers, size)
	other, err2 := rootAt(there, size)
	if err := errors.Join(err, err2); err != nil {
		return err
	}
	return &ForkError{origin(key.id, key.model), size, here, other, first, path}
}

// rootAt is the root of a log's first entries.
func rootAt(headers *bolt.Bucket, size uint64) (root [hashSize]byte, err error) {
	t, cursor := newTree(), headers.Cursor()
	for k, header := cursor.First(); k != nil && t.size() < size; k, header = cursor.Next() {
		if err := t.grow(header); err != nil {
			return root, err
		}
	}
	hash, err := t.nodes.GetRootHash(nil)
	copy(root[:], hash)
	return root, err
}

// takeEntry adds an entry as it stands in the other ledger, after holding it
// against its header, its place and its totals.
func (w *writer) takeEntry(key logKey, g *log, at, head, stored []byte) error {
	entry, err := decodeEntry(at, head, stored)
	if err != nil {
		return err
	}
	if h, err := proof.ParseHeader(head); err != nil || h.Origin != g.origin || h.Index != g.tree.size() {
		return fmt.Errorf("%s entry %d: found a header of another place (%s, %d; %v)", g.origin, g.tree.size(), h.Origin, h.Index, err)
	}
	if entry.Record != nil {
		err = w.takeRecord(key, g, entry)
	} else {
		err = w.takeCorrection(key, g, entry)
	}
	if err != nil {
		return err
	}
	found, errFound := encodeJSON(entry.Totals)
	want, errWant := encodeJSON(g.state.totals())
	if err := errors.Join(errFound, errWant); err != nil || !bytes.Equal(found, want) {
		return fmt.Errorf("%s entry %d: found totals %s, its records give %s (%v)", g.origin, entry.Index, found, want, err)
	}
	if err := errors.Join(g.headers.Put(at, head), g.bodies.Put(at, stored)); err != nil {
		return err
	}
	return g.tree.grow(head)
}

func (w *writer) takeRecord(key logKey, g *log, entry Entry) error {
	r := *entry.Record
	data, err := r.Encode()
	if err != nil {
		return err
	}
	if r.Model != key.model {
		return fmt.Errorf("%s entry %d: the record names %s", g.origin, entry.Index, r.Model)
	}
	here := place{sha256.Sum256(data), entry.Index, key}
	known, found, err := w.find(r.Run, r.Sequence)
	switch {
	case err != nil:
		return err
	case found && (known.digest != here.digest || known.logKey == key):
		return &ConflictError{r.Run, r.Sequence, known.model, known.index}
	case found:
		if err := w.copied(r, known, here); err != nil {
			return err
		}
		if key.id != w.id {
			break // the first place stands; of two, that of this ledger's own log
		}
		fallthrough
	default:
		if err := w.runs.Put(runKey(r.Run, r.Sequence), here.encode(w.id)); err != nil {
			return err
		}
	}
	return g.state.add(r)
}

func (w *writer) takeCorrection(key logKey, g *log, entry Entry) error {
	c := entry.Correction
	if c.Model != key.model || c.Entry >= entry.Index {
		return fmt.Errorf("%s entry %d: it corrects entry %d of %s, expected an earlier one of this log", g.origin, entry.Index, c.Entry, c.Model)
	}
	at := indexKey(c.Entry)
	old, err := decodeEntry(at, g.headers.Get(at), g.bodies.Get(at))
	if err != nil {
		return err
	}
	if held := old.held(); held == nil || held.Run != c.Run || held.Sequence != c.Sequence || g.corrections.Get(at) != nil {
		return fmt.Errorf("%s entry %d: entry %d does not hold a record %s/%d that counts", g.origin, entry.Index, c.Entry, c.Run, c.Sequence)
	}
	if err := w.restate(g, *c, *old.held()); err != nil {
		return err
	}
	w.touched[key.model] = true
	return g.corrections.Put(at, indexKey(entry.Index))
}

// copied notes that a record stands in two logs or more.
func (w *writer) copied(r meter.Record, known, here place) error {
	copies, err := w.tx.CreateBucketIfNotExists([]byte(bucketCopies))
	if err == nil {
		copies, err = copies.CreateBucketIfNotExists([]byte(r.Model))
	}
	if err != nil {
		return err
	}
	key := runKey(r.Run, r.Sequence)
	places := decodeCopies(copies.Get(key))
	if len(places) == 0 {
		places = []copyPlace{{known.id, known.index}}
	}
	value, err := encodeCopies(append(places, copyPlace{here.id, here.index}))
	if err != nil {
		return err
	}
	w.touched[r.Model] = true
	return copies.Put(key, value)
}

// settleCopies works out anew what the logs of the models that changed count
// more than once.
func (w *writer) settleCopies() error {
	for model := range w.touched {
		var twice state
		logs := logsOf(w.tx, w.id, model)
		err := forEachCopied(w.tx, model, logs, func(tellings []telling, counts int) error {
			for i, t := range tellings {
				if r := t.net(); i != counts && r != nil {
					if err := twice.add(*r); err != nil {
						return err
					}
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		if err := w.putTwice(model, twice); err != nil {
			return err
		}
	}
	return nil
}

func (w *writer) putTwice(model meter.ModelRef, twice state) error {
	if copies := w.tx.Bucket([]byte(bucketCopies)); copies == nil || copies.Bucket([]byte(model)) == nil {
		return nil
	}
	bucket, err := w.tx.CreateBucketIfNotExists([]byte(bucketTwice))
	if err != nil {
		return err
	}
	data, err := twice.encode()
	if err != nil {
		return err
	}
	return bucket.Put([]byte(model), data)
}
