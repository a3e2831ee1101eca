package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// BenchmarkStart times whole processes of the real binary, and prints each as a
// ratio to a process that does nothing, in the same run: what of a command's
// time is ours.
func BenchmarkStart(b *testing.B) {
	dir := b.TempDir()
	binary := filepath.Join(dir, "weighbridge")
	if out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	environ := append(os.Environ(), "WEIGHBRIDGE_LEDGER="+filepath.Join(dir, "ledger.db"))
	process := func(name string, args ...string) func() {
		return func() {
			cmd := exec.Command(name, args...)
			cmd.Env = environ
			if out, err := cmd.CombinedOutput(); err != nil {
				b.Fatalf("%s %v: %v\n%s", name, args, err, out)
			}
		}
	}
	process(binary, "record", "--model", "acme/atlas@1", "--activity", "pretraining", "--operations", "9.5e25")()
	nothing := fastest(process("true"))
	for name, args := range map[string][]string{
		"version":  {"version"},
		"trace":    {"trace", "acme/atlas@1"},
		"evaluate": {"evaluate", "acme/atlas@1"},
	} {
		b.Run(name, func(b *testing.B) {
			run := process(binary, args...)
			best := fastest(run)
			for b.Loop() {
				run()
			}
			b.ReportMetric(float64(best)/float64(nothing), "x-of-true")
			b.ReportMetric(float64(best.Microseconds())/1000, "ms-best")
		})
	}
}

// fastest is the shortest of a few runs: the one that the machine disturbed
// least.
func fastest(run func()) time.Duration {
	best := time.Duration(1 << 62)
	for range 9 {
		start := time.Now()
		run()
		best = min(best, time.Since(start))
	}
	return best
}
