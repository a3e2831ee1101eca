package wrap

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

// desk is a person at a terminal with a shell that runs one job.
type desk struct {
	keyboard *os.File
	screen   *bufio.Scanner
	orders   *os.File       // to the shell
	said     *bufio.Scanner // by the shell
	shell    *exec.Cmd
}

func sitDown(t *testing.T, cmd *exec.Cmd, size pty.Winsize) *desk {
	t.Helper()
	master, tty, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	if err := pty.Setsize(master, &size); err != nil {
		t.Fatal(err)
	}
	ordersIn, orders, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	said, saidOut, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	shell := exec.Command(os.Args[0], append([]string{"role-shell"}, cmd.Args...)...)
	shell.Stdin, shell.Stdout, shell.Stderr = tty, tty, tty
	shell.ExtraFiles = []*os.File{ordersIn, saidOut}
	shell.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := shell.Start(); err != nil {
		t.Fatal(err)
	}
	for _, f := range []*os.File{tty, ordersIn, saidOut} {
		f.Close()
	}
	t.Cleanup(func() { master.Close(); shell.Wait() })
	return &desk{master, bufio.NewScanner(master), orders, bufio.NewScanner(said), shell}
}

// see reads the screen up to a line that contains want.
func (d *desk) see(t *testing.T, want string) string {
	t.Helper()
	for d.screen.Scan() {
		if line := strings.TrimRight(d.screen.Text(), "\r"); strings.Contains(line, want) {
			return line
		}
	}
	t.Fatalf("the screen never showed %q: %v", want, d.screen.Err())
	return ""
}

// TestTerminal: where the outputs are a terminal the child gets terminals of
// the same size, and its lines come out as it wrote them.
func TestTerminal(t *testing.T) {
	cmd, p := setup(t, plan{}, self("role-terminal")...)
	d := sitDown(t, cmd, pty.Winsize{Rows: 33, Cols: 99})
	for i := range 3 {
		if line := d.see(t, fmt.Sprintf("descriptor %d", i)); line != fmt.Sprintf("descriptor %d terminal true 99 33", i) {
			t.Error(line)
		}
	}
	if !d.said.Scan() || d.said.Text() != "exit 0" {
		t.Error(d.said.Text())
	}
	if r := p.finished(t); r.Result.Observation.Lines != 3 || !r.Result.Complete {
		t.Errorf("%+v", r)
	}
}

// TestTerminalBytes: what the terminal shows is what it shows without us.
func TestTerminalBytes(t *testing.T) {
	script := `printf 'one\ntwo\r\n\tthree\033[1mbold\033[0m\n'; printf 'err\n' >&2`
	var shown []string
	wrapped, _ := setup(t, plan{}, "sh", "-c", script)
	for _, cmd := range []*exec.Cmd{exec.Command("sh", "-c", script), wrapped} {
		master, tty, err := pty.Open()
		if err != nil {
			t.Fatal(err)
		}
		cmd.Stdin, cmd.Stdout, cmd.Stderr = tty, tty, tty
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		tty.Close()
		text, _ := io.ReadAll(master) // ends with EIO
		cmd.Wait()
		master.Close()
		shown = append(shown, string(text))
	}
	if shown[0] != shown[1] || shown[0] == "" {
		t.Errorf("without us %q, with us %q", shown[0], shown[1])
	}
}

// TestOneStreamTerminal: each output is what it was.
func TestOneStreamTerminal(t *testing.T) {
	master, tty, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer master.Close()
	cmd, _ := setup(t, plan{}, self("role-terminal")...)
	cmd.Stdin, cmd.Stderr = tty, tty
	out, err := cmd.Output()
	tty.Close()
	if err != nil || !strings.Contains(string(out), "descriptor 1 terminal false") || !strings.Contains(string(out), "descriptor 2 terminal true") {
		t.Errorf("%s %v", out, err)
	}
}

