package ledger_test

import (
	"crypto/sha256"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/ledger"
)

// BenchmarkScale makes a ledger of b.N records through [ledger.Ledger.Append] and
// looks at it; by hand, with -benchtime 10000000x -timeout 0, it is the ledger of
// ten million records. open, total, prove (one entry in the head) and append (one
// more record, alone) are times at that size; check/sha256 is the speed of check
// over that of plain SHA-256 on one core over the same file, in the same run;
// bytes/record-byte the file's size over that of the records' encodings; and
// check-MiB the most memory that check took beyond the mapped file.
func BenchmarkScale(b *testing.B) {
	path := filepath.Join(b.TempDir(), "ledger.db")
	encoded := appendObserved(b, path)
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "appends/s")
	size, plain := hashed(b, path)
	b.ReportMetric(float64(size)/float64(encoded), "bytes/record-byte")

	var l *ledger.Ledger
	timed(b, "open-ms", 1e3, 1, func() { l = open(b, path) })
	timed(b, "total-ms", 1e3, 1, func() {
		if node, found, err := l.Node(model); err != nil || !found || node.Own[0].Records != uint64(b.N) {
			b.Fatal(node, err)
		}
	})
	head, _, err := l.Head(model)
	if err != nil {
		b.Fatal(err)
	}
	timed(b, "prove-ms", 1e3, 1000, func() {
		if _, err := l.Prove(head.Origin, rand.Uint64N(head.Size), 0); err != nil {
			b.Fatal(err)
		}
	})
	l.Close()
	checked := timed(b, "check-s", 1, 1, func() {
		stop := watchMemory(b, "check-MiB")
		defer stop()
		if report, err := ledger.Check(path); err != nil || !report.OK || report.Entries != uint64(b.N) {
			b.Fatal(report, err)
		}
	})
	b.ReportMetric(plain.Seconds()/checked.Seconds(), "check/sha256")
	b.ReportMetric(float64(b.N)/checked.Seconds(), "checked/s")
	l = open(b, path)
	defer l.Close()
	next := uint64(b.N)
	timed(b, "append-ms", 1e3, 100, func() {
		next++
		if _, err := l.Append(observed(next)); err != nil {
			b.Fatal(err)
		}
	})
}

// appendObserved appends b.N records and returns the size of their encodings.
func appendObserved(b *testing.B, path string) uint64 {
	l := open(b, path)
	var encoded, next atomic.Uint64
	var group sync.WaitGroup
	for range min(b.N, 4096) { // so many share each sync
		group.Go(func() {
			for i := next.Add(1); i <= uint64(b.N); i = next.Add(1) {
				r := observed(i)
				data, err := r.Encode()
				if err != nil {
					b.Error(err)
				}
				encoded.Add(uint64(len(data)))
				if _, err := l.Append(r); err != nil {
					b.Error(err)
				}
			}
		})
	}
	group.Wait()
	if err := l.Close(); err != nil {
		b.Fatal(err)
	}
	return encoded.Load()
}

// timed reports how long f takes, on average over n calls, in a unit of so many to the second.
func timed(b *testing.B, name string, unit float64, n int, f func()) time.Duration {
	begin := time.Now()
	for range n {
		f()
	}
	each := time.Since(begin) / time.Duration(n)
	b.ReportMetric(each.Seconds()*unit, name)
	return each
}

// watchMemory reports the most anonymous memory that the process has until the
// function that it returns is called.
func watchMemory(b *testing.B, name string) (stop func()) {
	debug.FreeOSMemory()
	done, most := make(chan struct{}), make(chan float64)
	go func() {
		seen := 0.0
		for {
			select {
			case <-done:
				most <- seen
				return
			case <-time.After(50 * time.Millisecond):
				status, _ := os.ReadFile("/proc/self/status")
				_, text, _ := strings.Cut(string(status), "RssAnon:")
				var kib float64
				fmt.Sscan(text, &kib)
				seen = max(seen, kib/1024)
			}
		}
	}()
	return func() { close(done); b.ReportMetric(<-most, name) }
}

// observed is a record as a run leaves it.
func observed(i uint64) meter.Record {
	r := record("2026-11-25-0123456789abcdef", i, i)
	steps, tokens := i, meter.NewOps(i*491520)
	r.Observed = &meter.Observation{Format: "nanogpt", Lines: 100 + i%7, LastStep: &steps, StepsCommitted: &steps, TokensCommitted: &tokens,
		LinesDigest: "sha256:1f3870be274f6c49b3e31a0c6728957f1f3870be274f6c49b3e31a0c6728957f"}
	r.Period = &meter.Period{Start: time.Unix(1764000000+int64(i), 0).UTC(), End: time.Unix(1764000005+int64(i), 0).UTC()}
	return r
}

func hashed(b *testing.B, path string) (int64, time.Duration) {
	file, err := os.Open(path)
	if err != nil {
		b.Fatal(err)
	}
	defer file.Close()
	begin := time.Now()
	sum := sha256.New()
	size, err := io.Copy(sum, file)
	if err != nil {
		b.Fatal(err)
	}
	return size, time.Since(begin)
}
