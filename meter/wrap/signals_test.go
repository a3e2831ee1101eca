package wrap

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// ready reads the line "ready CHILD SUPERVISOR" of role-signals.
func ready(t *testing.T, lines *bufio.Scanner) (child, supervisor int) {
	t.Helper()
	if _, err := fmt.Sscanf(nextLine(t, lines), "ready %d %d", &child, &supervisor); err != nil {
		t.Fatal(err)
	}
	return child, supervisor
}

// TestSignalsToTheSupervisor: each one that is sent to the supervisor alone
// reaches the child exactly once.
func TestSignalsToTheSupervisor(t *testing.T) {
	for _, none := range []bool{false, true} {
		cmd, p := setup(t, plan{ReadNone: none}, self("role-signals")...)
		stdin, lines := pipes(t, cmd)
		_, supervisor := ready(t, lines)
		for _, sig := range forwarded() {
			if sig == unix.SIGTSTP { // has a test of its own
				continue
			}
			unix.Kill(supervisor, sig)
			if line := nextLine(t, lines); line != "got "+unix.SignalName(sig) {
				t.Errorf("%s: %s", unix.SignalName(sig), line)
			}
		}
		// A second copy of any of them would come before this echo.
		time.Sleep(4 * groupDelay)
		fmt.Fprintln(stdin, "echo")
		if line := nextLine(t, lines); line != "read echo" {
			t.Errorf("one signal too many: %s", line)
		}
		fmt.Fprintln(stdin, "end")
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
		if r := p.finished(t); len(r.Warnings) > 0 {
			t.Error(r.Warnings)
		}
	}
}

// TestSignalsToTheGroup: one that is sent to the whole process group, as by a
// terminal or timeout(1), reaches the child exactly once too.
func TestSignalsToTheGroup(t *testing.T) {
	for _, none := range []bool{false, true} {
		cmd, _ := setup(t, plan{ReadNone: none}, self("role-signals")...)
		cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		stdin, lines := pipes(t, cmd)
		_, supervisor := ready(t, lines)
		for _, sig := range []syscall.Signal{unix.SIGINT, unix.SIGTERM, unix.SIGINT, unix.SIGHUP, unix.SIGQUIT, unix.SIGUSR1, unix.SIGUSR2} {
			unix.Kill(-supervisor, sig)
			if line := nextLine(t, lines); line != "got "+unix.SignalName(sig) {
				t.Errorf("%s: %s", unix.SignalName(sig), line)
			}
			time.Sleep(4 * groupDelay)
			fmt.Fprintln(stdin, "echo")
			if line := nextLine(t, lines); line != "read echo" {
				t.Errorf("%s came twice: %s", unix.SignalName(sig), line)
			}
		}
		// And then one to the supervisor alone: the witness must not be stale.
		unix.Kill(supervisor, unix.SIGINT)
		if line := nextLine(t, lines); line != "got SIGINT" {
			t.Error(line)
		}
		fmt.Fprintln(stdin, "end")
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
	}
}

// TestIgnoredSignalsStayIgnored: nohup works through us.
func TestIgnoredSignalsStayIgnored(t *testing.T) {
	cmd, _ := setup(t, plan{}, "sh", "-c", "echo ready; read line; grep SigIgn /proc/$$/status")
	nohup := exec.Command("nohup", cmd.Args...)
	stdin, lines := pipes(t, nohup)
	nextLine(t, lines)
	unix.Kill(nohup.Process.Pid, unix.SIGHUP)
	time.Sleep(4 * groupDelay)
	fmt.Fprintln(stdin, "go")
	var mask uint64
	if _, err := fmt.Sscanf(nextLine(t, lines), "SigIgn: %x", &mask); err != nil || mask&1 == 0 { // SIGHUP is 1
		t.Errorf("ignored signals %x: %v", mask, err)
	}
	if err := nohup.Wait(); err != nil {
		t.Error(err)
	}
}

// TestSignalMaskOfTheChild: the child must not inherit what the relay blocks.
func TestSignalMaskOfTheChild(t *testing.T) {
	cmd, _ := setup(t, plan{}, "grep", "-E", "SigBlk|SigIgn", "/proc/self/status")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	bare, err := exec.Command("grep", "-E", "SigBlk|SigIgn", "/proc/self/status").Output()
	if err != nil || string(out) != string(bare) {
		t.Errorf("%sexpected\n%s%v", out, bare, err)
	}
}

// TestPendingSignals reads proc_pid_status(5).
func TestPendingSignals(t *testing.T) {
	for status, want := range map[string]uint64{
		"Name:\tx\nSigQ:\t3/9\nSigPnd:\t0000000000000000\nShdPnd:\t0000000000000000\n":      0,
		"SigPnd:\t0000000000000002\nShdPnd:\t0000000000000200\nSigBlk:\t0000000000000001\n": 1<<unix.SIGINT | 1<<unix.SIGUSR1,
		"ShdPnd:\tx\n": 0,
		"":             0,
	} {
		if got := pendingSignals(status); got != want {
			t.Errorf("%q: got %x, want %x", status, got, want)
		}
	}
}

