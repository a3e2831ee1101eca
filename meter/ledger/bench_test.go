package ledger_test

import (
	"crypto/rand"
	"path/filepath"
	"sync"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/weighbridge/weighbridge/meter/ledger"
)

// BenchmarkDurableAppend appends from 64 writers and prints the ratio to raw
// bbolt writing as many bytes under as many keys in the same run: to Batch at our
// MaxBatchDelay, which is none, x-of-raw-bbolt, the target of the design; to Batch at
// the delay that bbolt sets by default, x-of-raw-default-delay; and to transactions
// of 64 appends one after the other, which no set of 64 waiting writers can pass,
// x-of-raw-full-batches.
func BenchmarkDurableAppend(b *testing.B) {
	n := max(b.N, 64)
	same, delayed, full := rawBatches(b, n, 0), rawBatches(b, n, 10*time.Millisecond), rawFullBatches(b, n)
	l := open(b, filepath.Join(b.TempDir(), "ledger.db"))
	defer l.Close()
	b.ResetTimer()
	ours := writers(n, func(i int) error { _, err := l.Append(record("bench", uint64(i), 1)); return err })
	b.ReportMetric(same.Seconds()/ours.Seconds(), "x-of-raw-bbolt")
	b.ReportMetric(delayed.Seconds()/ours.Seconds(), "x-of-raw-default-delay")
	b.ReportMetric(full.Seconds()/ours.Seconds(), "x-of-raw-full-batches")
	b.ReportMetric(float64(n)/ours.Seconds(), "appends/s")
}

// BenchmarkSingleAppend appends from one writer, and prints the ratio to one
// raw bbolt Update of the same bytes.
func BenchmarkSingleAppend(b *testing.B) {
	raw, values := rawBolt(b)
	start := time.Now()
	for i := range b.N {
		if err := raw.Update(func(tx *bolt.Tx) error { return putAll(tx, values, i) }); err != nil {
			b.Fatal(err)
		}
	}
	base := time.Since(start)
	l := open(b, filepath.Join(b.TempDir(), "ledger.db"))
	defer l.Close()
	b.ResetTimer()
	start = time.Now()
	for i := range b.N {
		if _, err := l.Append(record("bench", uint64(i), 1)); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(base.Seconds()/time.Since(start).Seconds(), "x-of-raw-bbolt")
}

// BenchmarkCheck checks a ledger of 20 000 entries and prints entries per second.
func BenchmarkCheck(b *testing.B) {
	path := filepath.Join(b.TempDir(), "ledger.db")
	const entries = 20_000
	l := open(b, path)
	writers(entries, func(i int) error { _, err := l.Append(record("bench", uint64(i), 1)); return err })
	l.Close()
	for b.Loop() {
		if report, err := ledger.Check(path); err != nil || !report.OK || report.Entries != entries {
			b.Fatalf("%+v, %v", report, err)
		}
	}
	b.ReportMetric(entries*float64(b.N)/b.Elapsed().Seconds(), "entries/s")
}

// rawBolt returns an empty bbolt file and values of the sizes that one append
// writes: header, body, place of the run, tile, head, frontier, state.
func rawBolt(b *testing.B) (*bolt.DB, [][]byte) {
	raw, err := bolt.Open(filepath.Join(b.TempDir(), "raw.db"), 0o600, &bolt.Options{FreelistType: bolt.FreelistMapType})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { raw.Close() })
	if err := raw.Update(func(tx *bolt.Tx) error { _, err := tx.CreateBucket([]byte("b")); return err }); err != nil {
		b.Fatal(err)
	}
	values := [][]byte{make([]byte, 190), make([]byte, 560), make([]byte, 52), make([]byte, 4096), make([]byte, 40), make([]byte, 256), make([]byte, 180)}
	for _, v := range values {
		rand.Read(v)
	}
	return raw, values
}

func putAll(tx *bolt.Tx, values [][]byte, i int) error {
	for k, v := range values {
		key := []byte{byte(k), byte(i >> 16), byte(i >> 8), byte(i)}
		if k > 2 {
			key = key[:1] // overwritten in place, as tiles, head, frontier and state are
		}
		if err := tx.Bucket([]byte("b")).Put(key, v); err != nil {
			return err
		}
	}
	return nil
}

// rawBatches has 64 writers call Batch, which waits so long for company.
func rawBatches(b *testing.B, n int, delay time.Duration) time.Duration {
	raw, values := rawBolt(b)
	raw.MaxBatchDelay = delay
	return writers(n, func(i int) error {
		return raw.Batch(func(tx *bolt.Tx) error { return putAll(tx, values, i) })
	})
}

func rawFullBatches(b *testing.B, n int) time.Duration {
	raw, values := rawBolt(b)
	start := time.Now()
	for at := 0; at < n; at += 64 {
		err := raw.Update(func(tx *bolt.Tx) error {
			for i := at; i < min(at+64, n); i++ {
				if err := putAll(tx, values, i); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	return time.Since(start)
}

func writers(n int, write func(int) error) time.Duration {
	start := time.Now()
	var group sync.WaitGroup
	for w := range 64 {
		group.Go(func() {
			for i := w; i < n; i += 64 {
				if err := write(i); err != nil {
					panic(err)
				}
			}
		})
	}
	group.Wait()
	return time.Since(start)
}
