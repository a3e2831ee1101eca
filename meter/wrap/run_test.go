package wrap

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/weighbridge/weighbridge/meter"
)

// TestOutputPassesUnchanged: random bytes on both streams at once arrive whole,
// in order and apart, and the meter saw or counted every one of them.
func TestOutputPassesUnchanged(t *testing.T) {
	const size = 8 << 20
	cmd, p := setup(t, plan{}, self("role-random", fmt.Sprint(size))...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(stdout.Bytes(), randomBytes(0, size)) {
		t.Errorf("standard output: %d bytes differ from the %d written", stdout.Len(), size)
	}
	if !bytes.Equal(stderr.Bytes(), randomBytes(1, size)) {
		t.Errorf("standard error: %d bytes differ from the %d written", stderr.Len(), size)
	}
	r := p.finished(t)
	// Each stream's last line may get the line feed that it lacks.
	if seen := r.Bytes + r.Result.Observation.Lost; seen < 2*size || seen > 2*size+2 {
		t.Errorf("the meter saw %d bytes and lost %d, together not %d", r.Bytes, r.Result.Observation.Lost, 2*size)
	}
	if !r.Result.Complete || !r.Result.Journalled || len(r.Warnings) > 0 {
		t.Errorf("%+v", r)
	}
}

// TestOneFileStaysOne: outputs that are the same file keep their common order.
func TestOneFileStaysOne(t *testing.T) {
	cmd, _ := setup(t, plan{}, "sh", "-c", "for i in 1 2 3 4 5 6 7 8 9; do echo out $i; echo err $i >&2; done")
	got, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatal(err)
	}
	var want strings.Builder
	for i := range 9 {
		fmt.Fprintf(&want, "out %d\nerr %d\n", i+1, i+1)
	}
	if string(got) != want.String() {
		t.Errorf("%s", got)
	}
}

// TestUnbuffered: a line arrives while the child that wrote it still runs.
func TestUnbuffered(t *testing.T) {
	cmd, p := setup(t, plan{}, "sh", "-c", "echo first; read answer; echo second $answer")
	stdin, stdout := pipes(t, cmd)
	if line := nextLine(t, stdout); line != "first" {
		t.Fatal(line)
	}
	if p.journalRef(t).Live != true {
		t.Error("the journal of a running process is not live")
	}
	fmt.Fprintln(stdin, "yes")
	if line := nextLine(t, stdout); line != "second yes" {
		t.Fatal(line)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	if p.journalRef(t).Live {
		t.Error("the journal of an ended process is live")
	}
}

func pipes(t *testing.T, cmd *exec.Cmd) (io.WriteCloser, *bufio.Scanner) {
	t.Helper()
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return stdin, bufio.NewScanner(stdout)
}

func nextLine(t *testing.T, s *bufio.Scanner) string {
	t.Helper()
	if !s.Scan() {
		t.Fatalf("the output ended: %v", s.Err())
	}
	return s.Text()
}

// TestExitCodes: the child's own code, 128+n for a signal, and those of env(1);
// the journal and the result say the same.
func TestExitCodes(t *testing.T) {
	dir := t.TempDir()
	notExecutable := filepath.Join(dir, "plain")
	noShebang := filepath.Join(dir, "script")
	for path, mode := range map[string]os.FileMode{notExecutable: 0o644, noShebang: 0o755} {
		if err := os.WriteFile(path, []byte("exit 5\n"), mode); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		name    string
		command []string
		code    int
		outcome meter.Outcome
	}{
		{"zero", []string{"true"}, 0, meter.Finished},
		{"three", []string{"sh", "-c", "exit 3"}, 3, meter.Failed},
		{"two-hundred", []string{"sh", "-c", "exit 200"}, 200, meter.Failed},
		{"killed", []string{"sh", "-c", "kill -9 $$"}, 137, meter.Signalled},
		{"terminated", []string{"sh", "-c", "kill $$"}, 143, meter.Signalled},
		{"not-found", []string{"no-such-command"}, 127, meter.NeverStarted},
		{"path-not-found", []string{dir + "/nothing"}, 127, meter.NeverStarted},
		{"below-a-file", []string{notExecutable + "/x"}, 127, meter.NeverStarted},
		{"empty-name", []string{""}, 127, meter.NeverStarted},
		{"not-executable", []string{notExecutable}, 126, meter.NeverStarted},
		{"directory", []string{dir}, 126, meter.NeverStarted},
		{"script-without-shebang", []string{noShebang}, 5, meter.Failed},
	} {
		for _, none := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/none=%t", c.name, none), func(t *testing.T) {
				cmd, p := setup(t, plan{ReadNone: none}, c.command...)
				cmd.Run()
				if got := cmd.ProcessState.ExitCode(); got != c.code {
					t.Errorf("exit code %d, expected %d", got, c.code)
				}
				r, j := p.finished(t), p.journal(t)
				if r.Result.Outcome != c.outcome || j.Outcome != c.outcome || j.ExitCode == nil || *j.ExitCode != c.code {
					t.Errorf("result %s, journal %s, expected %s", r.Result.Outcome, j.Outcome, c.outcome)
				}
				if (r.Error != "") != (c.outcome == meter.NeverStarted) || !r.Result.Journalled {
					t.Errorf("%+v", r)
				}
			})
		}
	}
}

