package wrap

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/canonical"
)

// JournalSchema names the format that SPEC.md describes.
const JournalSchema = "weighbridge.dev/journal/v1"

// JournalSuffix is the end of a journal's file name. Other files in a
// directory of journals are not looked at.
const JournalSuffix = ".journal"

// maxLine bounds one line of a journal: a record may be as long.
const maxLine = 1 << 20

// Head is the first line of a journal: what must be known to turn the journal
// of a process that was killed into a record.
type Head struct {
	Schema   string         `json:"schema"` // set by Run
	Run      string         `json:"run"`    // one execution of a training job; many processes may share it
	Model    meter.ModelRef `json:"model"`
	Activity meter.Activity `json:"activity"`
	Weights  string         `json:"weights,omitempty"` // kept or discarded

	Parents       []meter.Parent `json:"parents,omitempty"`
	Generator     meter.ModelRef `json:"generator,omitempty"` // synthetic-data only
	DataPublished *bool          `json:"data_published,omitempty"`

	Host     *meter.Host      `json:"host,omitempty"`
	Hardware []meter.Device   `json:"hardware,omitempty"`
	Evidence []meter.Evidence `json:"evidence,omitempty"`
	Findings []meter.Finding  `json:"findings,omitempty"`

	// Settings is an object of the caller's own, returned as it stands: what
	// it needs to count the operations later.
	Settings json.RawMessage `json:"settings,omitempty"`

	Command []string  `json:"command"` // set by Run
	Start   time.Time `json:"start"`   // set by Run; UTC
	Process Process   `json:"process"` // set by Run
}

// Process is the supervisor that writes a journal.
type Process struct {
	Host   string `json:"host"` // the machine's name
	PID    int    `json:"pid"`
	Locked bool   `json:"locked"` // it holds flock(2) on the journal while it lives
}

// segment is the running total at a moment.
type segment struct {
	Segment  uint64            `json:"segment"` // 1, 2, 3, ...
	Time     time.Time         `json:"time"`
	Observed meter.Observation `json:"observed"`

	// Of the samplers, in some segments only; the others leave it as it was.
	Use         []meter.Use     `json:"use,omitempty"`
	UseFindings []meter.Finding `json:"use_findings,omitempty"`
}

// ending is the last line.
type ending struct {
	End      meter.Outcome `json:"end"`
	Time     time.Time     `json:"time"`
	ExitCode int           `json:"exit_code"`
}

// journalFile is a journal being written. Its methods are for one goroutine.
type journalFile struct {
	file     *os.File
	path     string
	size     int64 // of the complete lines
	segments uint64
	last     []byte // the observation in the last segment
	lastTime time.Time
}

// createJournal puts a journal with its head into dir. It is written under
// another name and renamed, so that whoever meets a journal finds its head
// complete and its lock held.
func createJournal(dir string, h Head) (*journalFile, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("journal directory: %w", err)
	}
	if err := privateDir(dir); err != nil {
		return nil, err
	}
	name := fmt.Sprintf("%s-%d-%s", fileName(h.Run), h.Process.PID, randomHex())
	temporary := filepath.Join(dir, "."+name+".new")
	file, err := os.OpenFile(temporary, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	j := &journalFile{file: file, path: filepath.Join(dir, name+JournalSuffix), lastTime: h.Start}
	if err := j.begin(h, temporary); err != nil {
		file.Close()
		os.Remove(temporary)
		return nil, fmt.Errorf("journal %s: %w", j.path, err)
	}
	return j, nil
}

func (j *journalFile) begin(h Head, temporary string) error {
	// Some network file systems have no locks. The head says so, and readers
	// go by the journal's age instead (SPEC.md, J9).
	h.Process.Locked = unix.Flock(int(j.file.Fd()), unix.LOCK_EX|unix.LOCK_NB) == nil
	line, err := encodeLine(h)
	if err != nil {
		return err
	}
	if err := j.append(line); err != nil {
		return err
	}
	if err := os.Rename(temporary, j.path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(j.path))
}

// append adds complete lines by one write and waits until they are on disk. A
// write that fails leaves no torn line behind, unless the truncation fails too.
func (j *journalFile) append(lines []byte) error {
	// WriteAt does not tell how much it wrote before an error.
	if _, err := j.file.WriteAt(lines, j.size); err != nil {
		return errors.Join(err, j.file.Truncate(j.size))
	}
	j.size += int64(len(lines))
	return j.file.Sync()
}

// observe appends a segment when o differs from the last one, the last one is
// old, or there is something to say of the accelerators' use. After a failure
// the next one carries the same figures and more: they are running totals.
func (j *journalFile) observe(o meter.Observation, use Usage, now time.Time) error {
	observed, err := encodeLine(o)
	if err != nil {
		return err
	}
	age := now.Sub(j.lastTime)
	if len(use.Use)+len(use.Findings) == 0 && bytes.Equal(observed, j.last) && age >= 0 && age < heartbeat {
		return nil
	}
	line, err := encodeLine(segment{Segment: j.segments + 1, Time: now, Observed: o, Use: use.Use, UseFindings: use.Findings})
	if err != nil {
		return err
	}
	if err := j.append(line); err != nil {
		return err
	}
	j.segments, j.last, j.lastTime = j.segments+1, observed, now
	return j.stillThere()
}

// end appends the last line.
func (j *journalFile) end(e ending) error {
	line, err := encodeLine(e)
	if err != nil {
		return err
	}
	if err := j.append(line); err != nil {
		return err
	}
	return j.stillThere()
}

// stillThere finds out whether somebody removed the journal, taking this
// process for dead.
func (j *journalFile) stillThere() error {
	var s unix.Stat_t
	if err := unix.Fstat(int(j.file.Fd()), &s); err == nil && s.Nlink == 0 {
		return errors.New("the file was removed while this process writes it")
	}
	return nil
}

// encodeLine returns the one encoding of a line: JSON in the order of the
// fields, no white space, no HTML escapes, one line feed.
func encodeLine[T any](v T) ([]byte, error) {
	line, err := encodeOnce(v)
	// Bytes that are not UTF-8 come out as an escape that reads back as a
	// character of its own: once more, and the encoding is stable.
	if err == nil && bytes.Contains(line, []byte(`\ufffd`)) {
		var again T
		if err = json.Unmarshal(line, &again); err == nil {
			line, err = encodeOnce(again)
		}
	}
	if err == nil && len(line) > maxLine {
		err = fmt.Errorf("a line of %d bytes: expected at most %d", len(line), maxLine)
	}
	return line, err
}

func encodeOnce(v any) ([]byte, error) {
	line, err := canonical.Encode(v)
	return append(line, '\n'), err
}

// fileName keeps what of a run's name may stand in a file name.
func fileName(run string) string {
	safe := func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '.' {
			return r
		}
		return '_'
	}
	return strings.Map(safe, run[:min(len(run), 80)])
}

func randomHex() string {
	var b [8]byte
	rand.Read(b[:]) // never fails (crypto/rand)
	return hex.EncodeToString(b[:])
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
