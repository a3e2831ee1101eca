package ledger_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

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

// Sixteen that make the ledger at once, each opening it for one append at a
// time, agree on one file and lose nothing.
func TestSixteenAtOnce(t *testing.T) {
	const writers, each = 16, 5
	path := filepath.Join(t.TempDir(), "state", "ledger.db")
	var group sync.WaitGroup
	for w := range writers {
		group.Go(func() {
			for i := range uint64(each) {
				l, err := ledger.Open(path, ledger.Options{LockTimeout: time.Minute})
				if err != nil {
					t.Error(err)
					return
				}
				_, err = l.Append(record(fmt.Sprint("run-", w), i, 1))
				if err := errors.Join(err, l.Close()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	if report, err := ledger.Check(path); err != nil || !report.OK || report.Entries != writers*each {
		t.Errorf("%+v, %v", report, err)
	}
	if left, err := filepath.Glob(filepath.Join(filepath.Dir(path), ".ledger-*")); err != nil || len(left) != 0 {
		t.Errorf("left %q, %v", left, err)
	}
}
