package wrap

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// BenchmarkThroughput prints how fast a writer is through us, relative to the
// same writer through cat in the same run (target: at least 0.5), and the most
// memory that supervisor and relay took (target: 40 MiB each).
//
//	go test ./meter/wrap -run '^$' -bench Throughput -benchtime 3x
func BenchmarkThroughput(b *testing.B) {
	const size = 1 << 30
	writer := fmt.Sprintf("yes | head -c %d", size)
	var bare, wrapped time.Duration
	var peak usage
	for b.Loop() {
		bare += pour(b, exec.Command("sh", "-c", writer+" | cat"), nil)
		cmd, _ := setup(b, plan{}, "sh", "-c", writer)
		wrapped += pour(b, cmd, &peak)
	}
	b.ReportMetric(float64(bare)/float64(wrapped), "of-cat")
	b.ReportMetric(float64(b.N)*size/1e6/wrapped.Seconds(), "MB/s")
	b.ReportMetric(float64(peak.supervisorKiB)/1024, "supervisor-MiB")
	b.ReportMetric(float64(peak.relayKiB)/1024, "relay-MiB")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkQuietJob prints how much of a core supervisor and relay take
// together at 1 MB/s in lines of 100 bytes, each written by itself (target:
// 0.5 %), and the writer's own share beside it.
//
//	go test ./meter/wrap -run '^$' -bench QuietJob -benchtime 1x
func BenchmarkQuietJob(b *testing.B) {
	const seconds = 5
	var total time.Duration
	var used usage
	for b.Loop() {
		var one usage
		cmd, _ := setup(b, plan{}, self("role-bytes", "1000000", fmt.Sprint(seconds*1000000))...)
		total += pour(b, cmd, &one)
		used.ticks += one.ticks
		used.childTicks += one.childTicks
	}
	const hertz = 100 // USER_HZ, time(7)
	percent := func(ticks uint64) float64 { return float64(ticks) / hertz / total.Seconds() * 100 }
	b.ReportMetric(percent(used.ticks), "%core")
	b.ReportMetric(percent(used.childTicks), "%core-writer")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkSteps prints the steps per second of a job that works and logs, with
// us relative to without (target: at least 0.995).
func BenchmarkSteps(b *testing.B) {
	var bare, wrapped time.Duration
	job := self("role-work", "150")
	for b.Loop() {
		bare += pour(b, exec.Command(job[0], job[1:]...), nil)
		cmd, _ := setup(b, plan{}, job...)
		wrapped += pour(b, cmd, nil)
	}
	b.ReportMetric(float64(bare)/float64(wrapped), "of-bare")
	b.ReportMetric(0, "ns/op")
}

// usage is what supervisor and relay took.
type usage struct {
	ticks, childTicks       uint64
	supervisorKiB, relayKiB uint64
}

// pour runs cmd into a reader that drops everything, and samples its usage.
func pour(b *testing.B, cmd *exec.Cmd, u *usage) time.Duration {
	b.Helper()
	begin := time.Now()
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	stop, stopped := make(chan bool), make(chan bool)
	go u.sample(cmd.Process.Pid, stop, stopped)
	io.Copy(io.Discard, stdout)
	took := time.Since(begin)
	close(stop)
	<-stopped
	if err := cmd.Wait(); err != nil {
		b.Fatal(err)
	}
	return took
}

func (u *usage) sample(supervisor int, stop, stopped chan bool) {
	defer close(stopped)
	for u != nil {
		var s usage
		s.ticks, s.supervisorKiB = processUsage(supervisor)
		for _, pid := range childrenOf(supervisor) {
			ticks, kib := processUsage(pid)
			if name, _ := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid)); string(name) == "wb-relay\n" {
				s.ticks, s.relayKiB = s.ticks+ticks, kib
			} else {
				s.childTicks += ticks
			}
		}
		if s.relayKiB > 0 && s.supervisorKiB > 0 {
			*u = usage{max(u.ticks, s.ticks), max(u.childTicks, s.childTicks), max(u.supervisorKiB, s.supervisorKiB), max(u.relayKiB, s.relayKiB)}
		}
		select {
		case <-stop:
			return
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// processUsage returns utime+stime of proc_pid_stat(5) and VmHWM of
// proc_pid_status(5).
func processUsage(pid int) (ticks, kib uint64) {
	stat, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, after, _ := strings.Cut(string(stat), ") ")
	if fields := strings.Fields(after); len(fields) > 12 {
		ticks = uint64(number(fields, 11) + number(fields, 12))
	}
	status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if _, after, found := strings.Cut(string(status), "VmHWM:"); found {
		fmt.Sscan(after, &kib)
	}
	return ticks, kib
}
