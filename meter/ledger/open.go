package ledger

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	bolt "go.etcd.io/bbolt"
)

// Ledger is an open ledger. It holds the file's lock until [Ledger.Close]:
// open it, do one thing, close it. Its methods may be called from many
// goroutines at once.
type Ledger struct {
	db       *bolt.DB
	id       string
	path     string
	readOnly bool
	evidence EvidenceStore
	queue    queue
}

// Options say how to open a ledger.
type Options struct {
	// ReadOnly opens an existing file with a shared lock and changes nothing.
	ReadOnly bool
	// LockTimeout is how long to wait for another process's lock; 0 waits ten
	// seconds, many times longer than any command of ours holds it.
	LockTimeout time.Duration
}

const defaultLockTimeout = 10 * time.Second

// Open opens the ledger at path, or makes a new one unless ReadOnly is set. It
// refuses a network file system, where neither locks nor fsync can be relied
// on, a file of another schema, a damaged one (a [*DamageError]), and a file
// that another process holds, which it names.
func Open(path string, options Options) (*Ledger, error) {
	if err := locate(path, options); err != nil {
		return nil, err
	}
	db, err := openFile(path, options)
	if err != nil {
		return nil, err
	}
	l := &Ledger{db: db, path: path, readOnly: options.ReadOnly, evidence: EvidenceAt(path)}
	if err := l.identify(); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return l, nil
}

// locate makes sure that there is a file at path on a disk that can be relied
// on, and makes a new ledger when that is asked for.
func locate(path string, options Options) error {
	if err := refuseNetwork(filepath.Dir(path)); err != nil {
		return err
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, os.ErrNotExist) && options.ReadOnly:
		return fmt.Errorf("ledger %s: %w; record something first, or name another ledger with --ledger", path, err)
	case errors.Is(err, os.ErrNotExist):
		return create(path)
	case err != nil:
		return fmt.Errorf("ledger %s: %w; name another place with --ledger", path, err)
	case !info.Mode().IsRegular():
		return fmt.Errorf("ledger %s: found a %s, expected a file; name another place with --ledger", path, kindOf(info))
	}
	return nil
}

func kindOf(info os.FileInfo) string {
	if info.IsDir() {
		return "directory"
	}
	return "special file (" + info.Mode().Type().String() + ")"
}

// openFile locks the file, looks at its header pages before bbolt maps it, and
// turns bbolt's panics into errors.
func openFile(path string, options Options) (db *bolt.DB, err error) {
	var file *os.File
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			file.Close() // the lock goes with it
			db, err = nil, &DamageError{Path: path, Code: "damaged-page", Found: fmt.Sprint(p)}
		}
	}()
	open := func(name string, flag int, mode os.FileMode) (*os.File, error) {
		file, err = openLocked(name, flag, options)
		if err != nil {
			return nil, err
		}
		if _, err := inspect(path, file); err != nil {
			return nil, errors.Join(err, file.Close())
		}
		return file, nil
	}
	db, err = bolt.Open(path, 0o600, &bolt.Options{ReadOnly: options.ReadOnly, FreelistType: bolt.FreelistMapType, OpenFile: open})
	if err == nil {
		return db, nil
	}
	var damage *DamageError
	if errors.As(err, &damage) {
		return nil, damage
	}
	if errors.Is(err, os.ErrPermission) {
		return nil, fmt.Errorf("ledger %s: %w; run as who owns it, or name another with --ledger", path, err)
	}
	return nil, fmt.Errorf("ledger %s: %w", path, err)
}

// openLocked opens a file that is there and takes its lock: bbolt takes the
// same lock of the same open file once more, which always succeeds.
func openLocked(path string, flag int, options Options) (*os.File, error) {
	file, err := os.OpenFile(path, flag&^os.O_CREATE, 0)
	if err != nil {
		return nil, err
	}
	timeout := options.LockTimeout
	if timeout == 0 {
		timeout = defaultLockTimeout
	}
	if err := lockFile(file, !options.ReadOnly, timeout); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

// DamageError reports a file that cannot be read as a ledger. Code is that of
// the [Problem] that [Check] lists for it.
type DamageError struct {
	Path  string
	Code  string
	Found string
}

func (e *DamageError) Error() string {
	is := "is damaged"
	if e.Code == "not-a-ledger" {
		is = "is damaged or no ledger"
	}
	return fmt.Sprintf("ledger %s %s: %s; nothing was changed: keep the file, see what `weighbridge check` says, and restore a copy of it", e.Path, is, e.Found)
}

// identify checks the schema and reads the ledger's id.
func (l *Ledger) identify() error {
	return l.view(func(tx *bolt.Tx) error {
		meta := tx.Bucket([]byte(bucketMeta))
		if meta == nil {
			return &DamageError{Path: l.path, Code: "not-a-ledger", Found: "a bbolt file without the bucket " + bucketMeta}
		}
		if found := string(meta.Get([]byte(keySchema))); found != Schema {
			return fmt.Errorf("ledger %s: found schema %.60q, expected %q: it was written by another version; use that version, nothing was changed", l.path, found, Schema)
		}
		if tx.Bucket([]byte(bucketLogs)) == nil || tx.Bucket([]byte(bucketRuns)) == nil {
			return &DamageError{Path: l.path, Code: "missing-bucket", Found: fmt.Sprintf("expected the buckets %s and %s", bucketLogs, bucketRuns)}
		}
		l.id = string(meta.Get([]byte(keyID)))
		return nil
	})
}

// create makes a new ledger under another name and links it to its own, so that
// a crash at any moment leaves either no ledger or a whole one, and two
// processes that create at once agree on the first.
func create(path string) error {
	fail := func(err error) error {
		return fmt.Errorf("ledger %s: cannot be made: %w; name a writable place on a local disk with --ledger", path, err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fail(err)
	}
	draft, err := os.CreateTemp(filepath.Dir(path), ".ledger-*")
	if err != nil {
		return fail(err)
	}
	defer os.Remove(draft.Name())
	if err := draft.Close(); err != nil {
		return fail(err)
	}
	db, err := bolt.Open(draft.Name(), 0o600, nil)
	if err != nil {
		return fail(err)
	}
	if err := errors.Join(db.Update(initialise), db.Close()); err != nil {
		return fail(err)
	}
	if err := os.Link(draft.Name(), path); err != nil && !errors.Is(err, os.ErrExist) {
		return fail(err)
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
