package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/estimate"
	"github.com/weighbridge/weighbridge/meter/trainlog"
)

// fromFlags say which file a run is read from.
type fromFlags struct {
	supersede      bool
	reason, author string
	path           string
	read           string
	batch          string
	dryRun         bool
}

func (f *fromFlags) register(flags *pflag.FlagSet) {
	flags.StringVar(&f.path, "from", "", "read the run from this file: a log, a trainer's state, a metrics file, telemetry, a job's accounting or a bill")
	flags.StringVar(&f.read, "read", "auto", "with --from, how to read the file: auto, "+strings.Join(trainlog.Formats(), ", "))
	flags.StringVar(&f.batch, "batch-tokens", "", "with --from, tokens in a step over all devices, where the file does not state them")
	flags.BoolVar(&f.supersede, "supersede", false, "with --from, replace the record that this file made before with what the flags give now; --reason and --author say why and who")
	flags.StringVar(&f.reason, "reason", "", "with --supersede, what was wrong or missing")
	flags.StringVar(&f.author, "author", "", "with --supersede, who corrects")
	flags.BoolVar(&f.dryRun, "dry-run", false, "with --from, show what would be recorded and write nothing, not even a ledger")
}

// fromResult is what record --from says.
type fromResult struct {
	Schema   string                     `json:"schema"`
	Source   fromSource                 `json:"source"`
	Figures  map[string]trainlog.Figure `json:"figures"`
	Run      fromRun                    `json:"run"`
	Findings []meter.Finding            `json:"findings"`
	Recorded *recordResult              `json:"recorded,omitempty"` // absent with --dry-run
}

type fromSource struct {
	Path   string `json:"path"`
	Format string `json:"format"`
	Lines  uint64 `json:"lines"`
	Unread uint64 `json:"unread"`
}

// fromRun is the run as the file and the flags give it. Operations is the
// estimate; what is not known is absent.
type fromRun struct {
	StepsCommitted  string          `json:"steps_committed,omitempty"`
	StepsExecuted   string          `json:"steps_executed,omitempty"`
	TokensCommitted *meter.Ops      `json:"tokens_committed,omitempty"`
	TokensExecuted  *meter.Ops      `json:"tokens_executed,omitempty"`
	Operations      *meter.Ops      `json:"operations,omitempty"`
	Range           *meter.Interval `json:"operations_range,omitempty"`
	Ceiling         *meter.Interval `json:"ceiling,omitempty"` // what the chips could have done: low in the format that training is counted at, high in the fastest
	Method          meter.Method    `json:"method"`
	Grade           meter.Grade     `json:"grade"`
}

// recordFrom reads a file and records the run that it shows.
func (a *app) recordFrom(ctx context.Context, f recordFlags) error {
	switch {
	case f.from.supersede && (f.from.dryRun || f.from.reason == "" || f.from.author == ""):
		return usage("record: --supersede needs --reason TEXT and --author WHO, and writes: leave --dry-run out")
	case !f.from.supersede && (f.from.reason != "" || f.from.author != ""):
		return usage("record: --reason and --author go with --supersede")
	case f.operations != "":
		return usage("record: found --operations and --from, expected one of them: the number itself, or the file that shows it")
	case f.countedAs != "":
		return usage("record: --counted-as is of --operations: how a framework counts is known from the file's format")
	}
	digest, reader, err := readFile(f.from)
	if err != nil {
		return err
	}
	seen := reader.Observation()
	if seen.Format == "" && len(seen.Reported) == 0 {
		return f.from.unread(seen)
	}
	imported, err := f.imported(seen, reader.Figures())
	if err != nil {
		return err
	}
	record, err := f.recordOf(imported, digest, a.env.now())
	if err != nil {
		return err
	}
	if err := f.weigh(ctx, &record); err != nil {
		return err
	}
	if err := a.startsFrom(ctx, f.work, &record, f.input); err != nil {
		return err
	}
	if f.from.dryRun {
		return a.print(imported.result(f.from.path, record))
	}
	recorded, err := a.keepImported(f, digest, record)
	if err != nil {
		return err
	}
	result := imported.result(f.from.path, recorded.Record)
	result.Recorded = recorded
	return a.print(result)
}

