package ledger_test

import (
	"crypto/rand"
	"path/filepath"
	"sync"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"
)

// BenchmarkDurableAppend appends from 64 writers, and prints the ratio to raw
// bbolt Batch writing as many bytes under as many keys in the same run.
func BenchmarkDurableAppend(b *testing.B) {
	raw, err := bolt.Open(filepath.Join(b.TempDir(), "raw.db"), 0o600, &bolt.Options{FreelistType: bolt.FreelistMapType})
	if err != nil {
		b.Fatal(err)
	}
	defer raw.Close()
	if err := raw.Update(func(tx *bolt.Tx) error { _, err := tx.CreateBucket([]byte("b")); return err }); err != nil {
		b.Fatal(err)
	}
	l := open(b, filepath.Join(b.TempDir(), "ledger.db"))
	defer l.Close()
	// the sizes of what one append writes: header, body, run index, tile, head, frontier, state
	values := [][]byte{make([]byte, 190), make([]byte, 800), make([]byte, 60), make([]byte, 4096), make([]byte, 40), make([]byte, 256), make([]byte, 200)}
	for _, v := range values {
		rand.Read(v)
	}
	n := max(b.N, 64)
	base := writers(n, func(i int) error {
		return raw.Batch(func(tx *bolt.Tx) error {
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
		})
	})
	b.ResetTimer()
	ours := writers(n, func(i int) error { _, err := l.Append(record("bench", uint64(i), 1)); return err })
	b.ReportMetric(base.Seconds()/ours.Seconds(), "x-of-raw-bbolt")
	b.ReportMetric(float64(n)/ours.Seconds(), "appends/s")
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
