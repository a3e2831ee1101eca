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
// 0.5 %), and what cat takes to pass the same on.
//
//	go test ./meter/wrap -run '^$' -bench QuietJob -benchtime 1x
func BenchmarkQuietJob(b *testing.B) {
	const seconds = 4
	var used, cat usage
	writer := self("role-bytes", "1000000", fmt.Sprint(seconds*1000000))
	for b.Loop() {
		cmd, _ := setup(b, plan{}, writer...)
		pour(b, cmd, &used)
		pour(b, exec.Command("bash", append([]string{"-c", `"$@" | cat`, "bash"}, writer...)...), &cat)
	}
	share := func(ns uint64) float64 { return float64(ns) / float64(used.time) * 100 }
	b.ReportMetric(share(used.relayNS), "%core-relay")
	b.ReportMetric(share(used.supervisorNS), "%core-supervisor")
	b.ReportMetric(float64(cat.catNS)/float64(cat.time)*100, "%core-cat")
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

// usage is what the processes took, from half a second after the first sample.
type usage struct {
	time                         time.Duration
	supervisorNS, relayNS, catNS uint64
	supervisorKiB, relayKiB      uint64
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
	go u.watch(cmd.Process.Pid, stop, stopped)
	io.Copy(io.Discard, stdout)
	took := time.Since(begin)
	close(stop)
	<-stopped
	if err := cmd.Wait(); err != nil {
		b.Fatal(err)
	}
	return took
}

func (u *usage) watch(pid int, stop, stopped chan bool) {
	defer close(stopped)
	if u == nil {
		return
	}
	begin := time.Now()
	var first, last usage
	for {
		now := takenBy(pid)
		now.time = time.Since(begin)
		if first.time == 0 && now.time > 500*time.Millisecond {
			first = now
		}
		if now.relayNS+now.catNS > 0 {
			last = now
		}
		u.supervisorKiB, u.relayKiB = max(u.supervisorKiB, now.supervisorKiB), max(u.relayKiB, now.relayKiB)
		select {
		case <-stop:
			u.time += last.time - first.time
			u.supervisorNS += last.supervisorNS - first.supervisorNS
			u.relayNS += last.relayNS - first.relayNS
			u.catNS += last.catNS - first.catNS
			return
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func takenBy(pid int) (u usage) {
	u.supervisorNS, u.supervisorKiB = processUsage(pid)
	for _, child := range childrenOf(pid) {
		ns, kib := processUsage(child)
		switch name, _ := os.ReadFile(fmt.Sprintf("/proc/%d/comm", child)); string(name) {
		case "wb-relay\n":
			u.relayNS, u.relayKiB = ns, kib
		case "cat\n":
			u.catNS = ns
		}
	}
	return u
}

// processUsage returns the time on a processor of all threads (the first field
// of schedstat, in nanoseconds) and VmHWM of proc_pid_status(5).
func processUsage(pid int) (ns, kib uint64) {
	tasks, _ := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	for _, task := range tasks {
		var one uint64
		stat, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%s/schedstat", pid, task.Name()))
		fmt.Sscan(string(stat), &one)
		ns += one
	}
	status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if _, after, found := strings.Cut(string(status), "VmHWM:"); found {
		fmt.Sscan(after, &kib)
	}
	return ns, kib
}
