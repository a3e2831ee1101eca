package wrap

import (
	"context"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// subscribe takes the signals that are forwarded. One that was ignored when we
// started (nohup, a background job of a shell) stays ignored, in us and in the
// child.
func (r *run) subscribe() {
	for _, s := range forwarded() {
		if !signal.Ignored(s) {
			signal.Notify(r.signals, s)
		}
	}
}

func (r *run) unsubscribe() { signal.Stop(r.signals) }

// supervision is what happens while the child lives. It runs in one goroutine,
// which alone signals and reaps the child.
type supervision struct {
	*run
	child     int
	changes   chan change
	relayEnd  chan change
	sighted   sighted
	suspended bool // a SIGTSTP came since the last SIGCONT
	troubled  bool // the relay's trouble was told
}

func newSupervision(r *run, child int) *supervision {
	s := &supervision{run: r, child: child, changes: make(chan change, 1), relayEnd: make(chan change, 1)}
	go watch(child, unix.WEXITED|unix.WSTOPPED, s.changes)
	if r.relay != nil {
		go watch(r.relay.pid, unix.WEXITED, s.relayEnd)
	}
	return s
}

// wait returns the child's status when it has ended.
func (s *supervision) wait(ctx context.Context) unix.WaitStatus {
	ticker := time.NewTicker(s.Interval)
	defer ticker.Stop()
	cancelled := ctx.Done()
	for {
		select {
		case c := <-s.changes:
			if c.stopped == 0 {
				return reap(s.child)
			}
			s.stopToo(c.stopped)
		case sig := <-s.signals:
			s.pass(sig)
		case <-s.relayEnd:
			s.loseRelay()
		case <-ticker.C:
			s.tellTrouble()
		case <-cancelled:
			cancelled = nil
			unix.Kill(s.child, unix.SIGTERM)
		}
	}
}

// pass forwards a signal, and those that come while it asks the witness, in
// their order: all but the ones that reached the whole group.
func (s *supervision) pass(first os.Signal) {
	for arrived := []os.Signal{first}; len(arrived) > 0; {
		var told uint64      // by this pass's answers, which do not age while it asks
		for range askTwice { // each time with what came meanwhile
			time.Sleep(groupDelay)
			arrived = append(arrived, drain(s.signals)...)
			told |= s.relay.saw()
		}
		set := bitsOf(arrived)
		group := told&set | s.sighted.take(set, s.Now())
		s.sighted.add(told&^set, s.Now())
		for _, sig := range arrived {
			s.passOne(sig.(syscall.Signal), group)
		}
		// What came between the two was witnessed in the same answer.
		arrived = slices.DeleteFunc(drain(s.signals), func(sig os.Signal) bool { return group&bitsOf([]os.Signal{sig}) != 0 })
	}
}

func (s *supervision) passOne(sig syscall.Signal, group uint64) {
	switch sig {
	case unix.SIGTSTP:
		s.suspended = true
	case unix.SIGCONT:
		s.suspended = false
	case unix.SIGWINCH:
		// The child may have looked at its terminal before this; SIGWINCH
		// says "look again", and twice is as good as once.
		if s.resize() {
			group = 0
		}
	}
	if group&(1<<sig) == 0 {
		unix.Kill(s.child, sig)
	}
}

func (s *supervision) resize() (terminal bool) {
	for _, stream := range s.streams {
		terminal = terminal || stream.inner != nil
		stream.resize()
	}
	return terminal
}

// drain returns the signals that wait in the channel.
func drain(arrived <-chan os.Signal) (signals []os.Signal) {
	for {
		select {
		case sig := <-arrived:
			signals = append(signals, sig)
		default:
			return signals
		}
	}
}

func bitsOf(signals []os.Signal) (set uint64) {
	for _, s := range signals {
		set |= 1 << s.(syscall.Signal)
	}
	return set
}

// stopToo stops this process when the child was stopped by job control, so that
// the shell, which waits for us, sees a stopped job. SIGSTOP sent to the child
// by a person is left alone: who sent it will continue the child, not us. In a
// group that no shell looks after the kernel ignores SIGTSTP (setpgid(2)), and
// we go on.
func (s *supervision) stopToo(by unix.Signal) {
	jobControl := by == unix.SIGTSTP || by == unix.SIGTTIN || by == unix.SIGTTOU
	if !jobControl && !(by == unix.SIGSTOP && s.suspended) {
		return
	}
	withDefault(unix.SIGTSTP, func() {
		runtime.LockOSThread() // a signal to this very thread is delivered before Tgkill returns
		defer runtime.UnlockOSThread()
		unix.Tgkill(os.Getpid(), unix.Gettid(), unix.SIGTSTP)
	})
}

// withDefault calls f while the signal has its default action. signal.Reset
// leaves the runtime's handler in place, so the kernel is told directly; its
// structure is opaque here, and all zeros are SIG_DFL (rt_sigaction(2)).
func withDefault(sig syscall.Signal, f func()) {
	var byDefault, before [8]uint64
	const setSize = 8
	set := func(action, old *[8]uint64) bool {
		_, _, errno := unix.RawSyscall6(unix.SYS_RT_SIGACTION, uintptr(sig), uintptr(unsafe.Pointer(action)), uintptr(unsafe.Pointer(old)), setSize, 0, 0)
		return errno == 0
	}
	if set(&byDefault, &before) {
		defer set(&before, nil)
		f()
	}
}

// loseRelay: the relay's descriptors are gone with it, and the child sees a
// reader that went away.
func (s *supervision) loseRelay() {
	s.reapRelay()
	if len(s.streams) > 0 {
		s.warnOnce("the relay ended before the command did: the command's output is lost from here, as if its reader had gone away")
	}
}

func (s *supervision) reapRelay() {
	reap(s.relay.pid)
	s.relay.release()
	for _, stream := range s.streams {
		stream.hangUp()
	}
}

func (s *supervision) tellTrouble() {
	if trouble := s.relay.trouble(); trouble != "" && !s.troubled {
		s.troubled = true
		s.warnOnce(trouble)
	}
}

// settle reads what the child left in its streams, and reports whether all of
// them ended. A descendant that holds a stream open is not waited for, once
// nothing of the child's own is left in it.
func (s *supervision) settle() (complete bool) {
	for _, stream := range s.streams {
		stream.hangUp()
	}
	s.tellTrouble()
	const glance = 5 * time.Millisecond
	ticker := time.NewTicker(glance)
	defer ticker.Stop()
	for waited := time.Duration(0); !s.ended() && waited < backlogGrace; waited += glance {
		if waited >= exitGrace && s.drained() {
			break
		}
		select {
		case <-ticker.C:
		case sig := <-s.signals:
			if sig == unix.SIGINT || sig == unix.SIGTERM { // somebody is out of patience
				return s.letGo()
			}
		}
	}
	return s.letGo()
}

// letGo ends the relay if its streams have ended. Otherwise it lives on until
// they do.
func (s *supervision) letGo() (complete bool) {
	complete = len(s.sources) > 0 && s.ended() && s.relay.control >= 0
	if s.relay == nil || s.relay.control < 0 {
		return complete
	}
	s.tellTrouble() // the last write may have been the first to fail
	s.relay.release()
	if complete || s.ReadNone {
		select {
		case <-s.relayEnd:
			s.reapRelay()
		case <-time.After(exitGrace):
		}
	}
	if !complete && !s.ReadNone {
		s.warnOnce("a process that the command left behind still holds its output: what it writes passes on, but is no longer counted")
	}
	return complete
}

func (s *supervision) ended() bool {
	return !slices.ContainsFunc(s.sources, func(source *source) bool { return !source.ended() })
}

// drained reports that the relay has nothing left to pass on, and that
// everything it offered has been read.
func (s *supervision) drained() bool {
	a, ok := s.relay.ask(false)
	if !ok {
		return false
	}
	for i, source := range s.sources {
		if !source.ended() && (!a.Streams[i].Idle || a.Streams[i].Offered != source.received.Load()) {
			return false
		}
	}
	return true
}
