package ledger

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"

	bolt "go.etcd.io/bbolt"

	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/entry"
	"github.com/weighbridge/weighbridge/meter/proof"
)

// Receipt says where an entry stands.
type Receipt struct {
	Origin string // of the log, SPEC.md
	Index  uint64 // of the entry in the log, from 0
	New    bool   // false when the same record or correction stood there already
}

// ConflictError reports a (run, sequence) that stands in the ledger with other
// bytes: a retry repeats a record, it never changes one.
type ConflictError struct {
	Run      string
	Sequence uint64
	Model    meter.ModelRef
	Index    uint64
}

func (e *ConflictError) Error() string {
	return fmt.Sprintf("record %s/%d stands in the ledger with other contents (%s, entry %d); a record is never changed: give the new one its own sequence, or correct the old one with weighbridge ledger correct",
		e.Run, e.Sequence, e.Model, e.Index)
}

// Append adds a record to the log of its model. When it returns without error
// the record is on disk; with an error nothing of it is. It is idempotent by
// run and sequence: the same record again is no new entry, whatever was
// corrected since; other contents under the same two are a [*ConflictError].
// Evidence that the record names must be in the store already.
func (l *Ledger) Append(record meter.Record) (Receipt, error) {
	data, err := l.encodeRecord(record)
	if err != nil {
		return Receipt{}, err
	}
	var receipt Receipt
	err = l.commit(func(w *writer) error {
		var err error
		receipt, err = w.append(record, data)
		return err
	})
	if err != nil {
		return Receipt{}, err
	}
	return receipt, nil
}

// encodeRecord returns the bytes to store, and makes sure that they can be read
// back and that the evidence they name is there.
func (l *Ledger) encodeRecord(record meter.Record) ([]byte, error) {
	data, err := record.Encode()
	if err != nil {
		return nil, err
	}
	if _, err := meter.ParseRecord(data); err != nil {
		return nil, fmt.Errorf("record %s/%d could not be read back (is a text in it not UTF-8?): %w", record.Run, record.Sequence, err)
	}
	for _, e := range record.Evidence {
		if err := l.evidence.holds(e); err != nil {
			return nil, fmt.Errorf("record %s/%d: %w; put it into the ledger's evidence store first", record.Run, record.Sequence, err)
		}
	}
	return data, nil
}

// writer is one transaction and the logs that it has touched.
type writer struct {
	tx      *bolt.Tx
	id      string
	runs    *bolt.Bucket
	logs    map[logKey]*log
	touched map[meter.ModelRef]bool // models of which a piece may stand in several logs, and changed
	end     []byte                  // the last key of runs
}

// log is one model's log during a transaction. What every entry rewrites is
// kept here and written once, by flush.
type log struct {
	origin                               string
	bucket, headers, bodies, corrections *bolt.Bucket
	tree                                 *tree
	state                                state
}

func newWriter(tx *bolt.Tx, id string) *writer {
	runs := tx.Bucket([]byte(bucketRuns))
	end, _ := runs.Cursor().Last()
	runs.FillPercent = 1 // until a key comes in between: see putRun
	return &writer{tx, id, runs, map[logKey]*log{}, map[meter.ModelRef]bool{}, end}
}

// putRun notes where a run and sequence stand. Pages may be full as long as keys
// only grow, as they do while one run goes on; where keys come in between, a full
// page would be split by each of them.
func (w *writer) putRun(run string, sequence uint64, where place) error {
	key := runKey(run, sequence)
	if bytes.Compare(key, w.end) < 0 {
		w.runs.FillPercent = bolt.DefaultFillPercent
	}
	return w.runs.Put(key, where.encode(w.id))
}

// open returns this ledger's own log of a model.
func (w *writer) open(model meter.ModelRef) (*log, error) { return w.openLog(logKey{w.id, model}) }

