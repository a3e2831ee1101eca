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
	err := l.db.View(func(tx *bolt.Tx) error {
		log := tx.Bucket([]byte(bucketLogs)).Bucket([]byte(model))
		if log == nil {
			return nil
		}
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

// Node returns a model's own totals and parents, or false when the ledger has
// no record of it.
func (l *Ledger) Node(model meter.ModelRef) (meter.Node, bool, error) {
	var node meter.Node
	var found bool
	err := l.db.View(func(tx *bolt.Tx) error {
		log := tx.Bucket([]byte(bucketLogs)).Bucket([]byte(model))
		if log == nil {
			return nil
		}
		st, err := readState(log)
		found = true
		node = meter.Node{Model: model, Own: activityTotals(st.Totals), Parents: st.Parents}
		return err
	})
	return node, found, err
}

// Records returns the records of a model in the order they were appended.
func (l *Ledger) Records(model meter.ModelRef) ([]meter.Record, error) {
	var records []meter.Record
	err := l.db.View(func(tx *bolt.Tx) error {
		log := tx.Bucket([]byte(bucketLogs)).Bucket([]byte(model))
		if log == nil {
			return nil
		}
		return log.Bucket([]byte(keyBodies)).ForEach(func(key, stored []byte) error {
			body, err := decodeBody(stored)
			if err != nil {
				return fmt.Errorf("%s entry %d: %w; run weighbridge check", model, binary.BigEndian.Uint64(key), err)
			}
			record, err := meter.ParseRecord(body.Record)
			records = append(records, record)
			return err
		})
	})
	return records, err
}
