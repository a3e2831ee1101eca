package wrap

import (
	"fmt"
	"time"
)

// finishTimeout is how long the end of a run waits for a journal on a file
// system that hangs.
const finishTimeout = 10 * time.Second

// journaler writes the journal in a goroutine of its own: a disk or a file
// server that hangs must not hold up signals or the exit code.
type journaler struct {
	file     *journalFile
	feed     *feed
	interval time.Duration
	now      func() time.Time
	usage    func() Usage // nil: nobody samples
	useStart time.Time
	useNext  time.Time
	warn     func(string)
	warned   bool
	ending   chan ending
	done     chan bool // whether the journal holds everything
}

func (j *journaler) run() {
	ticker := time.NewTicker(j.interval)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			now := j.now()
			j.report(j.file.observe(j.feed.observation(), j.useAt(now), now))
		case e := <-j.ending:
			err := j.file.observe(j.feed.observation(), j.useNow(), e.Time)
			if err == nil {
				err = j.file.end(e)
			}
			j.report(err)
			j.done <- err == nil
			return
		}
	}
}

// useEvery and useEveryLater are how often a segment says what the samplers
// know: in a run of a year some fifty megabytes of journal.
const (
	useEvery      = time.Minute
	useEveryLater = 10 * time.Minute
	useLater      = 24 * time.Hour
)

// useAt returns what the samplers know when it is time to write it.
func (j *journaler) useAt(now time.Time) Usage {
	if j.useStart.IsZero() {
		j.useStart, j.useNext = now, now
	}
	if now.Before(j.useNext) {
		return Usage{}
	}
	j.useNext = now.Add(useEvery)
	if now.Sub(j.useStart) > useLater {
		j.useNext = now.Add(useEveryLater)
	}
	return j.useNow()
}

func (j *journaler) useNow() Usage {
	if j.usage == nil {
		return Usage{}
	}
	return j.usage()
}

func (j *journaler) report(err error) {
	if err != nil && !j.warned {
		j.warned = true
		j.warn(fmt.Sprintf("journal %s: %v; the command runs on and is metered in memory, but a crash of this process would now lose its count", j.file.path, err))
	}
}

// finish writes the end and reports whether the journal holds everything.
func (j *journaler) finish(e ending) bool {
	if j == nil {
		return false
	}
	timeout := time.NewTimer(finishTimeout)
	defer timeout.Stop()
	select {
	case j.ending <- e:
	case <-timeout.C:
		j.warn(fmt.Sprintf("journal %s: its file system does not answer; left as it is", j.file.path))
		return false
	}
	select {
	case complete := <-j.done:
		return complete
	case <-timeout.C:
		j.warn(fmt.Sprintf("journal %s: its file system does not answer; left as it is", j.file.path))
		return false
	}
}
