package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/estimate"
	"github.com/weighbridge/weighbridge/meter/ledger"
	"github.com/weighbridge/weighbridge/meter/wrap"
)

// runSettings is what a journal's head keeps for counting its run later, in
// another process if need be.
type runSettings struct {
	Architecture   json.RawMessage `json:"architecture,omitempty"` // the config.json itself
	Tokens         *meter.Ops      `json:"tokens,omitempty"`
	SequenceLength string          `json:"sequence_length,omitempty"` // or a schedule of lengths
	First          uint64          `json:"first_sequence,omitempty"`  // of this process's records, where others may share its run
	Rank           *jobRank        `json:"rank,omitempty"`            // nil: the only one
	Streams        streamFlags     `json:"streams,omitzero"`          // what encoders and towers read, and what is trained

	trainedPart // its keys stand among these

	Identity string `json:"identity_document,omitempty"` // a cloud's, as it stands
}

// part is the process that a journal is of, where others may share its run.
func (s runSettings) part() *meter.Part {
	switch {
	case s.Rank != nil:
		return &meter.Part{Rank: s.Rank.Rank, Ranks: s.Rank.Ranks, Counting: s.Rank.Counting}
	case s.First != 0:
		return &meter.Part{Ranks: 1}
	}
	return nil
}

// weightsSeen are the digests that only the process that ran the job can take,
// and what it found in the weights' headers.
type weightsSeen struct {
	input, output string
	findings      []meter.Finding
}

func (a *app) journalDirectory() string { return ledger.Beside(a.ledger, ".journals") }

// recordsOf turns a journal into the records of its run: the run's own
// activity first, then what the job reported of others.
func recordsOf(j wrap.Journal, seen weightsSeen, live bool) ([]meter.Record, error) {
	period, skew := periodOfRun(j)
	settings, err := settingsOf(j)
	if err != nil {
		return nil, err
	}
	base := meter.Record{Schema: meter.RecordSchema, Model: j.Head.Model, Run: j.Head.Run, Sequence: settings.First, Activity: j.Head.Activity, Weights: j.Head.Weights,
		Part: settings.part(), Outcome: j.Outcome, ExitCode: j.ExitCode, Period: &period, Hardware: j.Head.Hardware, Host: j.Head.Host}
	own := base
	own.Observed, own.Output, own.Generator, own.DataPublished = &j.Observation, seen.output, j.Head.Generator, j.Head.DataPublished
	own.Parents = parentsWith(j.Head.Parents, seen.input)
	own.Findings = slices.Concat(otherInput(j.Head.Parents, seen.input), j.Head.Findings, j.Observation.Findings, j.Usage.Findings, seen.findings, skew)
	if j.Outcome != meter.NeverStarted {
		own.Use = meter.UseOf(own.Hardware, own.Period, j.Usage.Use)
	}
	count, err := countOf(j, settings, live)
	if err != nil {
		return nil, err
	}
	count.fill(&own)
	holdCeiling(&own, settings.Rank == nil)
	if rank := settings.Rank; rank != nil && rank.Rank != rank.Counting {
		rank.witness(&own)
		return []meter.Record{own}, nil
	}
	return append([]meter.Record{own}, otherActivities(base, count)...), nil
}

// periodOfRun is the run's period. A clock that was set back while it ran must
// not keep the run out of the ledger.
func periodOfRun(j wrap.Journal) (meter.Period, []meter.Finding) {
	period := meter.Period{Start: j.Head.Start.UTC(), End: j.End.UTC()}
	if !period.End.Before(period.Start) {
		return period, nil
	}
	finding := meter.Finding{Code: "clock-stepped-back", Message: fmt.Sprintf("the clock read %s at the start and %s at the end: the period is given as no time at all",
		period.Start.Format(time.RFC3339), period.End.Format(time.RFC3339))}
	period.End = period.Start
	return period, []meter.Finding{finding}
}

func parentsWith(parents []meter.Parent, input string) []meter.Parent {
	out := append([]meter.Parent(nil), parents...)
	if input != "" && len(out) == 1 {
		out[0].Input = input
	}
	return out
}

