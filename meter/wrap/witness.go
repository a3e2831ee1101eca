package wrap

import (
	"errors"
	"fmt"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// groupDelay is how long after its own signal the supervisor asks the
	// relay: a sender that goes through a list of processes, one by one (a
	// control group), must have come to it.
	groupDelay = 30 * time.Millisecond

	// askTwice, because a relay on a crowded machine may answer before its own
	// signal has been delivered to it.
	askTwice = 2

	// readyTimeout is how long a relay may take to come up.
	readyTimeout = 20 * time.Second

	// answerTimeout is when a relay counts as stuck. Its witness is then
	// missing, and signals are forwarded.
	answerTimeout = 2 * time.Second
)

// relayProcess is the relay as the supervisor sees it. Its methods are for one
// goroutine.
type relayProcess struct {
	pid     int
	control int // -1 when the relay has ended
	asked   uint64
	losses  *lossQueue
}

// awaitReady returns when the relay passes output on and no signal ends it.
func (r *relayProcess) awaitReady() error {
	if err := r.patience(readyTimeout); err != nil {
		return err
	}
	var buf [256]byte
	n, err := retry(func() (int, error) { return unix.Read(r.control, buf[:]) })
	switch {
	case err != nil:
		return fmt.Errorf("it did not come up in %s: %w", readyTimeout, err)
	case n == 0:
		return errors.New("it ended at once; is the program that runs still the one on disk?")
	}
	return r.patience(answerTimeout)
}

func (r *relayProcess) patience(d time.Duration) error {
	limit := unix.NsecToTimeval(d.Nanoseconds())
	return unix.SetsockoptTimeval(r.control, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &limit)
}

// ask returns the relay's answer, or false when there is none in time.
func (r *relayProcess) ask(take bool) (answer, bool) {
	if r == nil || r.control < 0 {
		return answer{}, false
	}
	r.asked++
	if _, err := unix.SendmsgN(r.control, encodeMessage(query{r.asked, take}), nil, nil, unix.MSG_NOSIGNAL|unix.MSG_DONTWAIT); err != nil {
		return answer{}, false
	}
	for {
		var buf [256]byte
		n, err := retry(func() (int, error) { return unix.Read(r.control, buf[:]) })
		var a answer
		if err != nil || n == 0 || decodeMessage(buf[:n], &a) != nil {
			return answer{}, false
		}
		if a.Number == r.asked { // else a late answer to an earlier question
			return a, true
		}
	}
}

// saw returns the signals that have reached the relay since it was asked last.
func (r *relayProcess) saw() uint64 {
	a, _ := r.ask(true)
	return a.Signals
}

// sighted are the signals that the relay told of and the supervisor did not get
// yet: of one sent to the group the relay may tell while the supervisor asks about
// another, and before the supervisor's own copy has come.
type sighted struct {
	signals uint64
	at      time.Time
}

// add notes what the relay told.
func (s *sighted) add(signals uint64, now time.Time) {
	if signals != 0 {
		s.signals, s.at = s.recent(now)|signals, now
	}
}

// take returns those of the set that were sighted lately, once.
func (s *sighted) take(set uint64, now time.Time) uint64 {
	both := s.recent(now) & set
	s.signals &^= both
	return both
}

// recent leaves out what is too old to say something about a new signal.
func (s *sighted) recent(now time.Time) uint64 {
	if now.Sub(s.at) > memoryOfSignals {
		s.signals = 0
	}
	return s.signals
}

// release lets the relay end when its streams do.
func (r *relayProcess) release() { closeFD(&r.control) }

func (r *relayProcess) close() {
	r.release()
	r.losses.file.Close()
}

// trouble names what the relay could not write, once it could not.
func (r *relayProcess) trouble() string {
	a, _ := r.ask(false)
	for i, s := range a.Streams {
		if s.Errno != 0 {
			return fmt.Sprintf("writing the command's output to our %s: %v; what could not be written is lost, the command runs on",
				[]string{"standard output", "standard error"}[i], syscall.Errno(s.Errno))
		}
	}
	return ""
}
