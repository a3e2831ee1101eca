package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/ledger"
)

// recordFlags are the flags of record: work that no process of ours watched.
type recordFlags struct {
	work         workFlags
	operations   string
	run          string
	sequence     uint64
	period       string
	generator    string
	published    string
	architecture architectureFlags
}

type recordResult struct {
	Schema string       `json:"schema"`
	Origin string       `json:"origin"`
	Index  uint64       `json:"index"`
	New    bool         `json:"new"`
	Record meter.Record `json:"record"`
}

func (a *app) recordCommand() *cobra.Command {
	var f recordFlags
	cmd := &cobra.Command{
		Use:   "record --model MODEL --activity ACTIVITY (--operations N | --architecture FILE --tokens N)",
		Short: "Record work that was not watched: a number somebody states, or a model's shape and tokens",
		Long: `Record appends one entry to the log of a model. The number of operations is what you state (method declared),
or follows from the model's shape and its tokens (method architecture). A record is never changed: a wrong one
is voided or superseded with "weighbridge ledger correct".

` + exitCodes,
		Example: `  weighbridge record --model open/base@1 --activity pretraining --operations 9e25
  weighbridge record --model acme/atlas@1 --activity fine-tuning --parent open/base@1:fine-tunes \
      --architecture config.json --tokens 2e9 --sequence-length 4096`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return a.record(f) },
	}
	f.work.register(cmd)
	f.architecture.register(cmd)
	flags := cmd.Flags()
	flags.StringVar(&f.operations, "operations", "", "operations, decimal or scientific: 9.5e25")
	flags.StringVar(&f.run, "run", "", "name of the run; the same run and sequence twice changes nothing (default: a new name)")
	flags.Uint64Var(&f.sequence, "sequence", 0, "number of the record within the run")
	flags.StringVar(&f.period, "period", "", "when the work was done: START/END, dates or RFC 3339 times")
	flags.StringVar(&f.generator, "generator", "", "for synthetic-data: the model that generated the data")
	flags.StringVar(&f.published, "data-published", "", "for synthetic-data: yes or no")
	return cmd
}

// recordedSchema names the document that record --json prints.
const recordedSchema = "weighbridge.dev/recorded/v1"

func (a *app) record(f recordFlags) error {
	record, err := f.build(a.env.now())
	if err != nil {
		return err
	}
	result := recordResult{Schema: recordedSchema, Record: record}
	err = a.writing(func(l *ledger.Ledger) error {
		if err := a.refuseCycle(l, &record); err != nil {
			return err
		}
		receipt, err := l.Append(record)
		result.Origin, result.Index, result.New = receipt.Origin, receipt.Index, receipt.New
		return err
	})
	if err != nil {
		return err
	}
	if a.json {
		return a.printJSON(result)
	}
	a.printf("%s\n", result)
	return nil
}

// String is the result for people: what was written, where, by which method.
func (r recordResult) String() string {
	verb := "recorded"
	if !r.New {
		verb = "already recorded"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s %s %s\n  method %s, grade %s, convention: %s\n",
		verb, r.Record.Model, r.Record.Activity, r.Record.Operations, r.Record.Method, r.Record.Grade, r.Record.Convention)
	if parents := r.Record.Parents; len(parents) > 0 {
		words := make([]string, len(parents))
		for i, p := range parents {
			words[i] = fmt.Sprintf("%s %s", p.Relation, p.Model)
		}
		fmt.Fprintf(&b, "  parents: %s\n", strings.Join(words, ", "))
	}
	if devices := r.Record.Hardware; len(devices) > 0 {
		words := make([]string, len(devices))
		for i, d := range devices {
			words[i] = fmt.Sprintf("%d x %s", d.Count, d.Product)
		}
		fmt.Fprintf(&b, "  hardware: %s\n", strings.Join(words, ", "))
	}
	if r.Record.Period != nil {
		fmt.Fprintf(&b, "  period: %s\n", periodText(r.Record.Period))
	}
	fmt.Fprintf(&b, "  run %s/%d, entry %d of %s", r.Record.Run, r.Record.Sequence, r.Index, r.Origin)
	return b.String()
}