// openLog returns a log, made if this is its first entry.
func (w *writer) openLog(key logKey) (*log, error) {
	model := key.model
	if have, found := w.logs[key]; found {
		return have, nil
	}
	bucket, err := w.logBucket(key)
	if err != nil {
		return nil, err
	}
	var parts [4]*bolt.Bucket
	for i, name := range []string{keyHeaders, keyBodies, keyTiles, keyCorrections} {
		if parts[i], err = bucket.CreateBucketIfNotExists([]byte(name)); err != nil {
			return nil, err
		}
		parts[i].FillPercent = 1 // keys only ever grow, so pages may be full
	}
	g := &log{origin: origin(key.id, model), bucket: bucket, headers: parts[0], bodies: parts[1], corrections: parts[3]}
	if g.tree, err = openTree(bucket, parts[2]); err != nil {
		return nil, fmt.Errorf("log of %s: %w", model, err)
	}
	if g.state, err = readState(bucket); err != nil {
		return nil, fmt.Errorf("log of %s: %w", model, err)
	}
	w.logs[key] = g
	return g, nil
}

func (w *writer) logBucket(key logKey) (*bolt.Bucket, error) {
	if key.id == w.id {
		return w.tx.Bucket([]byte(bucketLogs)).CreateBucketIfNotExists([]byte(key.model))
	}
	merged, err := w.tx.CreateBucketIfNotExists([]byte(bucketMerged))
	if err == nil {
		merged, err = merged.CreateBucketIfNotExists([]byte(key.model))
	}
	if err != nil {
		return nil, err
	}
	return merged.CreateBucketIfNotExists([]byte(key.id))
}

// flush writes what the logs kept.
func (w *writer) flush() error {
	for _, g := range w.logs {
		data, err := g.state.encode()
		if err != nil {
			return err
		}
		if err := errors.Join(g.tree.flush(g.bucket), g.bucket.Put([]byte(keyState), data)); err != nil {
			return err
		}
	}
	return nil
}

// append is [Ledger.Append] in a transaction.
func (w *writer) append(record meter.Record, data []byte) (Receipt, error) {
	digest := sha256.Sum256(data)
	at, found, err := w.find(record.Run, record.Sequence)
	if err != nil {
		return Receipt{}, err
	}
	if found {
		return w.retry(record, digest, at)
	}
	g, err := w.open(record.Model)
	if err != nil {
		return Receipt{}, err
	}
	if err := g.state.add(record); err != nil {
		return Receipt{}, err
	}
	index, err := g.put("record", data)
	if err != nil {
		return Receipt{}, err
	}
	where := place{digest, index, logKey{w.id, record.Model}}
	return Receipt{g.origin, index, true}, w.putRun(record.Run, record.Sequence, where)
}

// put adds an entry with the totals as they stand.
func (g *log) put(kind string, content []byte) (uint64, error) {
	body := entry.EncodeBody(kind, content, g.state.totals())
	stored := make([]byte, saltSize, saltSize+len(body))
	rand.Read(stored) // never fails: crypto/rand crashes the program instead
	index := g.tree.size()
	header := proof.Header{Origin: g.origin, Index: index, Commitment: proof.Commit(stored, body)}.Encode()
	if err := g.headers.Put(indexKey(index), header); err != nil {
		return 0, err
	}
	if err := g.bodies.Put(indexKey(index), append(stored, body...)); err != nil {
		return 0, err
	}
	return index, g.tree.grow(header)
}

func indexKey(index uint64) []byte { return binary.BigEndian.AppendUint64(nil, index) }

func runKey(run string, sequence uint64) []byte {
	return binary.BigEndian.AppendUint64(append([]byte(run), 0), sequence)
}

// find looks a record up by run and sequence.
func (w *writer) find(run string, sequence uint64) (place, bool, error) {
	return placeOf(w.runs, w.id, run, sequence)
}

// retry answers a record whose run and sequence stand in the ledger: it is the
// one that was appended, or one that superseded it, or a conflict.
func (w *writer) retry(record meter.Record, digest [hashSize]byte, at place) (Receipt, error) {
	if digest == at.digest {
		return Receipt{origin(at.id, at.model), at.index, false}, nil
	}
	g, err := w.openLog(at.logKey)
	if err != nil {
		return Receipt{}, err
	}
	versions, err := g.versions(at.index)
	if err != nil {
		return Receipt{}, err
	}
	for _, v := range versions {
		if held := v.Held(); held != nil && sameRecord(*held, digest) {
			return Receipt{g.origin, v.Index, false}, nil
		}
	}
	return Receipt{}, &ConflictError{record.Run, record.Sequence, at.model, versions[len(versions)-1].Index}
}

func sameRecord(r meter.Record, digest [hashSize]byte) bool {
	data, err := r.Encode()
	return err == nil && sha256.Sum256(data) == digest
}
