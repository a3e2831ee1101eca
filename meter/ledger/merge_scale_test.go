package ledger_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/ledger"
)

// appendAll appends records from many writers.
func appendAll(t *testing.T, path string, records []meter.Record) {
	t.Helper()
	l := open(t, path)
	var group sync.WaitGroup
	limit := make(chan struct{}, 512)
	for _, r := range records {
		limit <- struct{}{}
		group.Go(func() {
			if _, err := l.Append(r); err != nil {
				t.Error(err)
			}
			<-limit
		})
	}
	group.Wait()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}

func manyRecords(run string, n int) []meter.Record {
	var out []meter.Record
	for i := range n {
		r := record(run, uint64(i), uint64(i+1))
		r.Model = meter.ModelRef(fmt.Sprintf("acme/atlas@%d", i%7))
		out = append(out, r)
	}
	return out
}

func digestOfFile(t *testing.T, path string) [32]byte {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, file); err != nil {
		t.Fatal(err)
	}
	return [32]byte(sum.Sum(nil))
}

// One bad entry among thousands refuses the whole merge, is named, and leaves not
// a byte of the ledger changed; without it all are taken and nothing counts twice
// (L20 to L23).
func TestMergeRefusesAmongThousands(t *testing.T) {
	const n = 3000
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	appendAll(t, at("ours.db"), manyRecords("ours", n))
	appendAll(t, at("node.db"), manyRecords("node", n))
	copyFile(t, at("ours.db"), at("fork.db"))
	appendAll(t, at("fork.db"), []meter.Record{record("late", 1, 7)})
	appendAll(t, at("ours.db"), []meter.Record{record("late", 2, 9)})

	claims := manyRecords("other", n)
	claims[n/2] = record("ours", 1234, 99) // the id of a run of ours, with other contents
	appendAll(t, at("claims.db"), claims)

	before := digestOfFile(t, at("ours.db"))
	l := open(t, at("ours.db"))
	var fork *ledger.ForkError
	if _, err := l.Merge([]string{at("node.db"), at("fork.db")}); !errors.As(err, &fork) || fork.Here == fork.There || fork.Size != fork.FirstDiffers+1 {
		t.Errorf("a fork: %v", err)
	}
	var conflict *ledger.ConflictError
	if _, err := l.Merge([]string{at("node.db"), at("claims.db")}); !errors.As(err, &conflict) || conflict.Run != "ours" || conflict.Sequence != 1234 {
		t.Errorf("another record under one id: %v", err)
	}
	l.Close()
	if after := digestOfFile(t, at("ours.db")); !bytes.Equal(after[:], before[:]) {
		t.Error("a merge that was refused changed the ledger")
	}

	for range 2 { // again takes nothing
		l = open(t, at("ours.db"))
		if _, err := l.Merge([]string{at("node.db")}); err != nil {
			t.Fatal(err)
		}
		records, sum := uint64(0), meter.Ops{}
		models, _ := l.Models()
		for _, m := range models {
			node, _, err := l.Node(m)
			if err != nil {
				t.Fatal(err)
			}
			for _, total := range node.Own {
				records += total.Records
				sum, _ = sum.Add(total.Operations.Low)
			}
		}
		l.Close()
		if want := meter.NewOps(2*n*(n+1)/2 + 9); records != 2*n+1 || sum != want {
			t.Errorf("%d records of %s operations, expected %d of %s", records, sum, 2*n+1, want)
		}
	}
	if report, err := ledger.Check(at("ours.db")); err != nil || !report.OK || report.Entries != 2*n+1 {
		t.Errorf("%+v, %v", report, err)
	}
}
