package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/ledger"
	"github.com/weighbridge/weighbridge/meter/wrap"
)

// runResult is what run says at its end.
type runResult struct {
	Schema   string         `json:"schema"`
	Recorded bool           `json:"recorded"` // the records are in the ledger
	Records  []meter.Record `json:"records"`
	Ledger   string         `json:"ledger"`
	ExitCode int            `json:"exit_code"`
	Lineage  *traceResult   `json:"lineage,omitempty"` // as it is after the run
}

// finish records the run and says what it was. Nothing here may change the
// job's exit code: every failure is a line on standard error, what was counted
// is said all the same, and the journal stays, locked against everybody else
// until then, unless its records are in the ledger.
func (a *app) finish(ctx context.Context, f runFlags, o wrap.Options, r wrap.Result, input *inputDigest) {
	records, err := runRecords(o, r, a.digests(ctx, f, o.Head.Settings, r, input))
	if err == nil && len(records) > 0 {
		if err := a.holdInput(f.work, &records[0]); err != nil {
			a.warn("the weights that the job started from were not held against the ledger: %v", err)
		}
	}
	if err == nil {
		err = a.writing(func(l *ledger.Ledger) error { return appendRun(l, r, records) })
	}
	result := runResult{Schema: "weighbridge.dev/run/v1", Recorded: err == nil, Records: records, Ledger: a.ledger, ExitCode: r.ExitCode}
	if err != nil {
		a.warn("the run is not in the ledger: %v", err)
	}
	if _, gone := os.Stat(r.JournalPath); err != nil && gone == nil {
		a.warn("its journal %s is kept; the next writing command puts it into the ledger", absolute(r.JournalPath))
	}
	if err := r.Release(); err != nil {
		a.warn("%v", err)
	}
	a.reportRun(result)
}

// runRecords builds the records of a run from its journal, or from memory where
// the journal could not be written to its end.
func runRecords(o wrap.Options, r wrap.Result, seen weightsSeen) ([]meter.Record, error) {
	if r.Journalled {
		if journal, err := wrap.ReadJournal(r.JournalPath); err == nil {
			return recordsOf(journal, seen, false)
		}
	}
	code := r.ExitCode
	head := o.Head
	head.Start = r.Start
	records, err := recordsOf(wrap.Journal{Head: head, Observation: r.Observation, Usage: r.Usage, Outcome: r.Outcome, ExitCode: &code, End: r.End}, seen, false)
	for i := range records {
		records[i].Findings = append(records[i].Findings, meter.Finding{Code: "journal-lost",
			Message: "the journal could not be written to its end; the figures are those held in memory"})
	}
	return records, err
}

// appendRun puts the records into the ledger and takes the journal away: an
// unfinished one says less than what was recorded from memory.
func appendRun(l *ledger.Ledger, r wrap.Result, records []meter.Record) error {
	if r.Journalled {
		return foldJournal(l, r.JournalPath, records)
	}
	for _, record := range records {
		if _, err := l.Append(record); err != nil {
			return err
		}
	}
	if err := os.Remove(r.JournalPath); r.JournalPath != "" && err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("journal %s is in the ledger and can be removed: %w", r.JournalPath, err)
	}
	return nil
}

// reportRun says what was counted, by which method, in which range, on what
// hardware, and where the lineage stands.
func (a *app) reportRun(result runResult) {
	if len(result.Records) == 0 {
		return
	}
	err := a.withHistory(func(h *history) error {
		traced, err := a.traceResult(result.Records[0].Model, h)
		result.Lineage = &traced
		return err
	})
	if err != nil {
		result.Lineage = nil
		a.warn("the lineage cannot be shown: %v", err)
	}
	if a.json {
		if err := a.printJSON(result); err != nil {
			a.warn("%v", err)
		}
		return
	}
	fmt.Fprint(a.env.stderr, printableLines(result.String()))
}
