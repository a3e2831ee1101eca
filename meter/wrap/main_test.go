package wrap

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/weighbridge/weighbridge/meter"
)

// TestMain makes the test binary every process of the story: the supervisor,
// the relay, the children and a small shell with job control.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		if role, found := roles()[os.Args[1]]; found {
			os.Exit(role(os.Args[2:]))
		}
	}
	// Under the race detector a process that ends sleeps for a second first, and
	// these tests start hundreds; what it found is printed all the same.
	os.Setenv("GORACE", strings.TrimSpace(os.Getenv("GORACE")+" atexit_sleep_ms=10"))
	// Whoever runs the tests may ignore signals (a shell's background job
	// does); with a handler here the children start with the default.
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, unix.SIGINT, unix.SIGQUIT, unix.SIGHUP, unix.SIGTERM)
	go func() { <-ended; os.Exit(1) }()
	os.Exit(m.Run())
}

func roles() map[string]func([]string) int {
	return map[string]func([]string) int{
		"role-relay": func(args []string) int {
			if err := Relay(args); err != nil {
				fmt.Fprintln(os.Stderr, err)
				return 1
			}
			return 0
		},
		"role-supervisor": supervisorRole,
		"role-random":     randomRole,
		"role-signals":    signalsRole,
		"role-steps":      stepsRole,
		"role-shell":      shellRole,
		"role-work":       workRole,
		"role-limited":    limitedRole,
		"role-terminal":   terminalRole,
		"role-bytes":      bytesRole,
		"role-reports":    reportsRole,
	}
}

// plan is what a test asks the supervisor's process to do.
type plan struct {
	Command    []string
	JournalDir string
	SocketDir  string
	LogFile    string
	ReadNone   bool
	Strict     bool
	SlowMeter  time.Duration // per write
	PanicMeter bool
	Interval   time.Duration
	Relay      []string
	Report     string // where the supervisor writes its report
}

// report is what the supervisor's process says when it ends.
type report struct {
	Result   Result
	Error    string
	Warnings []string
	Bytes    uint64   // that reached the meter
	Reports  []string // those of them that are reports, without their mark
}

// lineMeter counts lines and reads "step N" lines: enough to see what arrived.
type lineMeter struct {
	plan  plan
	seen  meter.Observation
	bytes uint64

	reports []string
}

func (m *lineMeter) Write(p []byte) (int, error) {
	if m.plan.PanicMeter {
		panic("planted")
	}
	time.Sleep(m.plan.SlowMeter)
	m.bytes += uint64(len(p))
	for line := range bytes.Lines(p) {
		if !bytes.HasSuffix(line, []byte("\n")) {
			return len(p), nil
		}
		m.seen.Lines++
		if sent, found := bytes.CutPrefix(line, []byte(reportMark)); found {
			m.reports = append(m.reports, string(bytes.TrimSuffix(sent, []byte("\n"))))
		}
		var step uint64
		number, found := bytes.CutPrefix(line, []byte("step "))
		if !found {
			m.seen.Unread++
		} else if _, err := fmt.Sscan(string(number), &step); err == nil {
			m.seen.LastStep = &step
		}
	}
	return len(p), nil
}

func (m *lineMeter) Lost(n uint64)                  { m.seen.Lost += n }
func (m *lineMeter) Observation() meter.Observation { return m.seen }

func supervisorRole(args []string) int {
	var p plan
	if err := json.Unmarshal([]byte(args[0]), &p); err != nil {
		panic(err)
	}
	var out report
	var mutex sync.Mutex
	m := &lineMeter{plan: p}
	result, err := Run(context.Background(), Options{
		Command: p.Command, Env: os.Environ(), Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
		Relay: p.Relay, Meter: m, ReadNone: p.ReadNone, LogFile: p.LogFile,
		SocketDir: p.SocketDir, JournalDir: p.JournalDir, Head: testHead(), Interval: p.Interval, Strict: p.Strict, Now: time.Now,
		Warn: func(s string) { mutex.Lock(); out.Warnings = append(out.Warnings, s); mutex.Unlock() },
	})
	mutex.Lock()
	out.Result, out.Bytes, out.Reports = result, m.bytes, m.reports
	if err != nil {
		out.Error = err.Error()
	}
	data, err := json.Marshal(out)
	if err == nil {
		err = os.WriteFile(p.Report+".new", data, 0o600)
	}
	if err == nil {
		err = os.Rename(p.Report+".new", p.Report)
	}
	if err != nil {
		panic(err)
	}
	return result.ExitCode
}

func testHead() Head {
	return Head{Run: "run/1", Model: "acme/atlas@1", Activity: meter.Pretraining, Weights: meter.WeightsKept, Settings: json.RawMessage(`{"tokens": "12"}`)}
}

// setup returns the command of a supervisor around command, not yet started.
func setup(t testing.TB, p plan, command ...string) (*exec.Cmd, *plan) {
	t.Helper()
	dir := t.TempDir()
	p.Command = command
	if p.Relay == nil {
		p.Relay = []string{os.Args[0], "role-relay"}
	}
	if p.JournalDir == "" {
		p.JournalDir = filepath.Join(dir, "journals")
	}
	p.Report = filepath.Join(dir, "report.json")
	data, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	return exec.Command(os.Args[0], "role-supervisor", string(data)), &p
}

// finished reads the supervisor's report.
func (p *plan) finished(t testing.TB) report {
	t.Helper()
	data, err := os.ReadFile(p.Report)
	if err != nil {
		t.Fatal(err)
	}
	var r report
	if err := json.Unmarshal(data, &r); err != nil {
		t.Fatal(err)
	}
	return r
}

// journal reads the one journal of the run.
func (p *plan) journal(t testing.TB) Journal {
	t.Helper()
	j, err := ReadJournal(p.journalRef(t).Path)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

func (p *plan) journalRef(t testing.TB) JournalRef {
	t.Helper()
	refs, err := Journals(p.JournalDir, time.Now())
	if err != nil || len(refs) != 1 {
		t.Fatalf("%d journals, expected 1: %v", len(refs), err)
	}
	return refs[0]
}

// eventually waits for something that another process does.
func eventually(t testing.TB, what string, done func() bool) {
	t.Helper()
	for range 3000 {
		if done() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("never: %s", what)
}

func self(role string, args ...string) []string {
	return append([]string{os.Args[0], role}, args...)
}

func number(args []string, i int) int {
	n, err := strconv.Atoi(args[i])
	if err != nil {
		panic(err)
	}
	return n
}
