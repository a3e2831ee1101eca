package ledger

import (
	"encoding/binary"
	"fmt"

	bolt "go.etcd.io/bbolt"

	"github.com/weighbridge/weighbridge/meter"
)

// Head is the state of one log: exactly Size entries under Root.
type Head struct {
	Origin string
	Size   uint64
	Root   [hashSize]byte
}

// Head returns the head of a model's log, or false when there is none.
func (l *Ledger) Head(model meter.ModelRef) (Head, bool, error) {
	var head Head
	var found bool
	err := l.read(model, func(log *bolt.Bucket) error {
		data := log.Get([]byte(keyHead))
		if len(data) != 8+hashSize {
			return fmt.Errorf("head of %s: found %d bytes, expected %d; run weighbridge check", model, len(data), 8+hashSize)
		}
		found = true
		head = Head{Origin: origin(l.id, model), Size: binary.BigEndian.Uint64(data)}
		copy(head.Root[:], data[8:])
		return nil
	})
	return head, found, err
}

// Models returns the models that have a log, sorted bytewise.
func (l *Ledger) Models() ([]meter.ModelRef, error) {
	var models []meter.ModelRef
	err := l.view(func(tx *bolt.Tx) error {
		return tx.Bucket([]byte(bucketLogs)).ForEachBucket(func(name []byte) error {
			models = append(models, meter.ModelRef(name))
			return nil
		})
	})
	return models, err
}

// Node returns a model's own totals and parents, net of corrections, or false
// when the ledger has no log of it.
func (l *Ledger) Node(model meter.ModelRef) (meter.Node, bool, error) {
	var node meter.Node
	var found bool
	err := l.read(model, func(log *bolt.Bucket) error {
		st, err := readState(log)
		found = true
		node = meter.Node{Model: model, Parents: st.parents()}
		for _, t := range st.totals() {
			node.Own = append(node.Own, meter.ActivityTotal(t))
		}
		return err
	})
	return node, found, err
}

// Entries returns everything in a model's log, in order: what was corrected,
// and the corrections.
func (l *Ledger) Entries(model meter.ModelRef) ([]Entry, error) {
	var entries []Entry
	err := l.read(model, func(log *bolt.Bucket) error {
		headers := log.Bucket([]byte(keyHeaders))
		return log.Bucket([]byte(keyBodies)).ForEach(func(key, stored []byte) error {
			entry, err := decodeEntry(key, headers.Get(key), stored)
			if err != nil {
				return fmt.Errorf("%s entry %x: %w; run weighbridge check", model, key, err)
			}
			entries = append(entries, entry)
			return nil
		})
	})
	return entries, err
}

// Records returns the records that count, in the order they were appended: one
// that was superseded is replaced in its place, one that was voided is gone.
func (l *Ledger) Records(model meter.ModelRef) ([]meter.Record, error) {
	entries, err := l.Entries(model)
	if err != nil {
		return nil, err
	}
	var slots []*meter.Record
	slot := map[uint64]int{} // entry -> its place in slots
	for _, e := range entries {
		if e.Record != nil {
			slot[e.Index] = len(slots)
			slots = append(slots, e.Record)
			continue
		}
		at, found := slot[e.Correction.Entry]
		if !found {
			return nil, fmt.Errorf("%s entry %d corrects entry %d, which holds no record; run weighbridge check", model, e.Index, e.Correction.Entry)
		}
		slot[e.Index] = at
		slots[at] = e.Correction.Record
	}
	var records []meter.Record
	for _, r := range slots {
		if r != nil {
			records = append(records, *r)
		}
	}
	return records, nil
}

// Find returns the record of a run and sequence as it was first recorded,
// whatever was corrected since, or false when the ledger has none.
func (l *Ledger) Find(run string, sequence uint64) (meter.Record, bool, error) {
	var record meter.Record
	var found bool
	err := l.view(func(tx *bolt.Tx) error {
		at, known, err := placeOf(tx.Bucket([]byte(bucketRuns)), run, sequence)
		if err != nil || !known {
			return err
		}
		log := tx.Bucket([]byte(bucketLogs)).Bucket([]byte(at.model))
		if log == nil {
			return fmt.Errorf("record %s/%d: the index names a log of %s, which is not there; run weighbridge check", run, sequence, at.model)
		}
		key := indexKey(at.index)
		entry, err := decodeEntry(key, log.Bucket([]byte(keyHeaders)).Get(key), log.Bucket([]byte(keyBodies)).Get(key))
		if err != nil || entry.Record == nil {
			return fmt.Errorf("%s entry %d: expected record %s/%d (%v); run weighbridge check", at.model, at.index, run, sequence, err)
		}
		record, found = *entry.Record, true
		return nil
	})
	return record, found, err
}

// read gives a model's log to f, or does nothing when there is none.
func (l *Ledger) read(model meter.ModelRef, f func(*bolt.Bucket) error) error {
	return l.view(func(tx *bolt.Tx) error {
		if log := tx.Bucket([]byte(bucketLogs)).Bucket([]byte(model)); log != nil {
			return f(log)
		}
		return nil
	})
}
