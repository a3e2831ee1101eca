package ledger_test

import (
	"crypto/sha256"
	"io"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/ledger"
)

// BenchmarkScale makes a ledger of b.N records and looks at it; by hand, with
// -benchtime 10000000x, it is the ledger of ten million records. Open and read are
// times, check is its speed over that of plain SHA-256 over the same file, and
// bytes/record-byte the file's size over that of the records' encodings.
func BenchmarkScale(b *testing.B) {
	path := filepath.Join(b.TempDir(), "ledger.db")
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
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "appends/s")
	size, plain := hashed(b, path)
	b.ReportMetric(float64(size)/float64(encoded.Load()), "bytes/record-byte")

	begin := time.Now()
	l = open(b, path)
	b.ReportMetric(time.Since(begin).Seconds()*1e3, "open-ms")
	begin = time.Now()
	if node, found, err := l.Node(model); err != nil || !found || node.Own[0].Records != uint64(b.N) {
		b.Fatal(node, err)
	}
	b.ReportMetric(time.Since(begin).Seconds()*1e3, "total-ms")
	l.Close()
	begin = time.Now()
	if report, err := ledger.Check(path); err != nil || !report.OK || report.Entries != uint64(b.N) {
		b.Fatal(report, err)
	}
	b.ReportMetric(plain.Seconds()/time.Since(begin).Seconds(), "check/sha256")
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
