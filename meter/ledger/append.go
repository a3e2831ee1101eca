package ledger

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/rfc6962"
	bolt "go.etcd.io/bbolt"

	"github.com/weighbridge/weighbridge/meter"
)

// Receipt says where a record stands.
type Receipt struct {
	Origin string
	Index  uint64
	New    bool // false when the same record stood there already
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
	return fmt.Sprintf("record %s/%d stands in the ledger with other contents (%s, entry %d); a record is never changed: give the new one its own sequence or correct the old one",
		e.Run, e.Sequence, e.Model, e.Index)
}

// state is what a reader needs of a model without reading its entries.
type state struct {
	Totals  []Total        `json:"totals"`
	Parents []meter.Parent `json:"parents"`
}

// Append adds a record to the log of its model. When it returns without error
// the record is on disk. It is idempotent by run and sequence; other contents
// under the same two are a [*ConflictError].
func (l *Ledger) Append(record meter.Record) (Receipt, error) {
	data, err := record.Encode()
	if err != nil {
		return Receipt{}, err
	}
	var receipt Receipt
	err = l.db.Batch(func(tx *bolt.Tx) error {
		found, receiptOf, err := l.find(tx, record, data)
		if receipt = receiptOf; err != nil || found {
			return err
		}
		receipt, err = l.write(tx, record, data)
		return err
	})
	return receipt, err
}

func runKey(run string, sequence uint64) []byte {
	return binary.BigEndian.AppendUint64(append([]byte(run), 0), sequence)
}

// find looks a record up by run and sequence.
func (l *Ledger) find(tx *bolt.Tx, record meter.Record, data []byte) (bool, Receipt, error) {
	value := tx.Bucket([]byte(bucketRuns)).Get(runKey(record.Run, record.Sequence))
	if value == nil {
		return false, Receipt{}, nil
	}
	if len(value) < hashSize+8 {
		return true, Receipt{}, fmt.Errorf("record %s/%d: its place in the ledger is damaged; run weighbridge check", record.Run, record.Sequence)
	}
	model := meter.ModelRef(value[hashSize+8:])
	index := binary.BigEndian.Uint64(value[hashSize:])
	if digest := sha256.Sum256(data); !bytes.Equal(value[:hashSize], digest[:]) {
		return true, Receipt{}, &ConflictError{record.Run, record.Sequence, model, index}
	}
	return true, Receipt{Origin: origin(l.id, model), Index: index}, nil
}

// write puts the entry, its tiles, the head, the totals and the index of runs.
func (l *Ledger) write(tx *bolt.Tx, record meter.Record, data []byte) (Receipt, error) {
	log, err := openLog(tx, record.Model)
	if err != nil {
		return Receipt{}, err
	}
	st, err := readState(log)
	if err != nil {
		return Receipt{}, err
	}
	if err := st.add(record); err != nil {
		return Receipt{}, err
	}
	body, err := encodeBody(data, activityTotals(st.Totals))
	if err != nil {
		return Receipt{}, err
	}
	salt := make([]byte, saltSize)
	rand.Read(salt) // never fails: crypto/rand crashes the program instead
	index := headSize(log)
	receipt := Receipt{origin(l.id, record.Model), index, true}
	header := encodeHeader(receipt.Origin, index, commit(salt, body))
	key := binary.BigEndian.AppendUint64(nil, index)
	digest := sha256.Sum256(data)
	where := append(append(digest[:], key...), record.Model...)
	for _, put := range []struct {
		bucket *bolt.Bucket
		key    []byte
		value  []byte
	}{
		{log.Bucket([]byte(keyHeaders)), key, header},
		{log.Bucket([]byte(keyBodies)), key, append(salt, body...)},
		{tx.Bucket([]byte(bucketRuns)), runKey(record.Run, record.Sequence), where},
	} {
		if err := put.bucket.Put(put.key, put.value); err != nil {
			return Receipt{}, err
		}
	}
	if err := st.put(log); err != nil {
		return Receipt{}, err
	}
	return receipt, grow(log, index, header)
}

