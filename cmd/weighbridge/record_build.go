package main

import (
	"time"

	"github.com/weighbridge/weighbridge/meter"
)

// check refuses flags that do not go together: one that is ignored in silence
// is taken for one that was heeded.
func (f recordFlags) check() error {
	if f.from.dryRun || f.from.batch != "" || f.from.read != "auto" || f.from.supersede || f.from.reason != "" || f.from.author != "" {
		return usage("record: --dry-run, --batch-tokens, --read, --supersede, --reason and --author belong to --from FILE; a record without a file is corrected with weighbridge ledger correct")
	}
	formula := f.architecture.config != "" || f.architecture.sequence != ""
	switch {
	case f.countedAs != "" && f.operations == "":
		return usage("--counted-as is of --operations: a count from the architecture is the canonical one already")
	case f.operations != "" && f.architecture.stated():
		return usage("record: found --operations and --tokens or --documents, expected one of them: the number itself, or what it follows from")
	case f.operations != "" && formula && f.countedAs == "" && f.weights == "":
		return usage("record: found --operations with --architecture or --sequence-length: the number that is stated would not follow from them; " +
			"leave them out, or give --tokens instead of --operations")
	case f.operations == "" && !f.architecture.stated() && formula:
		return usage("record: --tokens is missing: expected --architecture FILE with --tokens N")
	case f.operations == "" && !f.architecture.stated() && !f.chips.given():
		return usage("record: expected --operations N, or --architecture FILE with --tokens N, or --chip-hours N with --chip NAME, or --from FILE")
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
	switch {
	case f.operations != "":
		flag, count = "--operations", f.declare
	case !f.architecture.stated():
		flag, count = "--chip-hours", func(*meter.Record) error { return nil }
	}
	if err := count(record); err != nil {
		return err
	}
	if err := f.onChips(record, flag == "--chip-hours"); err != nil {
		return err
	}
	if limit := meter.MostOperations(); record.Operations.Low.Cmp(limit) > 0 {
		return usage("%s: %s operations cannot be true: expected at most %s, ten million times the largest threshold of any regime; look at the exponent",
			flag, record.Operations.Low.Beside(limit), limit.Short())
	}
	return nil
}

// onChips takes --chip-hours: as the count where there is no other, else as its
// ceiling.
func (f recordFlags) onChips(record *meter.Record, counts bool) error {
	if !f.chips.given() {
		holdCeiling(record, true)
		return nil
	}
	hardware, err := f.chips.read(nil, meter.GradeDeclared)
	if err != nil {
		return err
	}
	if counts {
		if err := hardware.count(record); err != nil {
			return err
		}
	}
	hardware.ceiling.hold(record, true)
	return nil
}

func (f recordFlags) declare(record *meter.Record) error {
	operations, err := meter.ParseOps(f.operations)
	if err != nil {
		return usage("--operations: %w", err)
	}
	record.Operations, record.Method, record.Grade = meter.Exact(operations), meter.Declared, meter.GradeDeclared
	return f.convert(record, operations)
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
