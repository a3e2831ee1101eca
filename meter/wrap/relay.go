package wrap

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// Relay is the relay process: the hidden command that [Options.Relay] names
// calls it with the arguments that [Run] appended, once, and then ends. It
// returns when every stream has ended and the supervisor is done or dead.
func Relay(args []string) error {
	if len(args) > maxStreams {
		return fmt.Errorf("relay: %d routes: expected at most %d", len(args), maxStreams)
	}
	// Started by hand there is no socket at the descriptor.
	if _, err := unix.GetsockoptInt(controlFD, unix.SOL_SOCKET, unix.SO_TYPE); err != nil {
		return fmt.Errorf("relay: descriptor %d: %w; weighbridge run starts this command, a person does not", controlFD, err)
	}
	var pumps []*pump
	for i, arg := range args {
		r, err := parseRoute(arg)
		if err != nil {
			return err
		}
		pumps = append(pumps, &pump{route: r, stream: uint64(i)})
	}
	// A name of its own, so that killall by the supervisor's name misses it.
	// Where it cannot be set, nothing is lost but that.
	os.WriteFile("/proc/self/comm", []byte("wb-relay"), 0)

	arrived := make(chan os.Signal, 64)
	signal.Ignore(unix.SIGTTIN, unix.SIGTTOU) // writing from the background is no reason to stop
	for _, sig := range forwarded() {
		signal.Notify(arrived, sig)
	}
	// One processor: with more, the scheduler wakes idle threads at every
	// read to look for work that is never there.
	runtime.GOMAXPROCS(1)
	var running sync.WaitGroup
	for _, p := range pumps {
		running.Go(p.run)
	}
	witness(arrived, pumps)
	running.Wait()
	return nil
}

// memoryOfSignals is how long a signal counts as lately arrived. An older one
// says nothing about a new one.
const memoryOfSignals = time.Second

// witness answers the supervisor, until that is done or dead.
func witness(arrived <-chan os.Signal, pumps []*pump) {
	queries := make(chan query)
	go readQueries(queries)
	var seen uint64
	forget := time.NewTimer(memoryOfSignals)
	defer forget.Stop()
	for here := reply(answer{}, pumps); here; {
		select {
		case sig := <-arrived:
			seen |= bitsOf([]os.Signal{sig})
			forget.Reset(memoryOfSignals)
		case <-forget.C:
			seen = 0
		case q, open := <-queries:
			if !open {
				return
			}
			if q.Take {
				settle()
			}
			seen |= bitsOf(drain(arrived))
			here = reply(answer{Number: q.Number, Signals: seen}, pumps)
			if q.Take {
				seen = 0
			}
		}
	}
}

// readQueries closes the channel when the supervisor is gone.
func readQueries(queries chan<- query) {
	defer close(queries)
	for {
		var buf [64]byte
		n, err := retry(func() (int, error) { return unix.Read(controlFD, buf[:]) })
		var q query
		if err != nil || n == 0 || decodeMessage(buf[:n], &q) != nil {
			return
		}
		queries <- q
	}
}

// reply sends an answer and reports whether the supervisor is still there. One
// that does not read its answers does not miss this one.
func reply(a answer, pumps []*pump) bool {
	for i, p := range pumps {
		a.Streams[i] = p.state()
	}
	_, err := retry(func() (int, error) {
		return unix.SendmsgN(controlFD, encodeMessage(a), nil, nil, unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL)
	})
	return err == nil || errors.Is(err, unix.EAGAIN)
}
