package ledger

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	bolt "go.etcd.io/bbolt"

	"github.com/weighbridge/weighbridge/meter/entry"
	"github.com/weighbridge/weighbridge/meter/proof"
)

// MovedError reports a log of notes that has another number of entries than its
// writer had read: somebody else wrote to it since. Nothing was appended.
type MovedError struct {
	Log         string
	Size, Found uint64 // entries that the writer had read, and those that are there
}

func (e *MovedError) Error() string {
	return fmt.Sprintf("log %s has %d entries, %d were read before: somebody wrote to it in between; nothing was appended: read it again, then decide whether to do the same",
		e.Log, e.Found, e.Size)
}

// AppendNote adds a note to this ledger's own log of that name, which is made if
// this is its first ([ValidNoteLog] says what a name is). When it returns without
// error the note is on disk; with an error nothing of it is. Evidence that it
// names must be in the store already. The same note again is a new entry.
func (l *Ledger) AppendNote(log string, n Note) (Receipt, error) {
	return l.appendNote(log, nil, n)
}

// AppendNoteAfter is [Ledger.AppendNote] for a note that rests on what stood in
// the log before: when this ledger's own log does not have exactly size entries,
// it is a [*MovedError] and nothing is appended.
func (l *Ledger) AppendNoteAfter(log string, size uint64, n Note) (Receipt, error) {
	return l.appendNote(log, &size, n)
}

func (l *Ledger) appendNote(log string, size *uint64, n Note) (Receipt, error) {
	if n.Schema == "" {
		n.Schema = NoteSchema
	}
	body, err := entry.EncodeNoteBody(n)
	if err == nil {
		err = ValidNoteLog(log)
	}
	if err == nil { // what is written can be read: a text in it may not be UTF-8
		_, err = entry.ParseNoteBody(body)
	}
	if err != nil {
		return Receipt{}, fmt.Errorf("note for %s: %w", log, err)
	}
	for _, e := range n.Evidence {
		if err := l.evidence.holds(e); err != nil {
			return Receipt{}, fmt.Errorf("note for %s: %w; put it into the ledger's evidence store first", log, err)
		}
	}
	var receipt Receipt
	err = l.commit(func(w *writer) error {
		g, err := w.noteLog(log, w.id)
		if err != nil {
			return err
		}
		if size != nil && *size != g.tree.size() {
			return &MovedError{log, *size, g.tree.size()}
		}
		receipt = Receipt{g.origin, g.tree.size(), true}
		return g.append(body)
	})
	if err != nil {
		return Receipt{}, err
	}
	return receipt, nil
}

// noteLog is one log of notes during a change.
type noteLog struct {
	origin                  string
	bucket, headers, bodies *bolt.Bucket
	tree                    *tree
}

func noteOrigin(id, name string) string { return proof.Origin(id, name) }

// noteLog returns the log of notes of a name that the ledger of an id wrote,
// made if this is its first entry.
func (w *writer) noteLog(name, id string) (*noteLog, error) {
	bucket, err := w.tx.CreateBucketIfNotExists([]byte(bucketNotes))
	for _, key := range []string{name, id} {
		if err == nil {
			bucket, err = bucket.CreateBucketIfNotExists([]byte(key))
		}
	}
	if err != nil {
		return nil, err
	}
	var parts [3]*bolt.Bucket
	for i, key := range []string{keyHeaders, keyBodies, keyTiles} {
		if parts[i], err = bucket.CreateBucketIfNotExists([]byte(key)); err != nil {
			return nil, err
		}
	}
	tree, err := openTree(bucket, parts[2])
	if err != nil {
		return nil, fmt.Errorf("log %s: %w", name, err)
	}
	return &noteLog{noteOrigin(id, name), bucket, parts[0], parts[1], tree}, nil
}

// append adds a body under a new salt.
func (g *noteLog) append(body []byte) error {
	stored := make([]byte, saltSize, saltSize+len(body))
	rand.Read(stored) // never fails: crypto/rand crashes the program instead
	header := proof.Header{Origin: g.origin, Index: g.tree.size(), Commitment: proof.Commit(stored, body)}.Encode()
	return g.put(header, append(stored, body...))
}

// put adds an entry as it stands.
func (g *noteLog) put(header, stored []byte) error {
	key := indexKey(g.tree.size())
	if err := g.headers.Put(key, header); err != nil {
		return err
	}
	if err := g.bodies.Put(key, stored); err != nil {
		return err
	}
	if err := g.tree.grow(header); err != nil {
		return err
	}
	return g.tree.flush(g.bucket)
}

