package ledger

import (
	"bytes"
	"encoding/binary"
	"fmt"

	bolt "go.etcd.io/bbolt"
)

// allNoteLogs calls f with every log of notes in the file.
func allNoteLogs(tx *bolt.Tx, f func(name, id string, bucket *bolt.Bucket) error) error {
	notes := tx.Bucket([]byte(bucketNotes))
	if notes == nil {
		return nil
	}
	return notes.ForEachBucket(func(name []byte) error {
		logs := notes.Bucket(name)
		return logs.ForEachBucket(func(id []byte) error { return f(string(name), string(id), logs.Bucket(id)) })
	})
}

// takeNoteEvidence copies the evidence that the other ledger's notes name.
func (l *Ledger) takeNoteEvidence(source *Ledger) error {
	return source.view(func(tx *bolt.Tx) error {
		return allNoteLogs(tx, func(name, id string, bucket *bolt.Bucket) error {
			entries, err := noteEntries(noteOrigin(id, name), bucket)
			for _, e := range entries {
				if err == nil {
					err = l.takeFiles(source, e.Note.Evidence)
				}
			}
			return err
		})
	})
}

// unionNotes takes over every log of notes of another ledger, as L21 and L22 say.
func (w *writer) unionNotes(source *Ledger) ([]Merged, error) {
	var merged []Merged
	err := source.view(func(tx *bolt.Tx) error {
		return allNoteLogs(tx, func(name, id string, bucket *bolt.Bucket) error {
			one, err := w.takeNotes(name, id, bucket, source.path)
			merged = append(merged, one)
			return err
		})
	})
	return merged, err
}

// takeNotes makes a log of notes here as long as the one there, if it is the
// beginning of it.
func (w *writer) takeNotes(name, id string, there *bolt.Bucket, path string) (Merged, error) {
	g, err := w.noteLog(name, id)
	if err != nil {
		return Merged{}, err
	}
	entries, err := noteEntries(g.origin, there)
	if err != nil {
		return Merged{}, fmt.Errorf("merge from ledger %s: %w", path, err)
	}
	headers, bodies := there.Bucket([]byte(keyHeaders)), there.Bucket([]byte(keyBodies))
	have, theirs := g.tree.size(), newTree()
	for index := range uint64(len(entries)) {
		key := indexKey(index)
		header := headers.Get(key)
		if index < have && !bytes.Equal(g.headers.Get(key), header) {
			return Merged{}, noteFork(g, headers, index, path)
		}
		if err := theirs.grow(header); err != nil {
			return Merged{}, err
		}
		if index >= have {
			if err := g.put(header, bodies.Get(key)); err != nil {
				return Merged{}, err
			}
		}
	}
	root, err := theirs.nodes.GetRootHash(nil)
	if head := there.Get([]byte(keyHead)); err != nil || len(head) != 8+hashSize || !bytes.Equal(head[8:], root) {
		return Merged{}, &DamageError{Path: path, Code: "root-differs", Found: fmt.Sprintf("%s: its entries do not give the root of its head", g.origin)}
	}
	return Merged{Origin: g.origin, Notes: name, Size: g.tree.size(), New: g.tree.size() - have}, nil
}

// noteFork tells two logs of one origin apart at the size of the shorter one.
func noteFork(g *noteLog, there *bolt.Bucket, first uint64, path string) error {
	size := g.tree.size()
	if k, _ := there.Cursor().Last(); len(k) == 8 {
		size = min(size, binary.BigEndian.Uint64(k)+1)
	}
	here, err := rootAt(g.headers, size)
	if err != nil {
		return err
	}
	other, err := rootAt(there, size)
	if err != nil {
		return err
	}
	return &ForkError{g.origin, size, here, other, first, path}
}
