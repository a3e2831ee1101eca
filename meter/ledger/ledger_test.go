package ledger_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	bolt "go.etcd.io/bbolt"

	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/ledger"
)

func record(run string, sequence, operations uint64) meter.Record {
	return meter.Record{Schema: meter.RecordSchema, Model: "acme/atlas@1", Run: run, Sequence: sequence, Activity: meter.Pretraining,
		Weights: meter.WeightsKept, Operations: meter.Exact(meter.NewOps(operations)), Method: "declared", Grade: "declared", Outcome: "stated"}
}

func open(t testing.TB, path string) *ledger.Ledger {
	t.Helper()
	l, err := ledger.Open(path, ledger.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func fill(t testing.TB, path string, n uint64) {
	t.Helper()
	l := open(t, path)
	var group sync.WaitGroup
	for i := range n {
		group.Go(func() {
			if _, err := l.Append(record("r", i, i+1)); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}

// Across the edges of a tile, what was appended checks clean by the other code.
func TestCheckAgreesWithAppend(t *testing.T) {
	for _, n := range []uint64{1, 2, 3, 255, 256, 257, 600} {
		path := filepath.Join(t.TempDir(), "ledger.db")
		fill(t, path, n)
		report, err := ledger.Check(path)
		if err != nil || !report.OK || report.Entries != n || report.Logs != 1 {
			t.Fatalf("%d entries: %+v, %v", n, report, err)
		}
		l := open(t, path)
		node, found, err := l.Node("acme/atlas@1")
		if err != nil || !found || node.Own[0].Operations != meter.Exact(meter.NewOps(n*(n+1)/2)) || node.Own[0].Records != n {
			t.Errorf("%d entries: node %+v, %v", n, node, err)
		}
		if records, err := l.Records("acme/atlas@1"); err != nil || uint64(len(records)) != n {
			t.Errorf("%d entries: %d records, %v", n, len(records), err)
		}
		l.Close()
	}
}

func TestRetryNeverCountsTwice(t *testing.T) {
	l := open(t, filepath.Join(t.TempDir(), "ledger.db"))
	defer l.Close()
	first, err := l.Append(record("r", 0, 7))
	if err != nil || !first.New {
		t.Fatalf("%+v, %v", first, err)
	}
	again, err := l.Append(record("r", 0, 7))
	if err != nil || again.New || again.Index != first.Index {
		t.Errorf("retry: %+v, %v", again, err)
	}
	var conflict *ledger.ConflictError
	if _, err := l.Append(record("r", 0, 8)); !errors.As(err, &conflict) {
		t.Errorf("other contents: %v", err)
	}
	if head, _, _ := l.Head("acme/atlas@1"); head.Size != 1 {
		t.Errorf("size %d", head.Size)
	}
}

func TestLockedLedgerNamesItsHolder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	l := open(t, path)
	defer l.Close()
	_, err := ledger.Open(path, ledger.Options{LockTimeout: 1})
	if err == nil || !strings.Contains(err.Error(), "locked by process ") {
		t.Errorf("found %v", err)
	}
}

// Each corruption is one change to a clean ledger; check names it.
func TestCheckNamesTheDamage(t *testing.T) {
	model := []byte("acme/atlas@1")
	log := func(tx *bolt.Tx, name string) *bolt.Bucket {
		b := tx.Bucket([]byte("logs")).Bucket(model)
		if name == "" {
			return b
		}
		return b.Bucket([]byte(name))
	}
	flip := func(b *bolt.Bucket, key []byte, at int) error {
		value := append([]byte{}, b.Get(key)...)
		value[at] ^= 1
		return b.Put(key, value)
	}
	key := func(i byte) []byte { return []byte{0, 0, 0, 0, 0, 0, 0, i} }
	cases := []struct {
		name, code string
		damage     func(tx *bolt.Tx) error
	}{
		{"flipped salt", "header-differs", func(tx *bolt.Tx) error { return flip(log(tx, "bodies"), key(1), 0) }},
		{"flipped body", "header-differs", func(tx *bolt.Tx) error { return flip(log(tx, "bodies"), key(1), 40) }},
		{"flipped header", "root-differs", func(tx *bolt.Tx) error { return flip(log(tx, "headers"), key(1), 3) }},
		{"dropped entry", "size-differs", func(tx *bolt.Tx) error { return log(tx, "headers").Delete(key(2)) }},
		{"dropped body", "body-missing", func(tx *bolt.Tx) error { return log(tx, "bodies").Delete(key(2)) }},
		{"flipped root", "root-differs", func(tx *bolt.Tx) error { return flip(log(tx, ""), []byte("head"), 20) }},
		{"flipped size", "size-differs", func(tx *bolt.Tx) error { return flip(log(tx, ""), []byte("head"), 7) }},
		{"flipped tile", "tile-differs", func(tx *bolt.Tx) error { return flip(log(tx, "tiles"), make([]byte, 9), 5) }},
		{"other totals", "model-totals-differ", func(tx *bolt.Tx) error {
			return log(tx, "").Put([]byte("state"), []byte(`{"totals":[],"parents":[]}`))
		}},
		{"lost run", "run-index-missing", func(tx *bolt.Tx) error {
			k, _ := tx.Bucket([]byte("runs")).Cursor().First()
			return tx.Bucket([]byte("runs")).Delete(k)
		}},
		{"invented run", "run-index-extra", func(tx *bolt.Tx) error { return tx.Bucket([]byte("runs")).Put([]byte("x"), []byte("y")) }},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "ledger.db")
			fill(t, path, 3)
			db, err := bolt.Open(path, 0o600, nil)
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(db.Update(c.damage), db.Close()); err != nil {
				t.Fatal(err)
			}
			report, err := ledger.Check(path)
			if err != nil || report.OK || !strings.Contains(fmt.Sprint(report.Problems), "{"+c.code+" ") {
				t.Errorf("found %+v, %v; expected %s", report, err, c.code)
			}
		})
	}
}

func TestAnotherVersionIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	fill(t, path, 1)
	db, err := bolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(tx *bolt.Tx) error {
		return tx.Bucket([]byte("meta")).Put([]byte("schema"), []byte("weighbridge.dev/ledger/v9"))
	})
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := ledger.Open(path, ledger.Options{}); err == nil || !strings.Contains(err.Error(), "another version") {
		t.Errorf("found %v", err)
	}
}