func settingsOf(j wrap.Journal) (settings runSettings, err error) {
	if len(j.Head.Settings) > 0 {
		if err := json.Unmarshal(j.Head.Settings, &settings); err != nil {
			return settings, fmt.Errorf("journal of run %s: settings: %w", j.Head.Run, err)
		}
	}
	return settings, nil
}

func countOf(j wrap.Journal, settings runSettings, live bool) (runCount, error) {
	count := runCount{activity: j.Head.Activity, outcome: j.Outcome, live: live, observed: j.Observation}
	var err error
	count.tokens = settings.Tokens
	if count.sequence, err = estimate.ParseSchedule(settings.SequenceLength); err != nil {
		return count, fmt.Errorf("journal of run %s: %w", j.Head.Run, err)
	}
	if count.work, err = settings.Streams.work(); err != nil {
		return count, fmt.Errorf("journal of run %s: %w", j.Head.Run, err)
	}
	if len(settings.Architecture) > 0 {
		architecture, err := estimate.ParseConfig(settings.Architecture)
		if err != nil {
			return count, fmt.Errorf("journal of run %s: architecture: %w", j.Head.Run, err)
		}
		if architecture, err = settings.of(architecture); err != nil {
			return count, fmt.Errorf("journal of run %s: %w", j.Head.Run, err)
		}
		count.architecture = &architecture
	}
	return count, nil
}

// otherActivities are records of work that the job reported under another
// activity than the run's, such as its evaluations.
func otherActivities(base meter.Record, count runCount) []meter.Record {
	var records []meter.Record
	for _, report := range count.observed.Reported {
		if report.Activity == "" || report.Activity == count.activity || report.Operations == nil {
			continue
		}
		r := base
		r.Sequence, r.Activity = base.Sequence+uint64(len(records)+1), report.Activity
		r.Operations, r.Method, r.Grade = meter.Exact(*report.Operations), meter.Counted, meter.GradeReported
		r.Operations.High = meter.Known(report.MostOperations())
		if count.outcome != meter.Finished {
			r.Operations.High = meter.Bound{}
		}
		records = append(records, r)
	}
	return records
}

// foldJournal puts the journal of a run that ended into the ledger, as these
// records, with the journal itself and the architecture as evidence, and removes
// it. Folding it again, after a crash in between, changes nothing.
func foldJournal(l *ledger.Ledger, path string, records []meter.Record) error {
	journal, err := wrap.ReadJournal(path)
	if err != nil {
		return err
	}
	evidence, err := keepEvidence(l, path, journal)
	if err != nil {
		return err
	}
	for i := range records {
		records[i].Evidence = append(records[i].Evidence, evidence...)
		if err := appendOnce(l, records[i]); err != nil {
			return err
		}
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("journal %s is in the ledger and can be removed: %w", path, err)
	}
	return nil
}

// appendOnce appends a record of a journal. The process that ran the job may
// have done it already, with digests of the weights that only it could take;
// anything else that stands there under the same run is a conflict.
func appendOnce(l *ledger.Ledger, r meter.Record) error {
	_, err := l.Append(r)
	var conflict *ledger.ConflictError
	if !errors.As(err, &conflict) {
		return err
	}
	held, _, findErr := l.Find(r.Run, r.Sequence)
	if findErr != nil || !sameButDigests(held, r) {
		return errors.Join(err, findErr)
	}
	return nil
}

// sameButDigests compares two records of one run in all but what only the
// process that ran the job, or the fold, adds.
func sameButDigests(held, r meter.Record) bool {
	held.Output, held.Parents, held.Evidence = r.Output, r.Parents, r.Evidence
	return sameBut(held, r, func(m *meter.Record) { m.Findings = withoutInput(m.Findings) })
}

// sameBut compares two records after the same change of both.
func sameBut(held, r meter.Record, change func(*meter.Record)) bool {
	change(&held)
	change(&r)
	a, err := held.Encode()
	b, err2 := r.Encode()
	return err == nil && err2 == nil && bytes.Equal(a, b)
}