// check refuses flags that do not go together: one that is ignored in silence
// is taken for one that was heeded.
func (f recordFlags) check() error {
	formula := f.architecture.config != "" || f.architecture.sequence != ""
	switch {
	case f.operations != "" && f.architecture.tokens != "":
		return usage("record: found --operations and --tokens, expected one of them: the number itself, or what it follows from")
	case f.operations != "" && formula:
		return usage("record: found --operations with --architecture or --sequence-length: the number that is stated would not follow from them; " +
			"leave them out, or give --tokens instead of --operations")
	case f.operations == "" && f.architecture.tokens == "" && formula:
		return usage("record: --tokens is missing: expected --architecture FILE with --tokens N")
	case f.operations == "" && f.architecture.tokens == "":
		return usage("record: expected --operations N, or --architecture FILE with --tokens N")
	}
	return nil
}

// build turns the flags into a record. Each refusal names its flag.
func (f recordFlags) build(now time.Time) (meter.Record, error) {
	if err := f.check(); err != nil {
		return meter.Record{}, err
	}
	record, err := f.work.record("")
	if err != nil {
		return meter.Record{}, err
	}
	record.Run, record.Sequence, record.Outcome = f.run, f.sequence, meter.Stated
	if f.run == "" {
		record.Run = newRunID(now)
	}
	if record.Period, err = parsePeriod(f.period, now); err != nil {
		return meter.Record{}, err
	}
	if err := f.synthetic(&record); err != nil {
		return meter.Record{}, err
	}
	return record, f.operationsOf(&record)
}

// operationsOf fills the count, and refuses one that no work can have taken.
func (f recordFlags) operationsOf(record *meter.Record) error {
	flag, count := "--tokens", f.architecture.count
	if f.operations != "" {
		flag, count = "--operations", f.declare
	}
	if err := count(record); err != nil {
		return err
	}
	if limit := meter.MostOperations(); record.Operations.Low.Cmp(limit) > 0 {
		return usage("%s: %s operations cannot be true: expected at most %s, ten million times the largest threshold of any regime; look at the exponent",
			flag, record.Operations.Low.Beside(limit), limit.Short())
	}
	return nil
}

func (f recordFlags) declare(record *meter.Record) error {
	operations, err := meter.ParseOps(f.operations)
	if err != nil {
		return usage("--operations: %w", err)
	}
	record.Operations, record.Method, record.Grade = meter.Exact(operations), meter.Declared, meter.GradeDeclared
	return nil
}

// synthetic fills what belongs to synthetic-data only (4E091, Technical Note 3).
func (f recordFlags) synthetic(record *meter.Record) error {
	if (f.generator != "" || f.published != "") && record.Activity != meter.SyntheticData {
		return usage("--generator and --data-published belong to --activity %s, not %s", meter.SyntheticData, record.Activity)
	}
	if f.generator != "" {
		generator, err := meter.ParseModel(f.generator)
		if err != nil {
			return usage("--generator: %w", err)
		}
		record.Generator = generator
	}
	switch f.published {
	case "":
	case "yes", "no":
		published := f.published == "yes"
		record.DataPublished = &published
	default:
		return usage("--data-published: found %q, expected yes or no", f.published)
	}
	return nil
}

// parsePeriod reads "START/END", each a date (its first instant, UTC) or a time.
// What lies ahead of now has not been done.
func parsePeriod(text string, now time.Time) (*meter.Period, error) {
	if text == "" {
		return nil, nil
	}
	first, last, found := strings.Cut(text, "/")
	if !found {
		return nil, usage("--period: found %q, expected START/END, as in 2026-01-01/2026-03-31", text)
	}
	start, err := parseTime(first)
	if err != nil {
		return nil, usage("--period: %w", err)
	}
	end, err := parseTime(last)
	if err != nil {
		return nil, usage("--period: %w", err)
	}
	switch {
	case end.Before(start):
		return nil, usage("--period: %s is before %s: expected START/END", last, first)
	case end.After(now):
		return nil, usage("--period: %s is in the future (now is %s): expected the time of work that was done", last, now.UTC().Format(time.RFC3339))
	}
	return &meter.Period{Start: start, End: end}, nil
}

func parseTime(text string) (time.Time, error) {
	for _, layout := range []string{time.DateOnly, time.RFC3339Nano} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("time %q: expected a date (2026-03-31) or an RFC 3339 time (2026-03-31T12:00:00Z)", text)
}