// TestPathOfTheChild: the command is looked up in the child's PATH.
func TestPathOfTheChild(t *testing.T) {
	dir := t.TempDir()
	denied := t.TempDir()
	for path, mode := range map[string]os.FileMode{filepath.Join(dir, "job"): 0o755, filepath.Join(denied, "job"): 0o644} {
		if err := os.WriteFile(path, []byte("#!/bin/sh\nexit 4\n"), mode); err != nil {
			t.Fatal(err)
		}
	}
	for path, want := range map[string]int{denied + ":" + dir: 4, dir: 4, denied: 126, "/nowhere": 127} {
		cmd, _ := setup(t, plan{}, "job")
		cmd.Env = append(os.Environ(), "PATH="+path)
		cmd.Run()
		if got := cmd.ProcessState.ExitCode(); got != want {
			t.Errorf("PATH=%s: exit code %d, expected %d", path, got, want)
		}
	}
}

// TestOurOwnFailure: before the start it is 125 and nothing runs.
func TestOurOwnFailure(t *testing.T) {
	marker := filepath.Join(t.TempDir(), "ran")
	blocked := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(blocked, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, p := range map[string]plan{
		"no-relay":           {Relay: []string{"/nowhere/relay"}},
		"strict-no-journal":  {Strict: true, JournalDir: blocked},
		"strict-no-journal2": {Strict: true, JournalDir: blocked + "/deeper", ReadNone: true},
	} {
		cmd, p := setup(t, p, "touch", marker)
		cmd.Run()
		r := p.finished(t)
		if cmd.ProcessState.ExitCode() != 125 || r.Error == "" || r.Result.Outcome != meter.NeverStarted {
			t.Errorf("%s: exit code %d, %+v", name, cmd.ProcessState.ExitCode(), r)
		}
		if _, err := os.Stat(marker); err == nil {
			t.Errorf("%s: the command ran", name)
		}
	}
}

// TestNoJournal: without Strict the command runs all the same, a warning says
// what that means, and the result carries the count.
func TestNoJournal(t *testing.T) {
	blocked := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(blocked, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd, p := setup(t, plan{JournalDir: blocked}, self("role-steps", "5", "0s", "3")...)
	cmd.Run()
	r := p.finished(t)
	if cmd.ProcessState.ExitCode() != 3 || len(r.Warnings) != 1 || r.Result.Journalled || r.Result.JournalPath != "" {
		t.Errorf("exit code %d, %+v", cmd.ProcessState.ExitCode(), r)
	}
	if step := r.Result.Observation.LastStep; step == nil || *step != 5 {
		t.Errorf("%+v", r.Result.Observation)
	}
}

// TestFullDisk: a journal that cannot grow harms neither the command nor the
// count, and what was written reads.
func TestFullDisk(t *testing.T) {
	// RLIMIT_FSIZE makes writes beyond 700 bytes fail as a full disk does.
	cmd, p := setup(t, plan{Interval: 20 * time.Millisecond}, self("role-steps", "40", "10ms", "6")...)
	limited := exec.Command(os.Args[0], append([]string{"role-limited", "700"}, cmd.Args...)...)
	out, _ := limited.Output()
	if limited.ProcessState.ExitCode() != 6 || bytes.Count(out, []byte("\n")) != 40 {
		t.Fatalf("exit code %d, output %q", limited.ProcessState.ExitCode(), out)
	}
	j := p.journal(t)
	if j.Outcome != meter.Interrupted || j.Torn != 0 || j.Segments == 0 {
		t.Errorf("%+v", j)
	}
}

// TestNoRead: with ReadNone the child holds the very files that we were given.
func TestNoRead(t *testing.T) {
	out, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	cmd, p := setup(t, plan{ReadNone: true}, "sh", "-c", "readlink /proc/self/fd/1")
	cmd.Stdout = out
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	if got, _ := os.ReadFile(out.Name()); string(got) != out.Name()+"\n" {
		t.Errorf("standard output is %q, expected %s", got, out.Name())
	}
	if r := p.finished(t); r.Result.Complete || r.Bytes != 0 {
		t.Errorf("%+v", r)
	}
}

// TestDescendantHoldsOutput: a process that the child leaves behind does not
// hold up the exit code, and may go on writing.
func TestDescendantHoldsOutput(t *testing.T) {
	cmd, p := setup(t, plan{}, "sh", "-c", "(sleep 3; echo late) & echo early; exit 7")
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(stdout)
	if line := nextLine(t, lines); line != "early" {
		t.Error(line)
	}
	state, err := cmd.Process.Wait() // Cmd.Wait would close our end of the pipe
	if err != nil || state.ExitCode() != 7 {
		t.Errorf("exit code %d, %v", state.ExitCode(), err)
	}
	if line := nextLine(t, lines); line != "late" {
		t.Error(line)
	}
	r := p.finished(t)
	if r.Result.Complete || r.Result.Observation.Lines != 1 || len(r.Warnings) != 1 {
		t.Errorf("%+v", r)
	}
}

// TestReaderGoesAway: the child gets SIGPIPE, as without us, also when it
// writes nothing for a while.
func TestReaderGoesAway(t *testing.T) {
	for _, script := range []string{"yes", "echo one; sleep 0.3; while :; do echo more; sleep 0.02; done"} {
		cmd, p := setup(t, plan{}, "bash", "-c", script)
		stdout, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		nextLine(t, bufio.NewScanner(stdout))
		stdout.Close()
		cmd.Process.Wait()
		if code := p.finished(t).Result.ExitCode; code != 128+int(unix.SIGPIPE) {
			t.Errorf("%s: exit code %d, expected that of SIGPIPE", script, code)
		}
	}
}

// TestSlowMeter: a meter that takes its time loses bytes, all of them counted,
// and the output is whole.
func TestSlowMeter(t *testing.T) {
	const total = 20 << 20
	cmd, p := setup(t, plan{SlowMeter: 20 * time.Millisecond}, self("role-bytes", "0", fmt.Sprint(total))...)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	want := (total + 99) / 100
	if len(out) != want*100 {
		t.Errorf("%d bytes of output, expected %d", len(out), want*100)
	}
	r := p.finished(t)
	if r.Result.Observation.Lost == 0 || r.Bytes+r.Result.Observation.Lost != uint64(len(out)) {
		t.Errorf("read %d, lost %d, expected together %d", r.Bytes, r.Result.Observation.Lost, len(out))
	}
	if r.Result.Observation.Lines*100 != r.Bytes {
		t.Errorf("%d lines in %d bytes: after a gap the meter must begin with a whole line", r.Result.Observation.Lines, r.Bytes)
	}
}

// TestMeterPanics: the run goes on.
func TestMeterPanics(t *testing.T) {
	cmd, p := setup(t, plan{PanicMeter: true}, self("role-steps", "20", "5ms", "4")...)
	out, _ := cmd.Output()
	r := p.finished(t)
	if cmd.ProcessState.ExitCode() != 4 || bytes.Count(out, []byte("\n")) != 20 || len(r.Warnings) != 1 || !r.Result.Journalled {
		t.Errorf("exit code %d, %d bytes, %+v", cmd.ProcessState.ExitCode(), len(out), r)
	}
}

// TestSixteenAtOnce: all ranks of a job in one directory.
func TestSixteenAtOnce(t *testing.T) {
	dir := t.TempDir()
	var running []*exec.Cmd
	for range 16 {
		cmd, _ := setup(t, plan{JournalDir: dir, Interval: 50 * time.Millisecond}, self("role-steps", "30", "10ms", "0")...)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		running = append(running, cmd)
	}
	for _, cmd := range running {
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
	}
	refs, err := Journals(dir, time.Now())
	if err != nil || len(refs) != 16 {
		t.Fatalf("%d journals: %v", len(refs), err)
	}
	for _, ref := range refs {
		j, err := ReadJournal(ref.Path)
		if err != nil || ref.Live || j.Outcome != meter.Finished || j.Observation.LastStep == nil || *j.Observation.LastStep != 30 {
			t.Errorf("%+v %+v %v", ref, j, err)
		}
	}
}

// TestLogFile: a log that appears late, is truncated and is rotated is read
// once, line by line; what it held before is not.
func TestLogFile(t *testing.T) {
	dir := t.TempDir()
	log := filepath.Join(dir, "train.log")
	if err := os.WriteFile(log, []byte("step 1000\nold\nold\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	script := `cd ` + dir + `
echo step 1 >> train.log; sleep 0.6
echo step 2 > train.log; sleep 0.6
mv train.log train.log.1; echo step 3 >> train.log.1; sleep 0.6
echo step 4 > train.log; printf 'step 5' >> train.log`
	cmd, p := setup(t, plan{LogFile: log, ReadNone: true}, "sh", "-c", script)
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	o := p.finished(t).Result.Observation
	if o.Lines != 5 || o.Unread != 0 || o.LastStep == nil || *o.LastStep != 5 {
		t.Errorf("%d lines, %d unread, expected steps 1 to 5", o.Lines, o.Unread)
	}
}

// TestLogFileNeverWritten: the warning says so.
func TestLogFileNeverWritten(t *testing.T) {
	cmd, p := setup(t, plan{LogFile: filepath.Join(t.TempDir(), "none")}, "echo", "step 1")
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	r := p.finished(t)
	if len(r.Warnings) != 1 || !strings.Contains(r.Warnings[0], "did not write it") || r.Result.Observation.Lines != 1 {
		t.Errorf("%+v", r)
	}
}

// TestStandardOutputOnAFullDisk: the command runs to its end, and we say what
// became of its output.
func TestStandardOutputOnAFullDisk(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close()
	cmd, p := setup(t, plan{}, self("role-steps", "5", "0s", "0")...)
	cmd.Stdout = full
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	r := p.finished(t)
	if len(r.Warnings) != 1 || !strings.Contains(r.Warnings[0], "no space left") || r.Result.Observation.Lines != 5 {
		t.Errorf("%+v", r)
	}
}

// TestCancelledContext: the child gets SIGTERM. Here Run is in this process.
func TestCancelledContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	out, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	go func() {
		bufio.NewScanner(out).Scan()
		cancel()
	}()
	result, err := Run(ctx, Options{
		Command: []string{"sh", "-c", "echo ready; exec sleep 60"}, Env: os.Environ(), Stdout: in,
		Relay: self("role-relay"), JournalDir: t.TempDir(), Head: testHead(), Now: time.Now,
	})
	in.Close()
	if err != nil || result.ExitCode != 143 || !result.Journalled || !result.Complete {
		t.Errorf("%+v %v", result, err)
	}
}

// TestRelayByHand: the hidden command refuses a person.
func TestRelayByHand(t *testing.T) {
	out, err := exec.Command(os.Args[0], "role-relay", "5:1:6").CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || !bytes.Contains(out, []byte("a person does not")) {
		t.Errorf("%v: %s", err, out)
	}
	for _, bad := range []string{"", "1", "1:2", "1:2:3:4", "a:b:c", "-1:2:3", "1:2:5000"} {
		if _, err := parseRoute(bad); err == nil {
			t.Errorf("route %q was accepted", bad)
		}
	}
	if r, err := parseRoute(route{5, 1, 6}.String()); err != nil || r != (route{5, 1, 6}) {
		t.Errorf("%v, %v", r, err)
	}
}
