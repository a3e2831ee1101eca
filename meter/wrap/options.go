package wrap

import (
	"io"
	"os"
	"time"

	"github.com/weighbridge/weighbridge/meter"
)

// Meter reads the child's output. [Run] calls it from one goroutine at a time
// and gives it whole lines of one stream at a time. A meter that panics is given
// up with a warning; the run goes on.
type Meter interface {
	io.Writer
	Lost(n uint64)                  // n bytes never arrived; the next Write begins at the start of a line
	Observation() meter.Observation // cumulative; may be called between any two writes
}

// Options says what to run, and how.
type Options struct {
	Command []string // as for env(1): looked up in the PATH of Env
	Env     []string // the child's whole environment
	Dir     string   // the child's working directory; empty: our own

	Stdin, Stdout, Stderr *os.File // what the child would have had without us; nil: /dev/null

	// Relay is the command line that ends up in [Relay], without the arguments
	// that Run appends: an executable's path and its hidden command.
	Relay []string

	Meter    Meter  // nil: nothing is read
	ReadNone bool   // the child gets the streams themselves
	LogFile  string // a log that the job writes, read as well; with ReadNone instead. Empty: none

	SocketDir string // where the socket for the job's own reports is made, in a directory of its own; empty: there is none

	JournalDir string        // made when it does not exist; empty: no journal
	Head       Head          // what the journal begins with; Run adds schema, command, start and process
	Interval   time.Duration // between segments; 0: 5 s
	Strict     bool          // refuse to start without a journal, a relay and the terminals

	// Usage returns what samplers know so far of the accelerators, as running
	// totals. It must not wait for anything. nil: nobody samples.
	Usage func() Usage

	Now  func() time.Time // required
	Warn func(string)     // one line for a person; called from one goroutine at a time; nil: dropped
}

// Usage is what was seen of the accelerators' use while the command ran.
type Usage struct {
	Use      []meter.Use     // with the signals; who reads a journal recomputes the time held
	Findings []meter.Finding // what is missing of it
}

// Result is what became of the run.
type Result struct {
	Observation meter.Observation
	Usage       Usage
	Outcome     meter.Outcome // never Interrupted: this process saw the end
	ExitCode    int           // the child's own, 128+n for signal n, 127 not found, 126 not executable, 125 our own failure before the start
	Start, End  time.Time     // UTC
	JournalPath string        // empty when there is none

	// Journalled says that the journal holds the end and the final observation.
	// When it is false, the caller records from this Result.
	Journalled bool

	// Complete says that every stream was read to its end. It is false when a
	// descendant of the child still holds one, when the relay was lost, or when
	// nothing was read.
	Complete bool

	journal *os.File // open, and so locked, until Release
}

// Release gives up the journal's lock, without which the journal is one of a
// dead process, for anybody to fold. Call it when the journal's records are in
// the ledger, or cannot be put there.
func (r Result) Release() error {
	if r.journal == nil {
		return nil
	}
	return r.journal.Close()
}

// exitOwnFailure is the exit code of a run that we could not start (env(1) has
// the same three: 125, 126, 127).
const exitOwnFailure = 125

// defaultInterval is how much work a crash may cost at most.
const defaultInterval = 5 * time.Second

// heartbeat is how often a segment is written though nothing changed, so that
// a journal's age tells whether its process lives where locks do not.
const heartbeat = time.Minute

func (o Options) utcNow() time.Time { return o.Now().UTC().Round(0) }