// openLog returns the bucket of a model's log, made if it is the first entry.
func openLog(tx *bolt.Tx, model meter.ModelRef) (*bolt.Bucket, error) {
	log, err := tx.Bucket([]byte(bucketLogs)).CreateBucketIfNotExists([]byte(model))
	if err != nil {
		return nil, err
	}
	for _, name := range []string{keyHeaders, keyBodies, keyTiles} {
		if _, err := log.CreateBucketIfNotExists([]byte(name)); err != nil {
			return nil, err
		}
	}
	return log, nil
}

func headSize(log *bolt.Bucket) uint64 {
	head := log.Get([]byte(keyHead))
	if len(head) != 8+hashSize {
		return 0
	}
	return binary.BigEndian.Uint64(head)
}

// grow adds the leaf of an entry to the tree (RFC 6962, section 2.1).
func grow(log *bolt.Bucket, size uint64, header []byte) error {
	factory := compact.RangeFactory{Hash: rfc6962.DefaultHasher.HashChildren}
	tree, err := factory.NewRange(0, size, chunks(log.Get([]byte(keyFrontier))))
	if err != nil {
		return fmt.Errorf("tree of %d entries: %w; run weighbridge check", size, err)
	}
	var failed error
	leaf := rfc6962.DefaultHasher.HashLeaf(header)
	if err := tree.Append(leaf, func(id compact.NodeID, hash []byte) {
		if failed == nil && id.Level%8 == 0 {
			failed = extendTile(log.Bucket([]byte(keyTiles)), uint8(id.Level/8), id.Index, hash)
		}
	}); err != nil || failed != nil {
		return fmt.Errorf("tree of %d entries: %w", size, orElse(err, failed))
	}
	root, err := tree.GetRootHash(nil)
	if err != nil {
		return err
	}
	if err := log.Put([]byte(keyFrontier), slices.Concat(tree.Hashes()...)); err != nil {
		return err
	}
	return log.Put([]byte(keyHead), append(binary.BigEndian.AppendUint64(nil, size+1), root...))
}

func orElse(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

func tileKey(level uint8, tile uint64) []byte {
	return binary.BigEndian.AppendUint64([]byte{level}, tile)
}

// extendTile adds the hash of node index to its tile.
func extendTile(tiles *bolt.Bucket, level uint8, index uint64, hash []byte) error {
	key := tileKey(level, index/tileSize)
	have := tiles.Get(key)
	if uint64(len(have)) != index%tileSize*hashSize {
		return fmt.Errorf("tile %d/%d: found %d bytes, expected %d; run weighbridge check", level, index/tileSize, len(have), index%tileSize*hashSize)
	}
	return tiles.Put(key, slices.Concat(have, hash))
}

func chunks(data []byte) [][]byte {
	return slices.Collect(slices.Chunk(bytes.Clone(data), hashSize))
}

func readState(log *bolt.Bucket) (state, error) {
	var st state
	data := log.Get([]byte(keyState))
	if data == nil {
		return st, nil
	}
	if err := json.Unmarshal(data, &st); err != nil {
		return st, fmt.Errorf("totals: %w; run weighbridge check", err)
	}
	return st, nil
}

func (st *state) put(log *bolt.Bucket) error {
	data, err := json.Marshal(st)
	if err != nil {
		return err
	}
	return log.Put([]byte(keyState), data)
}

// add takes a record into the running totals and the parents.
func (st *state) add(record meter.Record) error {
	added := Total{record.Activity, record.Operations, 1, record.Grade}
	at := slices.IndexFunc(st.Totals, func(t Total) bool { return t.Activity == record.Activity })
	if at < 0 {
		st.Totals = append(st.Totals, added)
	} else {
		have := st.Totals[at]
		sum, err := have.Operations.Add(added.Operations)
		if err != nil {
			return fmt.Errorf("total of %s: %w", record.Activity, err)
		}
		st.Totals[at] = Total{record.Activity, sum, have.Records + 1, meter.LowestGrade(have.Grade, record.Grade)}
	}
	for _, p := range record.Parents {
		if !slices.Contains(st.Parents, p) {
			st.Parents = append(st.Parents, p)
		}
	}
	return nil
}

func activityTotals(totals []Total) []meter.ActivityTotal {
	out := make([]meter.ActivityTotal, len(totals))
	for i, t := range totals {
		out[i] = meter.ActivityTotal(t)
	}
	return out
}
