package wrap

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// reportsRole is a job that reports: it does one thing after another, at once.
func reportsRole(args []string) int {
	path := os.Getenv(SocketVariable)
	info, err := os.Stat(filepath.Dir(path))
	if err != nil || info.Mode() != os.ModeDir|0o700 {
		panic(fmt.Sprint(info.Mode(), err))
	}
	var open []net.Conn // to the end of the process
	for _, arg := range args {
		conn, err := net.Dial("unix", path)
		if err != nil {
			panic(err)
		}
		what, rest, _ := strings.Cut(arg, ":")
		switch what {
		case "line": // with a line feed, and the connection stays
			fmt.Fprintln(conn, rest)
			open = append(open, conn)
		case "bare": // without one
			fmt.Fprint(conn, rest)
			conn.Close()
		case "flood": // megabytes without a line feed
			piece := bytes.Repeat([]byte("x"), 1<<20)
			for range number([]string{rest}, 0) {
				if _, err := conn.Write(piece); err != nil {
					panic(err)
				}
			}
			fmt.Fprint(conn, "\n{\"tokens\":\"77\"}\n")
			conn.Close()
		case "idle":
			open = append(open, conn)
		}
	}
	if len(open) > 0 && len(args) == 1 {
		fmt.Println(len(open))
	}
	return 0
}