// unread says that a file has no line of the format asked for, and which it has;
// of a table that lacks a column, which.
func (f fromFlags) unread(seen meter.Observation) error {
	lines := seen.Lines
	if lines == 0 {
		return fmt.Errorf("%s: the file is empty: expected a log, a trainer's state, a metrics file, telemetry, a job's accounting or a bill", f.path)
	}
	for _, finding := range seen.Findings {
		if finding.Code == trainlog.Unidentified || finding.Code == trainlog.Timeless {
			return fmt.Errorf("%s: nothing of its %d lines can be read: %s", f.path, lines, finding.Message)
		}
	}
	if f.read != "auto" && f.read != "" {
		found := "and none of another format that is read here"
		other := f
		other.read = "auto"
		if _, reader, err := readFile(other); err == nil && reader.Observation().Format != "" {
			found = "but of " + reader.Observation().Format + ": leave --read out"
		}
		return fmt.Errorf("%s: no line of %d has the form of %s, %s", f.path, lines, f.read, found)
	}
	return fmt.Errorf("%s: no line of %d has the form of a training log, state or metrics file, telemetry or bill that is read here: name its format with --read (%s)",
		f.path, lines, strings.Join(trainlog.Formats(), ", "))
}

// imported is a run as a file shows it, completed by what the flags state.
type imported struct {
	seen     meter.Observation // as the file states it
	count    runCount
	figures  map[string]trainlog.Figure
	findings []meter.Finding
}

// imported completes what was read with the flags.
func (f recordFlags) imported(seen meter.Observation, figures []trainlog.Figure) (imported, error) {
	i := imported{seen: seen, count: runCount{activity: meter.Activity(f.work.activity), outcome: meter.Stated, observed: seen},
		figures: map[string]trainlog.Figure{}, findings: append([]meter.Finding(nil), seen.Findings...)}
	for _, figure := range figures {
		i.figures[figure.Name] = figure
	}
	batch, err := optionalOps("--batch-tokens", f.from.batch)
	if err != nil {
		return i, err
	}
	if i.count.tokens, err = optionalOps("--tokens", f.architecture.tokens); err != nil {
		return i, err
	}
	if i.count.sequence, err = estimate.ParseSchedule(f.architecture.sequence); err != nil {
		return i, usage("--sequence-length: %w", err)
	}
	if f.architecture.config != "" {
		architecture, err := readArchitecture(f.architecture.config)
		if err != nil {
			return i, err
		}
		i.count.architecture = &architecture
	}
	if i.count.work, err = f.architecture.streams.work(); err != nil {
		return i, err
	}
	return i, i.complete(batch)
}

func optionalOps(flag, text string) (*meter.Ops, error) {
	if text == "" {
		return nil, nil
	}
	n, err := meter.ParseOps(text)
	if err != nil {
		return nil, usage("%s: %w", flag, err)
	}
	return &n, nil
}

// recordOf is the record of the run; in a dry run the model and the activity may
// be left open.
func (f recordFlags) recordOf(i imported, digest string, now time.Time) (meter.Record, error) {
	work := f.work
	if f.from.dryRun && work.model == "" {
		work.model = "dry/run@0" // it is shown nowhere and written nowhere
	}
	fallback := meter.Activity("")
	if f.from.dryRun {
		fallback = meter.Pretraining
	}
	record, err := work.record(fallback)
	if err != nil {
		return record, err
	}
	record.Run, record.Sequence, record.Outcome = "log-"+digest, f.sequence, meter.Stated
	if f.run != "" {
		f.pieceOf(&record, digest)
	}
	if record.Period, err = parsePeriod(f.period, now); err != nil {
		return record, err
	}
	if err := f.synthetic(&record); err != nil {
		return record, err
	}
	record.Observed = &i.seen
	record.Findings = i.findings
	record.Hardware = append(record.Hardware, i.hardware(record.Hardware)...)
	i.count.activity = record.Activity
	if trainlog.Telemetry(i.count.observed.Format) {
		i.telemetry(&record)
		return record, f.onChipsOf(i, &record)
	}
	i.count.fill(&record)
	return record, f.onChips(&record, false)
}

// pieceOf makes the record one of a run of several logs, which count once
// together: its number in the run follows from the file, unless one is named.
func (f recordFlags) pieceOf(r *meter.Record, digest string) {
	r.Run, r.Part = f.run, &meter.Part{Ranks: 1}
	if !f.numbered {
		if n, err := strconv.ParseUint(digest[:12], 16, 64); err == nil { // 48 bits, as for a process under run
			r.Sequence = n << 5
		}
	}
}

// hardware is what the file names, unless --hardware did.
func (i imported) hardware(stated []meter.Device) []meter.Device {
	name, count := i.figures["device"].Text, uint64(1)
	if name == "" || len(stated) > 0 || i.count.observed.Format == "slurm" { // gres types are the site's own words
		return nil
	}
	if _, err := fmt.Sscan(i.figures["devices"].Text, &count); err != nil || count == 0 {
		return nil
	}
	return []meter.Device{{Product: name, Count: count, Grade: meter.GradeReported}}
}