func keepEvidence(l *ledger.Ledger, path string, journal wrap.Journal) ([]meter.Evidence, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	kept, err := l.PutEvidence("journal", file)
	if err != nil {
		return nil, err
	}
	evidence := append([]meter.Evidence{kept}, journal.Head.Evidence...)
	var settings runSettings
	if json.Unmarshal(journal.Head.Settings, &settings) == nil && len(settings.Architecture) > 0 {
		if kept, err = l.PutEvidence("architecture", bytes.NewReader(settings.Architecture)); err != nil {
			return nil, err
		}
		evidence = append(evidence, kept)
	}
	if settings.Identity != "" {
		if kept, err = l.PutEvidence("identity-document", strings.NewReader(settings.Identity)); err != nil {
			return nil, err
		}
		evidence = append(evidence, kept)
	}
	return evidence, nil
}

// foldDead folds the journals whose processes ended without doing it
// themselves. A journal that cannot be folded stays, and is named.
func (a *app) foldDead(l *ledger.Ledger) {
	refs, err := wrap.Journals(a.journalDirectory(), a.env.now())
	if err != nil {
		a.warn("journals: %v", err)
	}
	for _, ref := range refs {
		if ref.Live {
			continue
		}
		records, err := journalRecords(ref.Path, false)
		if err == nil {
			err = foldJournal(l, ref.Path, records)
		}
		switch {
		case errors.Is(err, os.ErrNotExist): // folded by its own process just now
		case err != nil:
			a.warn("journal %s stays where it is: %v", ref.Path, err)
		default:
			a.warn("run %s of %s, %s, was still in its journal; it is in the ledger now", records[0].Run, records[0].Model, records[0].Outcome)
		}
	}
}

// foldLeftovers folds the journals of dead processes where there are any.
func (a *app) foldLeftovers() error {
	refs, err := wrap.Journals(a.journalDirectory(), a.env.now())
	if err != nil {
		return fmt.Errorf("journals: %w", err)
	}
	if !slices.ContainsFunc(refs, func(ref wrap.JournalRef) bool { return !ref.Live }) {
		return nil
	}
	return a.writing(func(*ledger.Ledger) error { return nil })
}

func journalRecords(path string, live bool) ([]meter.Record, error) {
	journal, err := wrap.ReadJournal(path)
	if err != nil {
		return nil, err
	}
	return recordsOf(journal, weightsSeen{}, live)
}

// pendingRun is a run that the ledger does not hold yet.
type pendingRun struct {
	records []meter.Record
	live    bool   // its job goes on
	note    string // a sentence on it
}

// pendingRuns are the runs in the journals.
func (a *app) pendingRuns() ([]pendingRun, error) {
	refs, err := wrap.Journals(a.journalDirectory(), a.env.now())
	if err != nil {
		return nil, fmt.Errorf("journals: %w", err)
	}
	var runs []pendingRun
	for _, ref := range refs {
		journal, err := wrap.ReadJournal(ref.Path)
		if errors.Is(err, os.ErrNotExist) {
			continue // folded by another process just now
		}
		if err != nil {
			return nil, fmt.Errorf("%w; what this run did is not known without it, so no total is given: move the file away to leave the run out", err)
		}
		live := ref.Live && journal.Outcome == meter.Interrupted // a process that ended its job still holds the journal until it has folded it
		records, err := recordsOf(journal, weightsSeen{}, live)
		if err != nil {
			return nil, err
		}
		state := "is not in the ledger yet: the next record or run puts it there"
		if journal.Outcome == meter.Interrupted {
			state += "; its meter ended, its job may go on"
		}
		if live {
			state = "is going on; its figures are those of " + journal.End.UTC().Format("2006-01-02 15:04:05 MST")
		}
		runs = append(runs, pendingRun{records, live, fmt.Sprintf("run %s of %s %s (journal %s)", journal.Head.Run, journal.Head.Model, state, filepath.Base(ref.Path))})
	}
	return runs, nil
}

// warn prints one line of our own to standard error.
func (a *app) warn(format string, args ...any) {
	fmt.Fprintf(a.env.stderr, "weighbridge: %s\n", printableLines(fmt.Sprintf(format, args...)))
}
