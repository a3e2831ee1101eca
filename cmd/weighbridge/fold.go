package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

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
}

// weightsSeen are the digests that only the process that ran the job can take.
type weightsSeen struct{ input, output string }

func (a *app) journalDirectory() string { return a.ledger + ".journals" }

// recordsOf turns a journal into the records of its run: the run's own
// activity first, then what the job reported of others.
func recordsOf(j wrap.Journal, seen weightsSeen, live bool) ([]meter.Record, error) {
	base := meter.Record{Schema: meter.RecordSchema, Model: j.Head.Model, Run: j.Head.Run, Activity: j.Head.Activity, Weights: j.Head.Weights,
		Outcome: j.Outcome, ExitCode: j.ExitCode, Period: &meter.Period{Start: j.Head.Start.UTC(), End: j.End.UTC()}, Hardware: j.Head.Hardware, Host: j.Head.Host}
	own := base
	own.Observed, own.Output, own.Generator, own.DataPublished = &j.Observation, seen.output, j.Head.Generator, j.Head.DataPublished
	own.Parents = parentsWith(j.Head.Parents, seen.input)
	own.Findings = append(append(own.Findings, j.Head.Findings...), j.Observation.Findings...)
	count, err := countOf(j, live)
	if err != nil {
		return nil, err
	}
	if err := count.fill(&own); err != nil {
		return nil, err
	}
	return append([]meter.Record{own}, otherActivities(base, count)...), nil
}

func parentsWith(parents []meter.Parent, input string) []meter.Parent {
	out := append([]meter.Parent(nil), parents...)
	if input != "" && len(out) == 1 {
		out[0].Input = input
	}
	return out
}

func countOf(j wrap.Journal, live bool) (runCount, error) {
	count := runCount{activity: j.Head.Activity, outcome: j.Outcome, live: live, observed: j.Observation}
	var settings runSettings
	if len(j.Head.Settings) > 0 {
		if err := json.Unmarshal(j.Head.Settings, &settings); err != nil {
			return count, fmt.Errorf("journal of run %s: settings: %w", j.Head.Run, err)
		}
	}
	var err error
	count.tokens = settings.Tokens
	if count.sequence, err = estimate.ParseSchedule(settings.SequenceLength); err != nil {
		return count, fmt.Errorf("journal of run %s: %w", j.Head.Run, err)
	}
	if len(settings.Architecture) > 0 {
		architecture, err := estimate.ParseConfig(settings.Architecture)
		if err != nil {
			return count, fmt.Errorf("journal of run %s: architecture: %w", j.Head.Run, err)
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
		r.Sequence, r.Activity = uint64(len(records)+1), report.Activity
		r.Operations, r.Method, r.Grade = meter.Exact(*report.Operations), meter.Counted, meter.GradeReported
		if count.outcome != meter.Finished {
			r.Operations.High = meter.Bound{}
		}
		records = append(records, r)
	}
	return records
}

// foldJournal puts one journal of a run that ended into the ledger, with the
// journal itself and the architecture as evidence, and removes it. Folding it
// again, after a crash in between, changes nothing.
func foldJournal(l *ledger.Ledger, path string, seen weightsSeen) ([]meter.Record, error) {
	journal, err := wrap.ReadJournal(path)
	if err != nil {
		return nil, err
	}
	records, err := recordsOf(journal, seen, false)
	if err != nil {
		return nil, err
	}
	evidence, err := keepEvidence(l, path, journal)
	if err != nil {
		return nil, err
	}
	for i := range records {
		records[i].Evidence = append(records[i].Evidence, evidence...)
		_, err := l.Append(records[i])
		var conflict *ledger.ConflictError
		if err != nil && !errors.As(err, &conflict) { // it was folded before, by the process that ran the job
			return nil, err
		}
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return records, fmt.Errorf("journal %s is in the ledger and can be removed: %w", path, err)
	}
	return records, nil
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
		records, err := foldJournal(l, ref.Path, weightsSeen{})
		switch {
		case err != nil:
			a.warn("journal %s stays where it is: %v", ref.Path, err)
		default:
			a.warn("run %s of %s, %s, was still in its journal; it is in the ledger now", records[0].Run, records[0].Model, records[0].Outcome)
		}
	}
}

// pendingRecords are the records of runs that the ledger does not hold yet, by
// model, and a sentence on each run.
func (a *app) pendingRecords() (map[meter.ModelRef][]meter.Record, []string, error) {
	refs, err := wrap.Journals(a.journalDirectory(), a.env.now())
	if err != nil {
		return nil, nil, fmt.Errorf("journals: %w", err)
	}
	pending := map[meter.ModelRef][]meter.Record{}
	var notes []string
	for _, ref := range refs {
		journal, err := wrap.ReadJournal(ref.Path)
		if errors.Is(err, os.ErrNotExist) {
			continue // folded by another process just now
		}
		if err != nil {
			return nil, nil, fmt.Errorf("%w; what this run did is not known without it, so no total is given: move the file away to leave the run out", err)
		}
		records, err := recordsOf(journal, weightsSeen{}, ref.Live)
		if err != nil {
			return nil, nil, err
		}
		model := journal.Head.Model
		pending[model] = append(pending[model], records...)
		state := "ended and is not in the ledger yet"
		if ref.Live {
			state = "is going on; its figures are those of " + journal.End.UTC().Format("2006-01-02 15:04:05 MST")
		}
		notes = append(notes, fmt.Sprintf("run %s of %s %s (journal %s)", journal.Head.Run, model, state, filepath.Base(ref.Path)))
	}
	return pending, notes, nil
}

// warn prints one line of our own to standard error.
func (a *app) warn(format string, args ...any) {
	fmt.Fprintf(a.env.stderr, "weighbridge: "+format+"\n", args...)
}
