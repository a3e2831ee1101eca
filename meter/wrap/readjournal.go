package wrap

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/weighbridge/weighbridge/meter"
)

// Journal is what a journal says when read to its end.
type Journal struct {
	Head        Head
	Observation meter.Observation // of the last complete segment
	Usage       Usage             // of the last segment that has it
	Segments    uint64
	Outcome     meter.Outcome // Interrupted when there is no last line
	ExitCode    *int          // nil when interrupted
	End         time.Time     // of the last complete line
	Torn        int64         // bytes after it: a line that was being written at a crash, ignored
}

// ReadJournal reads the journal at path. Only a torn last line is forgiven;
// unknown fields, another encoding, a gap in the segments or anything after the
// last line are errors that name the line.
func ReadJournal(path string) (Journal, error) {
	file, err := os.Open(path)
	if err != nil {
		return Journal{}, fmt.Errorf("journal: %w", err)
	}
	defer file.Close()
	j, err := readJournal(file)
	if err != nil {
		return Journal{}, fmt.Errorf("journal %s: %w", path, err)
	}
	return j, nil
}

// readJournal holds one line at a time: a run of months has many.
func readJournal(r io.Reader) (Journal, error) {
	lines := lineReader{r: bufio.NewReaderSize(r, 64<<10)}
	var j Journal
	first, err := lines.next()
	if err != nil {
		return Journal{}, err
	}
	if first == nil {
		return Journal{}, errors.New("line 1: expected a complete head; the process died before it started its command, and the file may be removed")
	}
	if j.Head, err = parseHead(first); err != nil {
		return Journal{}, fmt.Errorf("line 1: %w", err)
	}
	j.Outcome, j.End = meter.Interrupted, j.Head.Start
	for number := 2; ; number++ {
		line, err := lines.next()
		if err != nil {
			return Journal{}, err
		}
		if line == nil {
			j.Torn = lines.torn
			return j, nil
		}
		if err := j.take(line); err != nil {
			return Journal{}, fmt.Errorf("line %d: %w", number, err)
		}
	}
}

func (j *Journal) take(line []byte) error {
	switch {
	case j.ExitCode != nil:
		return errors.New("a line after the end: expected none")
	case bytes.HasPrefix(line, []byte(`{"segment":`)):
		s, err := parseLine[segment](line)
		if err != nil {
			return fmt.Errorf("segment: %w", err)
		}
		if s.Segment != j.Segments+1 {
			return fmt.Errorf("segment %d: expected segment %d", s.Segment, j.Segments+1)
		}
		j.Segments, j.Observation, j.End = s.Segment, s.Observed, s.Time
		if len(s.Use)+len(s.UseFindings) > 0 {
			j.Usage = Usage{s.Use, s.UseFindings}
		}
		return validTime("time", s.Time)
	case bytes.HasPrefix(line, []byte(`{"end":`)):
		return j.takeEnd(line)
	}
	return fmt.Errorf("found %.20q: expected a segment or the end", line)
}

func (j *Journal) takeEnd(line []byte) error {
	e, err := parseLine[ending](line)
	if err != nil {
		return fmt.Errorf("end: %w", err)
	}
	switch e.End {
	case meter.Finished, meter.Failed, meter.Signalled, meter.NeverStarted:
	default:
		return fmt.Errorf("end %q: expected finished, failed, signalled or never-started", e.End)
	}
	if e.ExitCode < 0 || e.ExitCode > 255 || (e.ExitCode == 0) != (e.End == meter.Finished) {
		return fmt.Errorf("end %s with exit code %d: expected 0 when finished, else 1 to 255", e.End, e.ExitCode)
	}
	j.Outcome, j.ExitCode, j.End = e.End, &e.ExitCode, e.Time
	return validTime("time", e.Time)
}

func parseHead(line []byte) (Head, error) {
	h, err := parseLine[Head](line)
	if err != nil {
		return h, fmt.Errorf("head: %w", err)
	}
	return h, h.validate()
}

// validate returns every rule that h breaks, joined.
func (h Head) validate() error {
	var errs []error
	if h.Schema != JournalSchema {
		errs = append(errs, fmt.Errorf("head: schema %.60q: expected %s; another version wrote this", h.Schema, JournalSchema))
	}
	if h.Run == "" || len(h.Run) > 128 {
		errs = append(errs, fmt.Errorf("head: run %.60q: expected 1 to 128 characters", h.Run))
	}
	if _, err := meter.ParseModel(string(h.Model)); err != nil {
		errs = append(errs, fmt.Errorf("head: %w", err))
	}
	if _, err := meter.ParseActivity(string(h.Activity)); err != nil {
		errs = append(errs, fmt.Errorf("head: %w", err))
	}
	if h.Settings != nil && !bytes.HasPrefix(h.Settings, []byte("{")) {
		errs = append(errs, errors.New("head: settings: expected an object"))
	}
	return errors.Join(append(errs, validTime("head: start", h.Start))...)
}

