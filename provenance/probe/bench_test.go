package probe

import (
	"crypto/sha256"
	"os"
	"testing"
	"time"
)

// BenchmarkRead reads the tree of a node with eight H100 and, as a measure of the
// machine, hashes a megabyte. The ratio is what one inventory costs.
func BenchmarkRead(b *testing.B) {
	data := make([]byte, 1<<20)
	for _, name := range []string{"no-accelerator", "h100-sxm8", "h100-mig", "mi300x-partitions"} {
		sources, _ := hostTree(b, "testdata/hosts/"+name+".txtar")
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := Read(sources); err != nil {
					b.Fatal(err)
				}
			}
			spent := b.Elapsed()
			start := time.Now()
			for range 20 {
				sha256.Sum256(data)
			}
			b.ReportMetric(float64(spent.Nanoseconds())/float64(b.N)/(float64(time.Since(start).Nanoseconds())/20), "megabytes-hashed")
		})
	}
}

// BenchmarkReadThisMachine reads real files.
func BenchmarkReadThisMachine(b *testing.B) {
	sources := Sources{Host: os.DirFS("/"), Catalogue: catalogue(b), Environment: []string{}}
	for b.Loop() {
		if _, err := Read(sources); err != nil {
			b.Fatal(err)
		}
	}
}
