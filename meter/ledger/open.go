package ledger

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	bolt "go.etcd.io/bbolt"
)

// Ledger is an open ledger. It holds the file's lock until [Ledger.Close]:
// open it, do one thing, close it.
type Ledger struct {
	db *bolt.DB
	id string
}

// Options say how to open a ledger.
type Options struct {
	// ReadOnly opens an existing file with a shared lock and changes nothing.
	ReadOnly bool
	// LockTimeout is how long to wait for another process's lock; 0 waits one second.
	LockTimeout time.Duration
}

// Open opens the ledger at path, or makes a new one unless ReadOnly is set. It
// refuses a network file system, where neither locks nor fsync can be relied
// on, a file of another schema, and a file that another process holds, which it
// names.
func Open(path string, options Options) (*Ledger, error) {
	if err := refuseNetwork(filepath.Dir(path)); err != nil {
		return nil, err
	}
	if _, err := os.Stat(path); err != nil {
		if options.ReadOnly || !errors.Is(err, os.ErrNotExist) {
			return nil, fmt.Errorf("ledger %s: %w; record something first, or name another ledger with --ledger", path, err)
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return nil, fmt.Errorf("ledger %s: %w; name a writable place with --ledger", path, err)
		}
		if err := create(path); err != nil {
			return nil, err
		}
	}
	db, err := openFile(path, options)
	if err != nil {
		return nil, err
	}
	l := &Ledger{db: db}
	if err := l.identify(path); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return l, nil
}

// openFile turns bbolt's panics on a damaged page into errors.
func openFile(path string, options Options) (db *bolt.DB, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &DamageError{Path: path, Found: fmt.Sprint(p)}
		}
	}()
	timeout := options.LockTimeout
	if timeout == 0 {
		timeout = time.Second
	}
	db, err = bolt.Open(path, 0o600, &bolt.Options{Timeout: timeout, ReadOnly: options.ReadOnly, FreelistType: bolt.FreelistMapType})
	switch {
	case err == nil:
		return db, nil
	case errors.Is(err, bolt.ErrTimeout):
		return nil, fmt.Errorf("ledger %s: locked by %s; wait for it to end and try again", path, lockHolder(path))
	case errors.Is(err, bolt.ErrInvalid), errors.Is(err, bolt.ErrChecksum), errors.Is(err, bolt.ErrVersionMismatch):
		return nil, &DamageError{Path: path, Found: err.Error()}
	}
	return nil, fmt.Errorf("ledger %s: %w; check the path and its permissions, or name another with --ledger", path, err)
}

// DamageError reports a file that cannot be read as a ledger.
type DamageError struct {
	Path  string
	Found string
}

func (e *DamageError) Error() string {
	return fmt.Sprintf("ledger %s is damaged or no ledger: %s; nothing was changed: keep the file, and restore a copy of it", e.Path, e.Found)
}

// identify checks the schema and reads the ledger's id.
func (l *Ledger) identify(path string) error {
	return l.db.View(func(tx *bolt.Tx) error {
		meta := tx.Bucket([]byte(bucketMeta))
		if meta == nil {
			return &DamageError{Path: path, Found: "a bbolt file without the bucket " + bucketMeta}
		}
		if found := string(meta.Get([]byte(keySchema))); found != Schema {
			return fmt.Errorf("ledger %s: found schema %q, expected %q: it was written by another version; use that version, nothing was changed", path, found, Schema)
		}
		l.id = string(meta.Get([]byte(keyID)))
		return nil
	})
}

// create makes a new ledger under another name and links it to its own, so that
// a crash at any moment leaves either no ledger or a whole one, and two
// processes that create at once agree on the first.
func create(path string) error {
	draft, err := os.CreateTemp(filepath.Dir(path), ".ledger-*")
	if err != nil {
		return fmt.Errorf("ledger %s: %w; name a writable place with --ledger", path, err)
	}
	defer os.Remove(draft.Name())
	if err := draft.Close(); err != nil {
		return err
	}
	db, err := bolt.Open(draft.Name(), 0o600, nil)
	if err != nil {
		return fmt.Errorf("ledger %s: %w", path, err)
	}
	if err := errors.Join(db.Update(initialise), db.Close()); err != nil {
		return fmt.Errorf("ledger %s: %w", path, err)
	}
	if err := os.Link(draft.Name(), path); err != nil && !errors.Is(err, os.ErrExist) {
		return fmt.Errorf("ledger %s: %w", path, err)
	}
	return syncDirectory(filepath.Dir(path))
}

func initialise(tx *bolt.Tx) error {
	id := make([]byte, 16)
	rand.Read(id) // never fails: crypto/rand crashes the program instead
	for _, name := range []string{bucketMeta, bucketLogs, bucketRuns} {
		if _, err := tx.CreateBucket([]byte(name)); err != nil {
			return err
		}
	}
	meta := tx.Bucket([]byte(bucketMeta))
	return errors.Join(meta.Put([]byte(keySchema), []byte(Schema)), meta.Put([]byte(keyID), []byte(hex.EncodeToString(id))))
}

func syncDirectory(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// Close releases the file and its lock.
func (l *Ledger) Close() error { return l.db.Close() }
