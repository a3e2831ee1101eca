package ledger

import (
	"bytes"
	"errors"
	"path/filepath"
	"testing"

	bolt "go.etcd.io/bbolt"
)

// inMerged merges two other ledgers into the lived one, both of which tell
// record x/0, the second also a record y/0 and that it is void, and then changes
// what bbolt holds. f gets the log of the second.
func inMerged(f func(tx *bolt.Tx, log *bolt.Bucket, id string) error) func(*testing.T, string) error {
	return func(t *testing.T, path string) error {
		var from []string
		var id string
		for i := range 2 {
			from = append(from, filepath.Join(t.TempDir(), "other.db"))
			l, err := Open(from[i], Options{})
			if err != nil {
				return err
			}
			_, err = l.Append(sample("x", 0, 7))
			if i == 1 {
				id = l.id
				fix := voiding(0)
				fix.Run = "y"
				_, errAppend := l.Append(sample("y", 0, 9))
				_, errVoid := l.Correct(fix)
				err = errors.Join(err, errAppend, errVoid)
			}
			if err := errors.Join(err, l.Close()); err != nil {
				return err
			}
		}
		l, err := Open(path, Options{})
		if err != nil {
			return err
		}
		_, err = l.Merge(from)
		if err := errors.Join(err, l.Close()); err != nil {
			return err
		}
		if report, err := Check(path); err != nil || !report.OK || report.Logs != 4 || report.Entries != 12 {
			t.Fatalf("before the damage: %+v, %v", report, err)
		}
		return stored(func(tx *bolt.Tx) error {
			return f(tx, tx.Bucket([]byte("merged")).Bucket([]byte(atlas)).Bucket([]byte(id)), id)
		})(t, path)
	}
}

// copiesOf is the index of copies of the one model, and its one key.
func copiesOf(tx *bolt.Tx) (*bolt.Bucket, []byte, []byte) {
	b := tx.Bucket([]byte("copies")).Bucket([]byte(atlas))
	k, v := b.Cursor().First()
	return b, k, bytes.Clone(v)
}

func mergedVectors() []vector {
	k := indexKey
	return []vector{
		{"merged: flipped body", "header-differs", inMerged(func(_ *bolt.Tx, log *bolt.Bucket, _ string) error {
			return flip(log.Bucket([]byte("bodies")), k(0), 40)
		})},
		{"merged: a header of this ledger's", "header-differs", inMerged(func(tx *bolt.Tx, log *bolt.Bucket, _ string) error {
			return log.Bucket([]byte("headers")).Put(k(0), part(tx, "headers").Get(k(0)))
		})},
		{"merged: entries taken out at the end", "root-differs", inMerged(func(_ *bolt.Tx, log *bolt.Bucket, _ string) error {
			return errors.Join(log.Bucket([]byte("headers")).Delete(k(2)), log.Bucket([]byte("bodies")).Delete(k(2)))
		})},
		{"merged: state", "state-differs", inMerged(func(tx *bolt.Tx, log *bolt.Bucket, _ string) error {
			return log.Put([]byte("state"), part(tx, "").Get([]byte("state")))
		})},
		{"merged: not by a ledger's id", "log-name", inMerged(func(tx *bolt.Tx, _ *bolt.Bucket, _ string) error {
			_, err := tx.Bucket([]byte("merged")).Bucket([]byte(atlas)).CreateBucket([]byte("other"))
			return err
		})},
		{"merged: a place in a log that is not there", "run-index-differs", inMerged(func(tx *bolt.Tx, _ *bolt.Bucket, id string) error {
			runs, key := tx.Bucket([]byte("runs")), runKey("y", 0)
			return runs.Put(key, bytes.Replace(runs.Get(key), []byte(id), bytes.Repeat([]byte("0"), 32), 1))
		})},
		{"copies forgotten", "copies-missing", inMerged(func(tx *bolt.Tx, _ *bolt.Bucket, _ string) error {
			b, key, _ := copiesOf(tx)
			return b.Delete(key)
		})},
		{"copies with another place", "copies-differ", inMerged(func(tx *bolt.Tx, _ *bolt.Bucket, _ string) error {
			b, key, value := copiesOf(tx)
			value[23] ^= 1
			return b.Put(key, value)
		})},
		{"copies of what stands once", "copies-differ", inMerged(func(tx *bolt.Tx, _ *bolt.Bucket, _ string) error {
			b, _, value := copiesOf(tx)
			return b.Put(runKey("r", 0), value)
		})},
		{"counted twice after all", "state-differs", inMerged(func(tx *bolt.Tx, _ *bolt.Bucket, _ string) error {
			return tx.Bucket([]byte("twice")).Put([]byte(atlas), []byte(`{"tallies":[],"parents":[]}`))
		})},
		{"what is counted twice is gone", "state-unreadable", inMerged(func(tx *bolt.Tx, _ *bolt.Bucket, _ string) error {
			return tx.Bucket([]byte("twice")).Delete([]byte(atlas))
		})},
		{"a surplus where nothing stands twice", "twice-extra", inMerged(func(tx *bolt.Tx, _ *bolt.Bucket, _ string) error {
			twice := tx.Bucket([]byte("twice"))
			return twice.Put([]byte("acme/other@1"), twice.Get([]byte(atlas)))
		})},
		{"corrections that contradict", "copies-contradict", contradicted},
	}
}

// contradicted writes past the check that Merge makes: two ledgers that correct
// one record differently.
func contradicted(t *testing.T, path string) error {
	other := filepath.Join(t.TempDir(), "other.db")
	for i, at := range []string{other, path} {
		l, err := Open(at, Options{})
		if err != nil {
			return err
		}
		fixed, fix := sample("x", 0, uint64(10+i)), voiding(0)
		fix.Kind, fix.Run, fix.Record = Supersede, "x", &fixed
		_, errAppend := l.Append(sample("x", 0, 7))
		_, errFix := l.Correct(fix)
		if err := errors.Join(errAppend, errFix, l.Close()); err != nil {
			return err
		}
	}
	source, err := Open(other, Options{ReadOnly: true})
	if err != nil {
		return err
	}
	l, err := Open(path, Options{})
	if err != nil {
		return err
	}
	err = l.commit(func(w *writer) error { _, err := w.union(source); return err })
	return errors.Join(err, l.Close(), source.Close())
}
