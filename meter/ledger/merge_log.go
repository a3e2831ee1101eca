package ledger

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"

	bolt "go.etcd.io/bbolt"

	"github.com/weighbridge/weighbridge/meter/canonical"
	"github.com/weighbridge/weighbridge/meter/proof"
)

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
	return Merged{Origin: g.origin, Model: key.model, Size: g.tree.size(), New: g.tree.size() - have}, nil
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
	found, errFound := canonical.Encode(entry.Totals)
	want, errWant := canonical.Encode(g.state.totals())
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
		if err := w.putRun(r.Run, r.Sequence, here); err != nil {
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
	if held := old.Held(); held == nil || held.Run != c.Run || held.Sequence != c.Sequence || g.corrections.Get(at) != nil {
		return fmt.Errorf("%s entry %d: entry %d does not hold a record %s/%d that counts", g.origin, entry.Index, c.Entry, c.Run, c.Sequence)
	}
	if err := w.restate(g, *c, *old.Held()); err != nil {
		return err
	}
	w.touched[key.model] = true
	return g.corrections.Put(at, indexKey(entry.Index))
}