// NoteLogs returns the names of the logs of notes that begin with prefix, sorted
// bytewise. An old ledger has none.
func (l *Ledger) NoteLogs(prefix string) ([]string, error) {
	var names []string
	err := l.view(func(tx *bolt.Tx) error {
		notes := tx.Bucket([]byte(bucketNotes))
		if notes == nil {
			return nil
		}
		return notes.ForEachBucket(func(name []byte) error {
			if strings.HasPrefix(string(name), prefix) {
				names = append(names, string(name))
			}
			return nil
		})
	})
	return names, err
}

// Notes returns the notes of a name in order: this ledger's own log first, then
// those that were merged, in the order of their ledgers' ids. A name without a
// log has none.
func (l *Ledger) Notes(log string) ([]NoteEntry, error) {
	var entries []NoteEntry
	err := l.view(func(tx *bolt.Tx) error {
		return l.forEachNoteLog(tx, log, func(id string, bucket *bolt.Bucket) error {
			more, err := noteEntries(noteOrigin(id, log), bucket)
			entries = append(entries, more...)
			return err
		})
	})
	return entries, err
}

// NoteHeads returns the heads of the logs of notes of a name, in the order of
// [Ledger.Notes].
func (l *Ledger) NoteHeads(log string) ([]proof.Head, error) {
	var heads []proof.Head
	err := l.view(func(tx *bolt.Tx) error {
		return l.forEachNoteLog(tx, log, func(id string, bucket *bolt.Bucket) error {
			data := bucket.Get([]byte(keyHead))
			if len(data) != 8+hashSize {
				return fmt.Errorf("head of %s: found %d bytes, expected %d; run weighbridge check", noteOrigin(id, log), len(data), 8+hashSize)
			}
			heads = append(heads, proof.Head{Origin: noteOrigin(id, log), Size: binary.BigEndian.Uint64(data), Root: [hashSize]byte(data[8:])})
			return nil
		})
	})
	return heads, err
}

// NoteOrigin returns the origin of the log of notes of a name that this ledger
// writes itself; those of other origins were merged and are only read.
func (l *Ledger) NoteOrigin(log string) string { return noteOrigin(l.id, log) }

// forEachNoteLog calls f with the logs of a name, the ledger's own first.
func (l *Ledger) forEachNoteLog(tx *bolt.Tx, name string, f func(id string, bucket *bolt.Bucket) error) error {
	notes := tx.Bucket([]byte(bucketNotes))
	if notes == nil || notes.Bucket([]byte(name)) == nil {
		return nil
	}
	logs := notes.Bucket([]byte(name))
	var ids []string
	if err := logs.ForEachBucket(func(id []byte) error { ids = append(ids, string(id)); return nil }); err != nil {
		return err
	}
	if at := slices.Index(ids, l.id); at > 0 {
		ids = slices.Insert(slices.Delete(ids, at, at+1), 0, l.id)
	}
	for _, id := range ids {
		if err := f(id, logs.Bucket([]byte(id))); err != nil {
			return err
		}
	}
	return nil
}

func noteEntries(origin string, bucket *bolt.Bucket) ([]NoteEntry, error) {
	headers, bodies := bucket.Bucket([]byte(keyHeaders)), bucket.Bucket([]byte(keyBodies))
	if headers == nil || bodies == nil {
		return nil, fmt.Errorf("%s: expected headers and bodies; run weighbridge check", origin)
	}
	var entries []NoteEntry
	err := bodies.ForEach(func(key, stored []byte) error {
		entry, err := decodeNote(key, headers.Get(key), stored)
		if err == nil && entry.Origin != origin {
			err = fmt.Errorf("found the header of %s", entry.Origin)
		}
		if err != nil {
			return damagedEntry(origin, key, err)
		}
		entries = append(entries, entry)
		return nil
	})
	return entries, err
}

// decodeNote reads a stored note and holds the body against its header.
func decodeNote(key, head, stored []byte) (NoteEntry, error) {
	h, body, err := openEntry(key, head, stored)
	if err != nil {
		return NoteEntry{}, err
	}
	note, err := entry.ParseNoteBody(body)
	return NoteEntry{h.Origin, h.Index, note}, err
}