// reports runs a reporting job and returns what reached the meter as reports.
func reports(t *testing.T, p plan, args ...string) []string {
	t.Helper()
	p.SocketDir = t.TempDir()
	cmd, q := setup(t, p, self("role-reports", args...)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if left, err := os.ReadDir(p.SocketDir); err != nil || len(left) != 0 {
		t.Errorf("left in the socket's directory: %v, %v", left, err)
	}
	r := q.finished(t)
	if len(r.Warnings) != 0 {
		t.Errorf("warnings %q", r.Warnings)
	}
	return r.Reports
}

// TestReports (R1, R2, R4): each line arrives as one report, whatever stands on
// other connections, though the job ends at once; the socket goes with the run.
func TestReports(t *testing.T) {
	for _, c := range []struct {
		name string
		args []string
		want []string
	}{
		{"lines", []string{`line:{"tokens":"5"}`, `bare:{"tokens":"6"}`, `line:{"tokens":"7"}` + "\n\n" + `{"tokens":"8"}`},
			[]string{`{"tokens":"5"}`, `{"tokens":"6"}`, `{"tokens":"7"}`, `{"tokens":"8"}`}},
		{"with the word", []string{`line:weighbridge-report {"tokens":"5"}`}, []string{`{"tokens":"5"}`}},
		{"CRLF, and a carriage return that would begin a line of a log", []string{"line:{\"tokens\":\"5\"}\r\nx\riter 5: loss 1, time 1ms\r"},
			[]string{`{"tokens":"5"}`, "x iter 5: loss 1, time 1ms"}},
		{"garbage", []string{"line:\x01\xff{{", `line:{"tokens":"5"}`, "line:GET / HTTP/1.1"}, []string{"\x01\ufffd{{", "GET / HTTP/1.1", `{"tokens":"5"}`}},
		{"idle connections", append(slices.Repeat([]string{"idle:"}, maxReporters-1), `line:{"tokens":"5"}`), []string{`{"tokens":"5"}`}},
	} {
		got := reports(t, plan{}, c.args...)
		slices.Sort(got)
		slices.Sort(c.want)
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

// TestReportsWithoutEnd (R2): a quarter of a gigabyte without a line feed is one line
// that is too long, in bounded memory, and the line after it counts.
func TestReportsWithoutEnd(t *testing.T) {
	got := reports(t, plan{}, "flood:64")
	if len(got) != 2 || len(got[0]) < maxPartial || len(got[0]) > 2*maxPartial || got[1] != `{"tokens":"77"}` {
		t.Errorf("%d reports, expected a long one and the good one", len(got))
	}
	client := &reportClient{}
	for range 10_000 {
		client.take(bytes.Repeat([]byte("x"), 1<<10))
	}
	if cap(client.partial) > 4*maxPartial {
		t.Errorf("%d bytes are kept of a line", cap(client.partial))
	}
}

// TestReportPieces: whatever pieces a connection comes in, its lines are the same.
func TestReportPieces(t *testing.T) {
	text := []byte("{\"tokens\":\"1\"}\n\n\r\nweighbridge-report {}\r\nx\ry\n" + strings.Repeat("z", maxPartial+9) + "\n{\"tokens\":\"2\"}\nrest")
	whole := &reportClient{}
	want := string(append(whole.take(text), whole.end()...))
	if n := strings.Count(want, "\n"); n != 6 || !strings.HasSuffix(want, reportMark+"rest\n") {
		t.Fatalf("%d lines", n)
	}
	for size := 1; size < len(text); size = size*3 + 1 {
		pieces, got := &reportClient{}, []byte{}
		for piece := range slices.Chunk(text, size) {
			got = append(got, pieces.take(piece)...)
		}
		got = append(got, pieces.end()...)
		if a, b := shortened(string(got)), shortened(want); a != b {
			t.Errorf("pieces of %d:\n%s\nexpected\n%s", size, a, b)
		}
	}
}

// shortened leaves out how much of a line that is too long was kept: it is one
// line, longer than a reader takes.
func shortened(s string) string {
	return regexp.MustCompile("z{"+strconv.Itoa(1000)+",}").ReplaceAllString(s, "z...")
}

// TestReportsReadNone: the socket works where no log is read.
func TestReportsReadNone(t *testing.T) {
	if got := reports(t, plan{ReadNone: true}, `line:{"tokens":"5"}`); !slices.Equal(got, []string{`{"tokens":"5"}`}) {
		t.Errorf("got %q", got)
	}
}

// TestNoSocket: a place where none can be made costs the job nothing, unless the
// run is strict; an outer run's socket is not used for the inner run's job.
func TestNoSocket(t *testing.T) {
	long := filepath.Join(t.TempDir(), strings.Repeat("d", 100))
	if err := os.Mkdir(long, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{long, filepath.Join(t.TempDir(), "none")} {
		cmd, p := setup(t, plan{SocketDir: dir}, "true")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		if r := p.finished(t); len(r.Warnings) != 1 || !strings.Contains(r.Warnings[0], "TMPDIR") || r.Result.ExitCode != 0 {
			t.Errorf("%+v", r)
		}
		cmd, p = setup(t, plan{SocketDir: dir, Strict: true}, "true")
		cmd.Run()
		if r := p.finished(t); r.Result.ExitCode != exitOwnFailure || !strings.Contains(r.Error, "TMPDIR") {
			t.Errorf("strict: %+v", r)
		}
	}
	r := &reporter{path: "inner"}
	if env := r.environment([]string{"A=1", SocketVariable + "=outer"}); !slices.Equal(env, []string{"A=1", SocketVariable + "=inner"}) {
		t.Errorf("%q", env)
	}
}

// sender is a program that reports 5 000 times through the Python module, by
// totals or by counts, and says at its end that nothing was raised.
const sender = `
import sys
sys.path.insert(0, sys.argv[1])
import weighbridge
for step in range(1, 5001):
    weighbridge.count(step=step, tokens=64, lengths=[16, 48])
    if step % 500 == 0:
        weighbridge.report(step=step, tokens=step, operations=10**26 + step, activity="evaluation")
    if step == 2500:
        weighbridge.report(tokens="nonsense")
print("done", flush=True)
`

// pythons are the interpreters of this machine: none where there is none. The
// project's own checks refuse such a machine (.ci/run).
func pythons() []string {
	if path, err := exec.LookPath("python3"); err == nil {
		return []string{path}
	}
	return nil
}

// TestPythonModule (R5): the last totals arrive whatever was dropped before, to the
// token; with a meter that is slow (R3), outside of a run, on another rank, and
// with a socket that nobody reads, the job is the same.
func TestPythonModule(t *testing.T) {
	for _, python := range pythons() {
		last := `{"step":5000,"tokens":"320000","documents":"10000","squared_lengths":"12800000"}`
		other := `{"step":5000,"tokens":"5000","operations":"100000000000000000000005000","activity":"evaluation"}`
		for _, c := range []struct {
			name string
			plan plan
			env  string
			want []string
		}{
			{"a run", plan{}, "", []string{last, other}},
			{"a slow meter", plan{SlowMeter: 20 * time.Millisecond}, "", []string{last, other}},
			{"rank 1", plan{}, "RANK=1", nil},
		} {
			c.plan.SocketDir = t.TempDir()
			cmd, p := setup(t, c.plan, python, "-c", sender, "python")
			cmd.Env = append(os.Environ(), c.env)
			out, err := cmd.CombinedOutput()
			if err != nil || !strings.HasSuffix(string(out), "done\n") {
				t.Fatalf("%s: %v: %s", c.name, err, out)
			}
			got := p.finished(t).Reports
			for _, want := range c.want {
				if !slices.Contains(got[max(0, len(got)-2):], want) {
					t.Errorf("%s: the last of %d reports are %q, expected %s", c.name, len(got), got[max(0, len(got)-2):], want)
				}
			}
			if (len(got) == 0) != (len(c.want) == 0) {
				t.Errorf("%s: %d reports", c.name, len(got))
			}
		}
		deaf := filepath.Join(t.TempDir(), "deaf")
		listener, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
		if err := joined(err, unix.Bind(listener, &unix.SockaddrUnix{Name: deaf}), unix.Listen(listener, 1)); err != nil {
			t.Fatal(err)
		}
		for _, path := range []string{"", deaf, filepath.Join(t.TempDir(), "dead")} {
			cmd := exec.Command(python, "-c", sender, "python")
			cmd.Env = append(os.Environ(), SocketVariable+"="+path)
			if out, err := cmd.CombinedOutput(); err != nil || !strings.HasSuffix(string(out), "done\n") {
				t.Errorf("socket %q: %v: %s", path, err, out)
			}
		}
		unix.Close(listener)
	}
}

func joined(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// TestReporterOutlivesItsMeter (R3): the supervisor is killed while a job sends,
// and the job comes to its end.
func TestReporterOutlivesItsMeter(t *testing.T) {
	for _, python := range pythons() {
		done := filepath.Join(t.TempDir(), "done")
		slow := strings.Replace(sender, "weighbridge.count(", "time.sleep(0.0002); weighbridge.count(", 1)
		slow = "import time\n" + strings.Replace(slow, `print("done", flush=True)`, `open(sys.argv[2], "w").close()`, 1)
		cmd, _ := setup(t, plan{SocketDir: t.TempDir()}, python, "-c", slow, "python", done)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(300 * time.Millisecond) // some moment while it sends; any will do
		cmd.Process.Kill()
		cmd.Wait()
		eventually(t, "the job ends by itself", func() bool { _, err := os.Stat(done); return err == nil })
	}
}