func validTime(field string, t time.Time) error {
	if t.IsZero() || t.Location() != time.UTC {
		return fmt.Errorf("%s %s: expected a UTC time ending in Z", field, t.Format(time.RFC3339))
	}
	return nil
}

// parseLine reads one line and accepts it only in its one encoding: that is
// what refuses duplicate keys, other cases and white space.
func parseLine[T any](line []byte) (T, error) {
	var v T
	dec := json.NewDecoder(bytes.NewReader(line))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&v); err != nil {
		return v, err
	}
	again, err := encodeOnce(v)
	if err == nil && !bytes.Equal(again, line) {
		err = fmt.Errorf("not in canonical encoding: found %.60q, expected %.60q", line, again)
	}
	return v, err
}

// lineReader gives the complete lines of a journal, each with its line feed.
type lineReader struct {
	r    *bufio.Reader
	torn int64
}

// next returns nil at the end. A last line without a line feed, or one that
// holds bytes of a block that never reached the disk (zeros), is torn.
func (l *lineReader) next() ([]byte, error) {
	var line []byte
	for {
		part, err := l.r.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case err == nil && bytes.IndexByte(line, 0) < 0:
			return line, nil
		case len(line) > maxLine:
			return nil, fmt.Errorf("a line of more than %d bytes", maxLine)
		case err == nil || errors.Is(err, bufio.ErrBufferFull):
			if err == nil && !l.atEnd() {
				return nil, errors.New("a line with zero bytes before the last one: the file is damaged")
			}
			if err == nil {
				l.torn = int64(len(line))
				return nil, nil
			}
		case errors.Is(err, io.EOF):
			l.torn = int64(len(line))
			return nil, nil
		default:
			return nil, err
		}
	}
}

func (l *lineReader) atEnd() bool {
	_, err := l.r.Peek(1)
	return errors.Is(err, io.EOF)
}

// JournalRef is a journal found in a directory.
type JournalRef struct {
	Path string
	Live bool   // a process still writes it, or may
	Why  string // what Live was concluded from, for a person
}

// quiet is how long a journal whose lock cannot be seen from here must have
// been silent before its process counts as dead: five heartbeats.
const quiet = 5 * heartbeat

// Journals lists the journals in dir, by name, and says for each whether its
// process lives. now is compared with the files' times. A directory that does
// not exist has none.
func Journals(dir string, now time.Time) ([]JournalRef, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("journal directory: %w", err)
	}
	if err := privateDir(dir); err != nil {
		return nil, err
	}
	host, err := os.Hostname()
	if err != nil {
		return nil, fmt.Errorf("journal directory %s: the name of this machine: %w", dir, err)
	}
	var refs []JournalRef
	for _, e := range entries {
		if !e.Type().IsRegular() || !strings.HasSuffix(e.Name(), JournalSuffix) {
			continue
		}
		ref, err := probe(filepath.Join(dir, e.Name()), host, now)
		if errors.Is(err, os.ErrNotExist) { // folded by somebody else meanwhile
			continue
		}
		if err != nil {
			return nil, err
		}
		refs = append(refs, ref)
	}
	return refs, nil
}

// probe decides whether the writer of a journal lives: by its lock, and where a
// lock proves nothing (none was to be had, or the writer is on another machine
// and the file system may keep locks local) by the journal's age.
func probe(path, host string, now time.Time) (JournalRef, error) {
	file, err := os.Open(path)
	if err != nil {
		return JournalRef{}, fmt.Errorf("journal: %w", err)
	}
	defer file.Close()
	if err := unix.Flock(int(file.Fd()), unix.LOCK_SH|unix.LOCK_NB); errors.Is(err, unix.EWOULDBLOCK) {
		return JournalRef{path, true, "its process holds the lock"}, nil
	}
	lines := lineReader{r: bufio.NewReader(file)}
	line, err := lines.next()
	if err != nil || line == nil {
		return JournalRef{path, false, "no complete head"}, nil
	}
	head, err := parseHead(line)
	if err != nil || head.Process.Locked && head.Process.Host == host {
		return JournalRef{path, false, "its lock is free"}, nil
	}
	return probeAge(path, file, now)
}

func probeAge(path string, file *os.File, now time.Time) (JournalRef, error) {
	info, err := file.Stat()
	if err != nil {
		return JournalRef{}, fmt.Errorf("journal: %w", err)
	}
	tail := make([]byte, min(info.Size(), 256))
	if _, err := file.ReadAt(tail, info.Size()-int64(len(tail))); err != nil && !errors.Is(err, io.EOF) {
		return JournalRef{}, fmt.Errorf("journal: %w", err)
	}
	if bytes.Contains(tail, []byte("\n{\"end\":")) {
		return JournalRef{path, false, "it is complete"}, nil
	}
	if age := now.Sub(info.ModTime()); age < quiet {
		return JournalRef{path, true, fmt.Sprintf("written %s ago on another machine or without a lock; taken for dead after %s", age.Round(time.Second), quiet)}, nil
	}
	return JournalRef{path, false, fmt.Sprintf("silent since %s", info.ModTime().UTC().Format(time.RFC3339))}, nil
}
