package wrap

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/weighbridge/weighbridge/meter"
)

// run is one execution of [Run].
type run struct {
	Options
	null    *os.File
	feed    *feed
	journal *journaler // nil: none
	streams []*stream
	sources []*source
	tail    *tail     // nil: none
	reports *reporter // nil: none
	relay   *relayProcess
	signals chan os.Signal
	result  Result
	warning sync.Mutex
}

// Run runs the command and meters it, as the package comment says, and returns
// when the command has ended. The error says why the command did not start;
// the result then holds 125, 126 or 127, as for env(1). Once it has started
// there is no error: what goes wrong with us is told by Warn, and the result is
// the command's own. When ctx is cancelled the command gets SIGTERM.
func Run(ctx context.Context, o Options) (Result, error) {
	r := &run{Options: o, signals: make(chan os.Signal, 64)}
	defer r.close()
	child, err := r.start()
	if err != nil {
		return r.neverStarted(err), err
	}
	s := newSupervision(r, child)
	status := s.wait(ctx)
	r.result.Complete = s.settle()
	r.stopTail()
	r.stopReports()
	return r.finish(status), nil
}

// start does everything up to the child's first instruction. Its error is our
// own failure unless it is a [startError].
func (r *run) start() (child int, err error) {
	if err := r.prepare(); err != nil {
		return 0, err
	}
	r.subscribe()
	child, err = r.launch()
	if err != nil {
		return 0, err
	}
	for i, s := range r.streams {
		source := newSource(r.feed, i, s, r.relay.losses)
		r.sources = append(r.sources, source)
		go source.run()
	}
	if r.relay != nil {
		go r.relay.losses.watch()
	}
	if r.tail != nil {
		go r.tail.run()
	}
	return child, nil
}

func (r *run) prepare() (err error) {
	if len(r.Command) == 0 || len(r.Relay) == 0 || r.Now == nil {
		return errors.New("run: expected a command, a relay and a clock")
	}
	if r.Interval <= 0 {
		r.Interval = defaultInterval
	}
	r.feed = &feed{meter: r.Meter, warn: r.warnOnce}
	r.result.Start = r.utcNow()
	if err := r.openJournal(); err != nil {
		return err
	}
	if r.null, err = os.OpenFile(os.DevNull, os.O_RDWR, 0); err != nil {
		return err
	}
	for _, f := range []**os.File{&r.Stdin, &r.Stdout, &r.Stderr} {
		if *f == nil {
			*f = r.null
		}
	}
	if r.LogFile != "" {
		r.tail = newTail(r.feed, r.LogFile, r.warnOnce)
	}
	if err := r.openSocket(); err != nil {
		return err
	}
	if r.streams, err = r.openStreams(r.warnOnce); err != nil {
		return err
	}
	r.relay, err = r.startRelay(r.streams, rawFD(r.null))
	if err != nil && r.ReadNone && !r.Strict { // it would only have been the witness
		r.warnOnce(fmt.Sprintf("%v; signals are forwarded even when the command has them already", err))
		return nil
	}
	return err
}

// launch starts the child and gives up everything that is the child's or the
// relay's alone.
func (r *run) launch() (int, error) {
	stdout, stderr := rawFD(r.Stdout), rawFD(r.Stderr)
	if len(r.streams) > 0 {
		stdout, stderr = r.streams[0].child, r.streams[len(r.streams)-1].child
	}
	child, err := r.startChild(rawFD(r.Stdin), stdout, stderr)
	handOver(r.streams)
	return child, err
}

func (r *run) openJournal() error {
	if r.JournalDir == "" {
		return nil
	}
	host, err := os.Hostname()
	if err != nil {
		return fmt.Errorf("the name of this machine: %w", err)
	}
	h := r.Head
	h.Schema, h.Command, h.Start = JournalSchema, slices.Clone(r.Command), r.result.Start
	h.Process = Process{Host: host, PID: os.Getpid()}
	if err := h.validate(); err != nil {
		return err // the caller's defect, not the disk's
	}
	file, err := createJournal(r.JournalDir, h)
	if err != nil {
		if r.Strict {
			return err
		}
		r.warnOnce(fmt.Sprintf("%v; the command runs without a journal, and a crash of this process would lose its count", err))
		return nil
	}
	r.result.JournalPath = file.path
	r.journal = &journaler{
		file: file, feed: r.feed, interval: r.Interval, now: r.utcNow, warn: r.warnOnce, usage: r.Usage,
		ending: make(chan ending), done: make(chan bool, 1),
	}
	go r.journal.run()
	return nil
}

// openSocket makes the socket for the job's own reports and names it to the child.
func (r *run) openSocket() error {
	if r.SocketDir == "" || r.Meter == nil {
		return nil
	}
	reports, err := newReporter(r.feed, r.SocketDir, r.warnOnce)
	if err != nil {
		if r.Strict {
			return err
		}
		r.warnOnce(fmt.Sprintf("%v; the command runs without it", err))
		return nil
	}
	r.reports, r.Env = reports, reports.environment(r.Env)
	go reports.run()
	return nil
}

func (r *run) neverStarted(err error) Result {
	r.result.ExitCode, r.result.Outcome = exitOwnFailure, meter.NeverStarted
	var refused *startError
	if errors.As(err, &refused) {
		r.result.ExitCode = refused.code
	}
	return r.conclude()
}

// finish turns the child's status into the result. A signal n is 128+n, as a
// shell has it.
func (r *run) finish(status unix.WaitStatus) Result {
	switch {
	case status.Signaled():
		r.result.Outcome, r.result.ExitCode = meter.Signalled, 128+int(status.Signal())
	case status.ExitStatus() == 0:
		r.result.Outcome = meter.Finished
	default:
		r.result.Outcome, r.result.ExitCode = meter.Failed, status.ExitStatus()
	}
	return r.conclude()
}

func (r *run) conclude() Result {
	if r.Now != nil {
		r.result.End = r.utcNow()
	}
	if r.feed != nil {
		r.result.Observation = r.feed.observation()
	}
	if r.Usage != nil {
		r.result.Usage = r.Usage()
	}
	r.result.Journalled = r.journal.finish(ending{r.result.Outcome, r.result.End, r.result.ExitCode})
	if r.journal != nil {
		r.result.journal = r.journal.file.file
	}
	return r.result
}

func (r *run) stopTail() {
	if r.tail != nil {
		close(r.tail.stop)
		<-r.tail.done
	}
}

func (r *run) stopReports() {
	r.reports.stop()
	r.reports = nil
}

func (r *run) close() {
	r.unsubscribe()
	r.stopReports()
	closeStreams(r.streams)
	for _, s := range r.sources {
		s.data.Close()
	}
	if r.relay != nil {
		r.relay.close()
	}
	if r.null != nil {
		r.null.Close()
	}
}

// warnOnce tells the caller, one warning at a time.
func (r *run) warnOnce(message string) {
	r.warning.Lock()
	defer r.warning.Unlock()
	if r.Warn != nil {
		r.Warn(message)
	}
}

// exitGrace is how long after the child's end a stream may take to end when
// nothing waits in it, and backlogGrace when something does. A descendant of
// the child may hold it open for days.
const (
	exitGrace    = 500 * time.Millisecond
	backlogGrace = 10 * time.Second
)