// TestSighted: a signal of which the relay tells before the supervisor has its own
// copy is remembered for that copy, once, and not for long.
func TestSighted(t *testing.T) {
	const in, term = 1 << unix.SIGINT, 1 << unix.SIGTERM
	now := time.Unix(1_800_000_000, 0)
	var s sighted
	take := func(set, want uint64) {
		t.Helper()
		if got := s.take(set, now); got != want {
			t.Errorf("of %x: got %x, want %x", set, got, want)
		}
	}
	take(in, 0)
	s.add(in|term, now) // the answer to a question about SIGINT
	take(in, in)
	take(in, 0)
	now = now.Add(memoryOfSignals)
	s.add(0, now) // which says nothing of the one that is still to come
	take(in|term, term)
	s.add(term, now)
	now = now.Add(memoryOfSignals + 1)
	take(term, 0)
}

// TestThreadRuns reads proc_pid_stat(5).
func TestThreadRuns(t *testing.T) {
	for stat, want := range map[string]bool{
		"12 (wb-relay) R 1 12": true,
		"12 (wb-relay) S 1 12": false,
		"12 (a) R (b) D 1 12":  false,
		"12 (a) S (b) R 1 12":  true,
		"":                     false,
	} {
		if got := threadRuns(stat); got != want {
			t.Errorf("%q: got %t, want %t", stat, got, want)
		}
	}
}

// relayOf finds the relay: the supervisor's other child.
func relayOf(t *testing.T, supervisor, child int) int {
	t.Helper()
	for _, pid := range childrenOf(supervisor) {
		if pid != child {
			return pid
		}
	}
	t.Fatal("there is no relay")
	return 0
}

// childrenOf reads what each thread of a process has started.
func childrenOf(pid int) (pids []int) {
	tasks, _ := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	for _, task := range tasks {
		data, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%s/children", pid, task.Name()))
		fields := strings.Fields(string(data))
		for i := range fields {
			pids = append(pids, number(fields, i))
		}
	}
	return pids
}

// TestRelayIgnoresSignals: the child decides when to end, its output goes on.
func TestRelayIgnoresSignals(t *testing.T) {
	cmd, _ := setup(t, plan{}, self("role-signals")...)
	stdin, lines := pipes(t, cmd)
	child, supervisor := ready(t, lines)
	relay := relayOf(t, supervisor, child)
	for _, sig := range []syscall.Signal{unix.SIGINT, unix.SIGTERM, unix.SIGHUP, unix.SIGTSTP} {
		unix.Kill(relay, sig)
	}
	fmt.Fprintln(stdin, "echo")
	if line := nextLine(t, lines); line != "read echo" {
		t.Error(line)
	}
	// What the relay alone got long ago says nothing about a signal of today.
	time.Sleep(1300 * time.Millisecond)
	unix.Kill(supervisor, unix.SIGTERM)
	if line := nextLine(t, lines); line != "got SIGTERM" {
		t.Error(line)
	}
	fmt.Fprintln(stdin, "end")
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}

// TestKilledRelay: the child sees a reader that went away; we say what happened.
func TestKilledRelay(t *testing.T) {
	cmd, p := setup(t, plan{}, "bash", "-c", "echo ready $$ $PPID; while :; do echo more; sleep 0.02; done")
	_, lines := pipes(t, cmd)
	child, supervisor := ready(t, lines)
	unix.Kill(relayOf(t, supervisor, child), unix.SIGKILL)
	cmd.Process.Wait()
	r := p.finished(t)
	if r.Result.ExitCode != 128+int(unix.SIGPIPE) || r.Result.Complete || len(r.Warnings) != 1 || !r.Result.Journalled {
		t.Errorf("%+v", r)
	}
}

// TestStoppedBySomebody: a person who stops the child alone continues it alone.
func TestStoppedBySomebody(t *testing.T) {
	cmd, p := setup(t, plan{}, self("role-signals")...)
	stdin, lines := pipes(t, cmd)
	child, _ := ready(t, lines)
	unix.Kill(child, unix.SIGSTOP)
	eventually(t, "the child stops", func() bool { return stateOf(child) == "T" })
	if state := stateOf(cmd.Process.Pid); state == "T" {
		t.Error("the supervisor stopped with a child that a person stopped")
	}
	unix.Kill(child, unix.SIGCONT)
	if line := nextLine(t, lines); line != "got SIGCONT" {
		t.Error(line)
	}
	fmt.Fprintln(stdin, "end")
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	if r := p.finished(t); !r.Result.Complete {
		t.Errorf("%+v", r)
	}
}

// stateOf is the third field of proc_pid_stat(5).
func stateOf(pid int) string {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return ""
	}
	_, after, _ := strings.Cut(string(data), ") ")
	return after[:1]
}
