package wrap

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
	"golang.org/x/term"
)

// randomRole writes N bytes, fixed by the seed, to both outputs at once.
func randomRole(args []string) int {
	done := make(chan error)
	for i, f := range []*os.File{os.Stdout, os.Stderr} {
		go func() {
			_, err := f.Write(randomBytes(uint64(i), number(args, 0)))
			done <- err
		}()
	}
	for range 2 {
		if err := <-done; err != nil {
			return 1
		}
	}
	return 0
}

func randomBytes(seed uint64, n int) []byte {
	var key [32]byte
	key[0] = byte(seed)
	b := make([]byte, n)
	rand.NewChaCha8(key).Read(b)
	return b
}

// signalsRole prints every signal that it gets, and "ready" before. A line on
// standard input ends it.
func signalsRole([]string) int {
	got := make(chan os.Signal, 100)
	for _, s := range forwarded() {
		signal.Notify(got, s)
	}
	fmt.Println("ready", os.Getpid(), os.Getppid())
	lines := make(chan string)
	go func() {
		for in := bufio.NewScanner(os.Stdin); in.Scan(); {
			lines <- in.Text()
		}
	}()
	for {
		select {
		case s := <-got:
			fmt.Println("got", unix.SignalName(s.(syscall.Signal)))
		case line := <-lines:
			if line == "end" {
				return 0
			}
			fmt.Println("read", line)
		}
	}
}

// stepsRole prints "step N" lines: count of them (0: for ever), a pause after
// each. It ends with the code given, or at the first error.
func stepsRole(args []string) int {
	pause, err := time.ParseDuration(args[1])
	if err != nil {
		panic(err)
	}
	for i := 1; number(args, 0) == 0 || i <= number(args, 0); i++ {
		if _, err := fmt.Println("step", i); err != nil {
			return 99
		}
		time.Sleep(pause)
	}
	return number(args, 2)
}

// workRole computes and logs in turn, as training does.
func workRole(args []string) int {
	x := 1.0
	for i := range number(args, 0) {
		for range 10_000_000 {
			x = x*0.999 + 0.1
		}
		fmt.Printf("step %d: loss %.4f\n", i, x)
	}
	return 0
}

// limitedRole becomes the command given, which can write no file beyond so many
// bytes: each write there fails as on a full disk.
func limitedRole(args []string) int {
	limit := uint64(number(args, 0))
	if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: limit, Max: limit}); err != nil {
		panic(err)
	}
	panic(unix.Exec(args[1], args[1:], os.Environ()))
}

// terminalRole says what its outputs are.
func terminalRole([]string) int {
	for i, f := range []*os.File{os.Stdin, os.Stdout, os.Stderr} {
		width, height, _ := term.GetSize(int(f.Fd()))
		fmt.Println("descriptor", i, "terminal", term.IsTerminal(int(f.Fd())), width, height)
	}
	return 0
}

// bytesRole writes lines of 100 bytes at a rate of bytes per second, for a
// number of bytes. Rate 0: as fast as it goes.
func bytesRole(args []string) int {
	line := []byte(strings.Repeat("x", 99) + "\n")
	rate, total := number(args, 0), number(args, 1)
	begin := time.Now()
	for sent := 0; sent < total; sent += len(line) {
		if rate > 0 {
			time.Sleep(time.Until(begin.Add(time.Duration(sent) * time.Second / time.Duration(rate))))
		}
		if _, err := os.Stdout.Write(line); err != nil {
			return 1
		}
	}
	return 0
}

// shellRole is a shell with job control, as small as can be: it leads a
// session on its standard input's terminal, runs the command as a foreground
// job, says when the job stopped, waits for a line "fg" on descriptor 3 and
// continues it in the foreground.
func shellRole(args []string) int {
	signal.Ignore(unix.SIGTTOU) // to take the terminal back from the background
	say := os.NewFile(4, "say")
	orders := bufio.NewScanner(os.NewFile(3, "orders"))
	pid, _, err := syscall.StartProcess(args[0], args, &syscall.ProcAttr{
		Env: os.Environ(), Files: []uintptr{0, 1, 2}, Sys: &syscall.SysProcAttr{Foreground: true, Ctty: 0},
	})
	if err != nil {
		fmt.Fprintln(say, err)
		return 1
	}
	for {
		var status unix.WaitStatus
		if _, err := retry(func() (int, error) { return unix.Wait4(pid, &status, unix.WUNTRACED, nil) }); err != nil {
			return 1
		}
		if !status.Stopped() {
			fmt.Fprintln(say, "exit", status.ExitStatus())
			return 0
		}
		unix.IoctlSetPointerInt(0, unix.TIOCSPGRP, unix.Getpgrp())
		fmt.Fprintln(say, "stopped", unix.SignalName(status.StopSignal()))
		if !orders.Scan() {
			return 1
		}
		unix.IoctlSetPointerInt(0, unix.TIOCSPGRP, pid)
		unix.Kill(-pid, unix.SIGCONT)
	}
}
