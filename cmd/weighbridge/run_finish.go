package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/weighbridge/weighbridge/attest/weights"
	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/ledger"
	"github.com/weighbridge/weighbridge/meter/wrap"
)

// runResult is what run says at its end.
type runResult struct {
	Schema   string         `json:"schema"`
	Records  []meter.Record `json:"records"`
	Ledger   string         `json:"ledger"`
	ExitCode int            `json:"exit_code"`
	Lineage  *traceResult   `json:"lineage,omitempty"` // as it is after the run
}

// startHash takes the digest of a directory while the job runs. The channel
// gives it once; an empty path gives an empty digest.
func startHash(ctx context.Context, dir string) <-chan digestResult {
	done := make(chan digestResult, 1)
	go func() {
		if dir == "" {
			done <- digestResult{}
			return
		}
		files, err := weights.Hash(ctx, dir, weights.Options{Workers: 1}) // the other cores are the job's
		done <- digestResult{files.Root(), err}
	}()
	return done
}

type digestResult struct {
	digest string
	err    error
}

// finish records the run and says what it was. Nothing here may change the
// job's exit code: every failure is a line on standard error, and the journal
// stays until its records are in the ledger.
func (a *app) finish(ctx context.Context, f runFlags, o wrap.Options, r wrap.Result, input <-chan digestResult) {
	seen := a.digests(ctx, f, r, input)
	var records []meter.Record
	err := a.openForFold(r.JournalPath, func(l *ledger.Ledger) (err error) {
		if r.Journalled {
			records, err = foldJournal(l, r.JournalPath, seen)
			return err
		}
		records, err = recordWithoutJournal(l, o, r, seen)
		return err
	})
	if err != nil {
		a.warn("the run is not in the ledger: %v", err)
		if r.JournalPath != "" {
			a.warn("its journal %s is kept; the next writing command puts it into the ledger", absolute(r.JournalPath))
		}
		return
	}
	a.reportRun(records, r)
}

// openForFold opens the ledger for one journal; those of other dead processes
// are folded in too.
func (a *app) openForFold(own string, f func(*ledger.Ledger) error) error {
	l, err := ledger.Open(a.ledger, ledger.Options{LockTimeout: lockPatience})
	if err != nil {
		return err
	}
	err = f(l)
	a.foldDead(l)
	return errors.Join(err, l.Close())
}

// recordWithoutJournal records a run whose journal could not be written to its end.
func recordWithoutJournal(l *ledger.Ledger, o wrap.Options, r wrap.Result, seen weightsSeen) ([]meter.Record, error) {
	code := r.ExitCode
	head := o.Head
	head.Start = r.Start
	records, err := recordsOf(wrap.Journal{Head: head, Observation: r.Observation, Outcome: r.Outcome, ExitCode: &code, End: r.End}, seen, false)
	if err != nil {
		return nil, err
	}
	for i := range records {
		records[i].Findings = append(records[i].Findings, meter.Finding{Code: "journal-lost",
			Message: "the journal could not be written to its end; the figures are those held in memory"})
		if _, err := l.Append(records[i]); err != nil {
			return nil, err
		}
	}
	return records, nil
}

// digests waits for the digest of the input and takes that of the weights that
// the job wrote.
func (a *app) digests(ctx context.Context, f runFlags, r wrap.Result, input <-chan digestResult) weightsSeen {
	in := <-input
	if in.err != nil {
		a.warn("--input: %v; the record names no input digest", in.err)
	}
	seen := weightsSeen{input: in.digest}
	if f.weights == "" || r.Outcome != meter.Finished {
		return seen
	}
	files, err := weights.Hash(ctx, f.weights, weights.Options{})
	if err != nil {
		a.warn("--weights: %v; the record names no output digest", err)
		return seen
	}
	seen.output = files.Root()
	return seen
}

// reportRun says what was counted, by which method, in which range, on what
// hardware, and where the lineage stands.
func (a *app) reportRun(records []meter.Record, r wrap.Result) {
	result := runResult{Schema: "weighbridge.dev/run/v1", Records: records, Ledger: a.ledger, ExitCode: r.ExitCode}
	err := a.withHistory(func(h *history) error {
		traced, err := a.traceResult(records[0].Model, h)
		result.Lineage = &traced
		return err
	})
	if err != nil {
		result.Lineage = nil
		a.warn("the run is recorded; its lineage cannot be shown: %v", err)
	}
	if a.json {
		if err := a.printJSON(result); err != nil {
			a.warn("%v", err)
		}
		return
	}
	fmt.Fprint(a.env.stderr, result)
}
