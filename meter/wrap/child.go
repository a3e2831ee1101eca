package wrap

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// startError says why the child did not start, with the exit code of env(1).
type startError struct {
	code int
	err  error
}

func (e *startError) Error() string { return e.err.Error() }
func (e *startError) Unwrap() error { return e.err }

// startChild starts o.Command in our process group with the given standard
// streams, and everything else as env(1) would: the path from the child's own
// environment, a script without "#!" by the shell (execvp(3)).
func (o Options) startChild(stdin, stdout, stderr int) (int, error) {
	name := o.Command[0]
	candidates := candidatePaths(name, pathOf(o.Env))
	refused := error(unix.ENOENT)
	for _, path := range candidates {
		pid, err := o.exec(path, o.Command, stdin, stdout, stderr)
		if errors.Is(err, unix.ENOEXEC) {
			pid, err = o.exec("/bin/sh", append([]string{"/bin/sh", path}, o.Command[1:]...), stdin, stdout, stderr)
		}
		switch {
		case err == nil:
			return pid, nil
		case errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ENOTDIR):
		case errors.Is(err, unix.EACCES) && !strings.Contains(name, "/"):
			refused = err // execvp(3): the search goes on, and remembers
		default:
			return 0, refusal(name, err)
		}
	}
	return 0, refusal(name, refused)
}

func (o Options) exec(path string, argv []string, stdin, stdout, stderr int) (int, error) {
	attr := &syscall.ProcAttr{Dir: o.Dir, Env: o.Env, Files: []uintptr{uintptr(stdin), uintptr(stdout), uintptr(stderr)}}
	pid, _, err := syscall.StartProcess(path, argv, attr)
	return pid, err
}

// refusal sorts the errors of execve(2): only what could not be found is 127,
// and what is the machine's want, not the command's fault, is our own failure.
func refusal(name string, err error) error {
	switch {
	case errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ENOTDIR):
		return &startError{127, fmt.Errorf("command %q: not found; check the spelling, PATH, and the interpreter in its first line", name)}
	case errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.ENOMEM):
		return &startError{exitOwnFailure, fmt.Errorf("command %q: %w; free memory or raise the limit of processes", name, err)}
	case errors.Is(err, unix.EACCES):
		return &startError{126, fmt.Errorf("command %q: cannot be executed: %w; is it a file with execute permission?", name, err)}
	}
	return &startError{126, fmt.Errorf("command %q: cannot be executed: %w", name, err)}
}

// candidatePaths is the search of execvp(3): a name with a slash is a path, an
// empty element of PATH is the working directory.
func candidatePaths(name, path string) []string {
	if strings.Contains(name, "/") {
		return []string{name}
	}
	var paths []string
	if name == "" {
		return nil
	}
	for _, dir := range filepath.SplitList(path) {
		if dir == "" {
			dir = "."
		}
		paths = append(paths, dir+"/"+name)
	}
	return paths
}

// pathOf returns PATH of env. The last one counts, as for os/exec; without one
// it is that of execvp(3).
func pathOf(env []string) string {
	for _, e := range slices.Backward(env) {
		if path, found := strings.CutPrefix(e, "PATH="); found {
			return path
		}
	}
	return "/bin:/usr/bin"
}

// startRelay starts the relay in our process group and waits until it is ready.
func (o Options) startRelay(streams []*stream, null int) (*relayProcess, error) {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("relay: %w", err)
	}
	lossOut, lossIn, err := pipe(unix.O_NONBLOCK)
	r := &relayProcess{control: pair[0], losses: newLossQueue(lossOut)}
	if err == nil {
		argv, files := relayCommand(o.Relay, streams, null, pair[1], lossIn)
		r.pid, _, err = syscall.StartProcess(argv[0], argv, &syscall.ProcAttr{Env: o.Env, Files: files})
		unix.Close(lossIn)
	}
	unix.Close(pair[1])
	if err == nil {
		if err = r.awaitReady(); err != nil {
			unix.Kill(r.pid, unix.SIGKILL)
			reap(r.pid)
		}
	}
	if err != nil {
		r.close()
		return nil, fmt.Errorf("relay: %w", err)
	}
	return r, nil
}

// relayCommand returns the relay's command line and descriptors. It gets our
// outputs only where it writes to them: a descriptor held idle would keep their
// readers waiting for the end.
func relayCommand(prefix []string, streams []*stream, null, control, losses int) (argv []string, files []uintptr) {
	outputs := []int{null, null}
	argv = slices.Clone(prefix)
	var rest []uintptr
	for i, s := range streams {
		outputs[i] = rawFD(s.outer)
		in := firstFD + len(rest)
		argv = append(argv, route{in: in, out: 1 + i, copy: in + 1}.String())
		rest = append(rest, uintptr(s.relay), uintptr(s.copyIn))
	}
	files = []uintptr{uintptr(null), uintptr(outputs[0]), uintptr(outputs[1]), uintptr(control), uintptr(losses)}
	return argv, append(files, rest...)
}

// change is something that happened to a process: it was stopped by a signal,
// or (0) it ended.
type change struct{ stopped unix.Signal }

// watch sends what happens to pid. An ended process is left to be reaped by
// [reap], so that its number cannot become another's while we may still signal it.
func watch(pid, states int, changes chan<- change) {
	for {
		var info unix.Siginfo
		_, err := retry(func() (int, error) { return 0, unix.Waitid(unix.P_PID, pid, &info, states|unix.WNOWAIT, nil) })
		if err != nil || info.Code != cldStopped {
			changes <- change{}
			return
		}
		var stop unix.Siginfo // now consume the stop, unless it is over
		if unix.Waitid(unix.P_PID, pid, &stop, unix.WSTOPPED|unix.WNOHANG, nil) == nil && stop.Code == cldStopped {
			changes <- change{stopped: statusOf(&stop)}
		}
	}
}

const cldStopped = 5 // CLD_STOPPED, sigaction(2)

// statusOf returns si_status, which follows si_pid and si_uid; they begin at
// the first multiple of a pointer's size after three ints (siginfo.h).
func statusOf(info *unix.Siginfo) unix.Signal {
	const word = unsafe.Sizeof(uintptr(0))
	const fields = (12 + word - 1) / word * word
	return unix.Signal(*(*int32)(unsafe.Add(unsafe.Pointer(info), fields+8)))
}

func reap(pid int) unix.WaitStatus {
	var status unix.WaitStatus
	retry(func() (int, error) { return unix.Wait4(pid, &status, 0, nil) })
	return status
}