// TestControlC: the terminal signals the group; the child gets it once.
func TestControlC(t *testing.T) {
	cmd, _ := setup(t, plan{}, self("role-signals")...)
	d := sitDown(t, cmd, pty.Winsize{Rows: 24, Cols: 80})
	d.see(t, "ready")
	for range 2 {
		d.keyboard.WriteString("\x03")
		d.see(t, "got SIGINT")
		time.Sleep(4 * groupDelay)
		d.keyboard.WriteString("echo\n")
		if line := d.next(t); !strings.HasSuffix(line, "echo") { // the terminal's own echo
			t.Errorf("SIGINT came twice: %s", line)
		}
		if line := d.next(t); line != "read echo" {
			t.Errorf("SIGINT came twice: %s", line)
		}
	}
	d.keyboard.WriteString("end\n")
	if !d.said.Scan() || d.said.Text() != "exit 0" {
		t.Error(d.said.Text())
	}
}

func (d *desk) next(t *testing.T) string {
	t.Helper()
	if !d.screen.Scan() {
		t.Fatal(d.screen.Err())
	}
	return strings.TrimRight(d.screen.Text(), "\r")
}

// TestControlZ: the job stops for the shell, continues with fg, and ends with
// the child's code.
func TestControlZ(t *testing.T) {
	cmd, p := setup(t, plan{Interval: 50 * time.Millisecond}, self("role-steps", "0", "20ms", "0")...)
	d := sitDown(t, cmd, pty.Winsize{Rows: 24, Cols: 80})
	d.see(t, "step")
	for range 2 {
		d.keyboard.WriteString("\x1a")
		if !d.said.Scan() || d.said.Text() != "stopped SIGTSTP" {
			t.Fatal(d.said.Text())
		}
		fmt.Fprintln(d.orders, "fg")
		d.see(t, "step")
	}
	d.keyboard.WriteString("\x03")
	if !d.said.Scan() || d.said.Text() != "exit 130" {
		t.Error(d.said.Text())
	}
	if r := p.finished(t); r.Result.ExitCode != 130 || !r.Result.Complete {
		t.Errorf("%+v", r)
	}
}

// TestStopOfTheSupervisorAlone: SIGTSTP and SIGCONT sent to the supervisor stop
// and continue both.
func TestStopOfTheSupervisorAlone(t *testing.T) {
	cmd, _ := setup(t, plan{}, "bash", "-c", "echo ready $$ $PPID; while :; do echo step; sleep 0.05; done")
	d := sitDown(t, cmd, pty.Winsize{Rows: 24, Cols: 80})
	var child, supervisor int
	if _, err := fmt.Sscanf(d.see(t, "ready"), "ready %d %d", &child, &supervisor); err != nil {
		t.Fatal(err)
	}
	unix.Kill(supervisor, unix.SIGTSTP)
	eventually(t, "both stop", func() bool { return stateOf(child) == "T" && stateOf(supervisor) == "T" })
	unix.Kill(supervisor, unix.SIGCONT)
	eventually(t, "both go on", func() bool { return stateOf(child) != "T" && stateOf(supervisor) != "T" })
	unix.Kill(supervisor, unix.SIGTERM)
	eventually(t, "both end", func() bool { return stateOf(child) == "" && stateOf(supervisor) != "T" })
}

// TestWindowSize: a new size reaches the child's terminal, and the child is told.
func TestWindowSize(t *testing.T) {
	script := `trap 'stty size <&1' WINCH; echo ready; while :; do sleep 0.05; done`
	cmd, _ := setup(t, plan{}, "bash", "-c", script)
	d := sitDown(t, cmd, pty.Winsize{Rows: 24, Cols: 80})
	d.see(t, "ready")
	if err := pty.Setsize(d.keyboard, &pty.Winsize{Rows: 40, Cols: 132}); err != nil {
		t.Fatal(err)
	}
	d.see(t, "40 132")
	d.keyboard.WriteString("\x03")
}

// TestTerminalInput: the child reads what is typed.
func TestTerminalInput(t *testing.T) {
	cmd, _ := setup(t, plan{}, "sh", "-c", "echo ready $PPID; read line; echo got $line")
	d := sitDown(t, cmd, pty.Winsize{Rows: 24, Cols: 80})
	d.see(t, "ready")
	d.keyboard.WriteString("words\n")
	d.see(t, "got words")
	if !d.said.Scan() || d.said.Text() != "exit 0" {
		t.Error(d.said.Text())
	}
}
