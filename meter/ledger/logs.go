package ledger

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/hex"
	"fmt"

	bolt "go.etcd.io/bbolt"

	"github.com/weighbridge/weighbridge/meter"
)

// logKey names one log in the file: that of a model in the ledger of an id. The
// file's own id stands for the logs that this ledger writes; others were merged.
type logKey struct {
	id    string
	model meter.ModelRef
}

// place is where a (run, sequence) was first recorded.
type place struct {
	digest [hashSize]byte
	index  uint64
	logKey
}

// encode leaves the id out where it is the file's own.
func (p place) encode(own string) []byte {
	value := append(binary.BigEndian.AppendUint64(p.digest[:], p.index), p.model...)
	if p.id != own {
		value = append(append(value, 0), p.id...)
	}
	return value
}

func placeOf(runs *bolt.Bucket, own, run string, sequence uint64) (place, bool, error) {
	value := runs.Get(runKey(run, sequence))
	if value == nil {
		return place{}, false, nil
	}
	if len(value) <= hashSize+8 {
		return place{}, false, fmt.Errorf("record %s/%d: its place in the ledger is damaged; run weighbridge check", run, sequence)
	}
	model, id, merged := bytes.Cut(value[hashSize+8:], []byte{0})
	if !merged {
		id = []byte(own)
	}
	return place{[hashSize]byte(value[:hashSize]), binary.BigEndian.Uint64(value[hashSize:]), logKey{string(id), meter.ModelRef(model)}}, true, nil
}

// logBucket returns the bucket of a log, or nil when there is none.
func logBucket(tx *bolt.Tx, own string, key logKey) *bolt.Bucket {
	if key.id == own {
		return tx.Bucket([]byte(bucketLogs)).Bucket([]byte(key.model))
	}
	if merged := tx.Bucket([]byte(bucketMerged)); merged != nil {
		if logs := merged.Bucket([]byte(key.model)); logs != nil {
			return logs.Bucket([]byte(key.id))
		}
	}
	return nil
}

// modelLog is one of the logs of a model, as a reader finds it.
type modelLog struct {
	*log
	id string
}

// logsOf returns the logs of a model: this ledger's own first, then the merged
// ones in the order of their ledgers' ids.
func logsOf(tx *bolt.Tx, own string, model meter.ModelRef) []modelLog {
	found := closedLogsOf(tx, own, model)
	for _, g := range found {
		g.headers, g.bodies, g.corrections = g.bucket.Bucket([]byte(keyHeaders)), g.bucket.Bucket([]byte(keyBodies)), g.bucket.Bucket([]byte(keyCorrections))
	}
	return found
}

// closedLogsOf is logsOf for who needs no entries: heads and states stand in a
// log's own bucket, and opening three more takes longer than reading them.
func closedLogsOf(tx *bolt.Tx, own string, model meter.ModelRef) []modelLog {
	var found []modelLog
	add := func(id string, b *bolt.Bucket) {
		found = append(found, modelLog{id: id, log: &log{origin: origin(id, model), bucket: b}})
	}
	if b := tx.Bucket([]byte(bucketLogs)).Bucket([]byte(model)); b != nil {
		add(own, b)
	}
	if merged := tx.Bucket([]byte(bucketMerged)); merged != nil {
		if logs := merged.Bucket([]byte(model)); logs != nil {
			logs.ForEachBucket(func(id []byte) error { add(string(id), logs.Bucket(id)); return nil })
		}
	}
	return found
}

// copyPlace is one of the places of a record that stands in several logs.
type copyPlace struct {
	id    string
	index uint64
}

const copySize = 16 + 8 // raw id, index

func encodeCopies(places []copyPlace) ([]byte, error) {
	var out []byte
	for _, p := range places {
		raw, err := hex.DecodeString(p.id)
		if err != nil || len(raw) != 16 {
			return nil, fmt.Errorf("ledger id %.60q: expected 32 hexadecimal digits", p.id)
		}
		out = binary.BigEndian.AppendUint64(append(out, raw...), p.index)
	}
	return out, nil
}

func decodeCopies(value []byte) []copyPlace {
	var places []copyPlace
	for ; len(value) >= copySize; value = value[copySize:] {
		places = append(places, copyPlace{hex.EncodeToString(value[:16]), binary.BigEndian.Uint64(value[16:])})
	}
	return places
}

// telling is what one log says of a piece of work: its versions, oldest first.
type telling struct {
	copyPlace
	versions []Entry
}

// net is the record that counts in this log, or nil for a void.
func (t telling) net() *meter.Record { return t.versions[len(t.versions)-1].Held() }

// begins reports whether every version of t stands in u too, in the same place:
// u says the same, and perhaps more.
func (t telling) begins(u telling) bool {
	if len(t.versions) > len(u.versions) {
		return false
	}
	for i, v := range t.versions {
		a, b := v.Held(), u.versions[i].Held()
		if (a == nil) != (b == nil) || a != nil && !sameEncoding(*a, *b) {
			return false
		}
	}
	return true
}

// ContradictionError reports a piece of work that stands in several logs and was
// corrected in two of them in different ways.
type ContradictionError struct {
	Model    meter.ModelRef
	Run      string
	Sequence uint64
	Origins  [2]string
}

func (e *ContradictionError) Error() string {
	return fmt.Sprintf("record %s/%d of %s was corrected in one way in %s and in another in %s; make the same correction in both ledgers, then merge them in one command",
		e.Run, e.Sequence, e.Model, e.Origins[0], e.Origins[1])
}

// decide says which of the tellings of one piece counts: the one that says most,
// of equal ones that of the lowest place. Every other one must say the beginning
// of the same.
func decide(model meter.ModelRef, tellings []telling) (counts int, err error) {
	for i, t := range tellings {
		if cmp.Or(-cmp.Compare(len(t.versions), len(tellings[counts].versions)), cmp.Compare(t.id, tellings[counts].id)) < 0 {
			counts = i
		}
	}
	for _, t := range tellings {
		if best := tellings[counts]; !t.begins(best) {
			first := t.versions[0].Record
			return 0, &ContradictionError{model, first.Run, first.Sequence, [2]string{origin(t.id, model), origin(best.id, model)}}
		}
	}
	return counts, nil
}

// forEachCopied calls f with every piece of a model that stands in several logs.
func forEachCopied(tx *bolt.Tx, model meter.ModelRef, logs []modelLog, f func(tellings []telling, counts int) error) error {
	copies := tx.Bucket([]byte(bucketCopies))
	if copies == nil || copies.Bucket([]byte(model)) == nil {
		return nil
	}
	return copies.Bucket([]byte(model)).ForEach(func(_, value []byte) error {
		var tellings []telling
		for _, p := range decodeCopies(value) {
			for _, g := range logs {
				if g.id != p.id {
					continue
				}
				versions, err := g.versions(p.index)
				if err != nil {
					return err
				}
				if versions[0].Record == nil {
					return fmt.Errorf("%s entry %d: expected a record; run weighbridge check", g.origin, p.index)
				}
				tellings = append(tellings, telling{p, versions})
			}
		}
		if len(tellings) < 2 {
			return fmt.Errorf("the index of copies of %s names logs that are not there; run weighbridge check", model)
		}
		counts, err := decide(model, tellings)
		if err != nil {
			return err
		}
		return f(tellings, counts)
	})
}
