package ledger

import (
	"bytes"
	"fmt"
	"strings"

	bolt "go.etcd.io/bbolt"

	"github.com/weighbridge/weighbridge/meter/entry"
	"github.com/weighbridge/weighbridge/meter/proof"
)

// Raw is an entry as it is stored, to the byte: the header that the tree hashes,
// and the salt and the body that the header commits to.
type Raw struct {
	Header, Salt, Body []byte
}

// Raw calls each with the first size entries of a log, of records or of notes, in
// order; the log is named by its origin. The slices are the callee's to keep.
// Nothing is checked: whoever reads them proves them (SPEC.md, L3 to L7).
func (l *Ledger) Raw(origin string, size uint64, each func(Raw) error) error {
	id, name, _ := proof.ParseOrigin(origin)
	if strings.Contains(name, "@") { // a model; never in the name of a log of notes
		return l.proving(origin, func(g *log, _ *bolt.Bucket, _ proof.Head) error {
			return raw(origin, g.headers, g.bodies, size, each)
		})
	}
	found := false
	err := l.view(func(tx *bolt.Tx) error {
		return l.forEachNoteLog(tx, name, func(of string, bucket *bolt.Bucket) error {
			if of != id {
				return nil
			}
			found = true
			return raw(origin, bucket.Bucket([]byte(keyHeaders)), bucket.Bucket([]byte(keyBodies)), size, each)
		})
	})
	if err == nil && !found {
		err = fmt.Errorf("the ledger has no log %s", origin)
	}
	return err
}

// RawAt returns one entry of a log of records as [Ledger.Raw] does.
func (l *Ledger) RawAt(origin string, index uint64) (Raw, error) {
	var out Raw
	err := l.proving(origin, func(g *log, _ *bolt.Bucket, _ proof.Head) (err error) {
		out, err = rawAt(origin, g.headers, g.bodies, index)
		return err
	})
	return out, err
}

func raw(origin string, headers, bodies *bolt.Bucket, size uint64, each func(Raw) error) error {
	for index := range size {
		entry, err := rawAt(origin, headers, bodies, index)
		if err == nil {
			err = each(entry)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func rawAt(origin string, headers, bodies *bolt.Bucket, index uint64) (Raw, error) {
	header, stored := headers.Get(indexKey(index)), bodies.Get(indexKey(index))
	if header == nil || len(stored) < saltSize {
		return Raw{}, &DamageError{Code: "body-missing", Found: fmt.Sprintf("entry %d of %s is not there, or not whole", index, origin)}
	}
	return Raw{bytes.Clone(header), bytes.Clone(stored[:saltSize]), bytes.Clone(stored[saltSize:])}, nil
}

// ParseBody reads the body of an entry of records, in its one encoding.
func ParseBody(data []byte) (Entry, error) { return entry.ParseBody(data) }
