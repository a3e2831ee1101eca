package accounting

import (
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/weighbridge/weighbridge/provenance"
)

var benchmarkRows = flag.Int("accounting.rows", 100_000, "rows of the generated file; 11 million are about 1 GB")

// generated writes rows of our own form as they are asked for.
type generated struct {
	rows, next int
	rest       []byte
}

func (g *generated) Read(p []byte) (int, error) {
	if len(g.rest) == 0 {
		switch {
		case g.next > g.rows:
			return 0, io.EOF
		case g.next == 0:
			g.rest = []byte(plainHead)
		default:
			start := time.Unix(1_780_000_000+int64(g.next)*37%8_000_000, 0).UTC()
			g.rest = fmt.Appendf(nil, "acme-%d,%d,i-%d,NVIDIA H100 SXM5 80GB,8,%s,%s\n", g.next%997, 1_000_000+g.next, g.next%20_011, start.Format(time.RFC3339), start.Add(time.Hour).Format(time.RFC3339))
		}
		g.next++
	}
	n := copy(p, g.rest)
	g.rest = g.rest[n:]
	return n, nil
}

// BenchmarkReconcile reads, settles, reconciles and balances, and prints its time
// over that of reading alone, and the memory that is live at the end: neither the
// rows nor the pieces are held.
func BenchmarkReconcile(b *testing.B) {
	catalogue, err := provenance.Embedded()
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		begin := time.Now()
		if _, _, err := Read(&generated{rows: *benchmarkRows}, ReadOptions{Name: "rows"}, func(Use) error { return nil }); err != nil {
			b.Fatal(err)
		}
		reading := time.Since(begin)
		begin = time.Now()
		reconcileGenerated(b, catalogue)
		b.ReportMetric(float64(time.Since(begin))/float64(reading), "x-reading")
	}
}

func reconcileGenerated(b *testing.B, catalogue *provenance.Catalogue) {
	scratch := Scratch{Memory: 8 << 20, Open: func() (io.ReadWriteSeeker, error) { return os.CreateTemp(b.TempDir(), "") }}
	chips, err := NewChips(catalogue, "")
	if err != nil {
		b.Fatal(err)
	}
	settler, balance, reconciler := NewSettler(chips, scratch), NewBalance(scratch), NewReconciler([]Run{{ID: "r", Jobs: []string{"1000001"}}})
	if _, _, err := Read(&generated{rows: *benchmarkRows}, ReadOptions{Name: "rows"}, settler.Add); err != nil {
		b.Fatal(err)
	}
	if _, err := settler.Each(func(p Piece) error { reconciler.Add(Plain, p); return balance.Holds(Plain, p) }); err != nil {
		b.Fatal(err)
	}
	balanced, err := balance.Balanced()
	if err != nil || len(balanced) != 1 || len(reconciler.Reconciled()) != 1 {
		b.Fatalf("%d products, %v", len(balanced), err)
	}
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	b.ReportMetric(float64(m.HeapAlloc)/(1<<20), "live-MiB")
}
