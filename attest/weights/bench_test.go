package weights_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/weighbridge/weighbridge/attest/weights"
)

// BenchmarkHash prints, for several shapes of a weights directory, the speed of
// Hash, its ratio to bare crypto/sha256 with a 1 MiB buffer on every core over the
// same cached files (DESIGN: at least 0.95), and the peak of resident memory
// while Hash runs. The two alternate, so that a slow moment of the machine meets both.
// The largest shape is a real file of 8 GiB: it wants so much room in TMPDIR, and as
// much memory for its pages to stay cached; with less, both read the disk.
func BenchmarkHash(b *testing.B) {
	for _, shape := range []struct {
		name  string
		files int
		size  int64
	}{{"4x256MiB", 4, 256 << 20}, {"1x1GiB", 1, 1 << 30}, {"1x8GiB", 1, 8 << 30}, {"20000x4KiB", 20000, 4 << 10}} {
		b.Run(shape.name, func(b *testing.B) {
			dir := b.TempDir()
			paths := fill(b, dir, shape.files, shape.size)
			bare(b, paths) // into the page cache
			resetPeak(b)
			var ours, theirs spent
			var peak int64
			for b.Loop() {
				ours.add(func() { hash(b, dir, weights.Options{}) })
				peak = max(peak, peakKiB(b))
				theirs.add(func() { bare(b, paths) })
			}
			total := float64(shape.size) * float64(shape.files) * float64(b.N)
			b.ReportMetric(total/ours.wall.Seconds()/1e9, "GB/s")
			b.ReportMetric(total/theirs.wall.Seconds()/1e9, "bare-sha256-GB/s")
			b.ReportMetric(theirs.wall.Seconds()/ours.wall.Seconds(), "of-bare-sha256")
			b.ReportMetric(theirs.cores.Seconds()/ours.cores.Seconds(), "of-bare-sha256-in-core-seconds")
			b.ReportMetric(float64(peak)/1024, "peak-MiB")
			b.ReportMetric(0, "ns/op")
		})
	}
}

func timed(f func()) time.Duration {
	start := time.Now()
	f()
	return time.Since(start)
}

// spent is what some work took: time, and the time of cores, which other work on the
// machine changes less.
type spent struct{ wall, cores time.Duration }

func (s *spent) add(f func()) {
	cores := coreTime()
	s.wall += timed(f)
	s.cores += coreTime() - cores
}

func coreTime() time.Duration {
	var used syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &used) // fails for a wrong address only
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

func fill(b *testing.B, dir string, files int, size int64) (paths []string) {
	content := []byte(noise(int(min(size, 1<<20))))
	for i := range files {
		path := filepath.Join(dir, fmt.Sprintf("model-%05d.safetensors", i))
		f, err := os.Create(path)
		if err != nil {
			b.Fatal(err)
		}
		for n := int64(0); n < size; n += int64(len(content)) {
			if _, err := f.Write(content); err != nil {
				b.Fatal(err)
			}
		}
		if err := f.Close(); err != nil {
			b.Fatal(err)
		}
		paths = append(paths, path)
	}
	return paths
}

// bare hashes the files with nothing but crypto/sha256, a goroutine for each core.
func bare(b *testing.B, paths []string) {
	next := make(chan string, len(paths))
	for _, path := range paths {
		next <- path
	}
	close(next)
	var group sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		group.Go(func() {
			buffer := make([]byte, 1<<20)
			for path := range next {
				f, err := os.Open(path)
				if err != nil {
					b.Error(err)
					return
				}
				h := sha256.New()
				_, err = io.CopyBuffer(h, struct{ io.Reader }{f}, buffer)
				h.Sum(nil)
				f.Close()
				if err != nil {
					b.Error(err)
				}
			}
		})
	}
	group.Wait()
}

// resetPeak makes VmHWM start again (proc(5), clear_refs).
func resetPeak(b *testing.B) {
	runtime.GC()
	if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0); err != nil {
		b.Fatal(err)
	}
}

func peakKiB(b *testing.B) int64 {
	data, err := os.ReadFile("/proc/self/status")
	if err != nil {
		b.Fatal(err)
	}
	return field(b, string(data), "VmHWM:")
}

// TestMemory: memory does not grow with the size of the weights. A sparse file
// stands for a large one; reading it costs nothing but time.
func TestMemory(t *testing.T) {
	dir := t.TempDir()
	for i := range 4 {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprint(i)), nil, 0o666); err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(filepath.Join(dir, fmt.Sprint(i)), 64<<20); err != nil {
			t.Fatal(err)
		}
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := weights.Hash(context.Background(), dir, weights.Options{Workers: 128}); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if got := after.TotalAlloc - before.TotalAlloc; got > 4<<20 {
		t.Errorf("%d bytes were allocated", got)
	}
}
