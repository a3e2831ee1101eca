package main

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/ledger"
)

// appendCounting appends a record that is to count. The ledger takes one that it
// has for a retry, whatever was corrected since; who records work again must hear
// that it was voided and adds nothing, or that another figure stands for it.
func appendCounting(l *ledger.Ledger, record meter.Record) (result recordResult, err error) {
	result = recordResult{Schema: recordedSchema, Record: record}
	if record, err = asHeld(l, record); err != nil {
		return result, err
	}
	result.Record = record
	receipt, err := l.Append(record)
	var conflict *ledger.ConflictError
	known := err == nil && !receipt.New || errors.As(err, &conflict) && conflict.Model == record.Model
	if known {
		var standing error
		if result.Superseded, standing = standingOf(l, record); standing != nil {
			return result, standing
		}
	}
	result.Origin, result.Index, result.New = receipt.Origin, receipt.Index, receipt.New
	return result, err
}

// standingOf returns what counts in the place of a record that is in the ledger,
// nil where it counts itself, and an error where nothing does.
func standingOf(l *ledger.Ledger, record meter.Record) (*meter.Interval, error) {
	records, err := l.Records(record.Model)
	if err != nil {
		return nil, err
	}
	mine, err := record.Encode()
	if err != nil {
		return nil, err
	}
	for _, r := range records {
		if r.Run != record.Run || r.Sequence != record.Sequence {
			continue
		}
		if counts, err := r.Encode(); err != nil || bytes.Equal(counts, mine) {
			return nil, err
		}
		return &r.Operations, nil
	}
	return nil, voidedError(l, record)
}

// voidedError says who took the record out, and how its work can count.
func voidedError(l *ledger.Ledger, record meter.Record) error {
	entries, err := l.Entries(record.Model)
	if err != nil {
		return err
	}
	by := ""
	for _, e := range entries {
		if c := e.Correction; c != nil && c.Kind == ledger.Void && c.Run == record.Run && c.Sequence == record.Sequence {
			by = fmt.Sprintf(" by entry %d of %s (%s: %s)", e.Index, e.Origin, c.Author, c.Reason)
		}
	}
	return fmt.Errorf("record %s/%d of %s was recorded before and voided%s: it counts no more, and recording it again changes nothing; if the work was done, give it a name of its own with --run",
		record.Run, record.Sequence, record.Model, by)
}
