package main

import (
	"bufio"
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/ledger"
)

// recordedBefore refuses a file whose work counts in another run of the model:
// the file itself, or one that is the other's beginning, as a log is that was
// recorded while its job went on. It would count twice. The same lines in another
// run are said and no more: two runs can print the same.
func (a *app) recordedBefore(l *ledger.Ledger, path string, record meter.Record) error {
	records, err := l.Records(record.Model)
	if err != nil {
		return err
	}
	records = slices.DeleteFunc(records, func(r meter.Record) bool {
		return r.Activity != record.Activity || r.Run == record.Run && r.Sequence == record.Sequence
	})
	mine, found := evidenceOf(record)
	if !found {
		return nil
	}
	for _, other := range records {
		if e, found := evidenceOf(other); found && e == mine && other.Run != record.Run {
			return fmt.Errorf("%s stands in the ledger already, as the run %s of %s: in another run it would count twice; leave --run out, or void that record first (weighbridge ledger correct %s --run %s --sequence %d --void --reason TEXT --author WHO)",
				path, other.Run, other.Model, other.Model, other.Run, other.Sequence)
		}
	}
	if record.Operations == meter.Exact(meter.Ops{}) {
		return nil // telemetry: it adds to no count
	}
	if err := a.grown(path, mine, record, records); err != nil {
		return err
	}
	if err := olderCopy(l, path, mine, record, records); err != nil {
		return err
	}
	for _, other := range records {
		if other.Run != record.Run && sameLines(other, record) {
			a.warn("%s shows the same lines as the run %s of %s: if that is the same work it counts twice; void this record then (weighbridge ledger correct %s --run %s --sequence %d --void --reason TEXT --author WHO)",
				path, other.Run, other.Model, record.Model, record.Run, record.Sequence)
		}
	}
	return nil
}

// evidenceOf is the file that a record was read from.
func evidenceOf(r meter.Record) (meter.Evidence, bool) {
	i := slices.IndexFunc(r.Evidence, func(e meter.Evidence) bool { return e.Kind == logEvidence })
	if i < 0 {
		return meter.Evidence{}, false
	}
	return r.Evidence[i], true
}

// sameLines says that two records were read from the same lines of a log.
func sameLines(a, b meter.Record) bool {
	return a.Observed != nil && b.Observed != nil && a.Observed.LinesDigest != "" &&
		a.Observed.LinesDigest == b.Observed.LinesDigest && a.Observed.FirstOffset == b.Observed.FirstOffset && a.Observed.EndOffset == b.Observed.EndOffset
}

// grown refuses a file that begins with the bytes of one that counts in another
// run, and says so where it is the same run: there its steps count once.
func (a *app) grown(path string, mine meter.Evidence, record meter.Record, records []meter.Record) error {
	other, found, err := beginning(path, mine, records)
	if err != nil || !found {
		return err
	}
	replace := "to replace that record by this longer log, with no other --run, add --supersede --reason TEXT --author WHO"
	if record.Part != nil { // --run was given
		replace = fmt.Sprintf("to replace that record by this longer log add --run %s --sequence %d --supersede --reason TEXT --author WHO", other.Run, other.Sequence)
	}
	if other.Run != record.Run {
		return fmt.Errorf("%s begins with the whole file that was recorded as the run %s of %s: in another run its first %d bytes would count twice; %s; if it is a restart that wrote the same lines again, name that run with --run %s",
			path, other.Run, other.Model, sizeOf(other), replace, other.Run)
	}
	a.warn("%s begins with the whole file that is record %s/%d: its steps count once, and in high twice, as if they had been run again; %s", path, other.Run, other.Sequence, replace)
	return nil
}

// placeOf gives a record that is to supersede the run and sequence of the one whose file
// it begins with, where --run names none and its own file was not recorded before.
func (f recordFlags) placeOf(l *ledger.Ledger, record *meter.Record) error {
	mine, found := evidenceOf(*record)
	if f.run != "" || !found {
		return nil
	}
	records, err := l.Records(record.Model)
	if err != nil {
		return err
	}
	records = slices.DeleteFunc(records, func(r meter.Record) bool { return r.Activity != record.Activity })
	if slices.ContainsFunc(records, func(r meter.Record) bool { return r.Run == record.Run && r.Sequence == record.Sequence }) {
		return nil
	}
	for _, other := range records { // with other flags, in the place that it took
		if e, found := evidenceOf(other); found && e == mine {
			record.Run, record.Sequence, record.Part = other.Run, other.Sequence, other.Part
			return nil
		}
	}
	other, found, err := beginning(f.from.path, mine, records)
	if found {
		record.Run, record.Sequence, record.Part = other.Run, other.Sequence, other.Part
	}
	return err
}

// beginning returns the record of the longest file that the one at path begins
// with, and is longer than.
func beginning(path string, mine meter.Evidence, records []meter.Record) (other meter.Record, found bool, err error) {
	records = slices.DeleteFunc(slices.Clone(records), func(r meter.Record) bool {
		size := sizeOf(r)
		return size == 0 || size >= mine.Size || r.Operations == meter.Exact(meter.Ops{})
	})
	if len(records) == 0 {
		return other, false, nil
	}
	slices.SortStableFunc(records, func(x, y meter.Record) int { return cmp.Compare(sizeOf(x), sizeOf(y)) })
	file, err := os.Open(path)
	if err != nil {
		return other, false, err
	}
	defer file.Close()
	sum, at := sha256.New(), int64(0)
	for _, r := range records {
		e, _ := evidenceOf(r)
		if _, err := io.CopyN(sum, file, e.Size-at); err != nil {
			return other, false, fmt.Errorf("%s: %w: it became shorter while it was read", path, err)
		}
		if at = e.Size; "sha256:"+hex.EncodeToString(sum.Sum(nil)) == e.Digest {
			other, found = r, true
		}
	}
	return other, found, nil
}

// olderCopy refuses a file that is the beginning of one that counts in another run.
func olderCopy(l *ledger.Ledger, path string, mine meter.Evidence, record meter.Record, records []meter.Record) error {
	for _, other := range records {
		if other.Run == record.Run || sizeOf(other) <= mine.Size || other.Operations == meter.Exact(meter.Ops{}) {
			continue
		}
		whole, _ := evidenceOf(other)
		begins, err := beginsWith(l, whole, path, mine)
		if err != nil {
			return err
		}
		if begins {
			return fmt.Errorf("%s is the beginning of the file that was recorded as the run %s of %s: in another run it would count twice; if it is a restart that wrote the same lines again, name that run with --run %s", path, other.Run, other.Model, other.Run)
		}
	}
	return nil
}

// beginsWith reports whether evidence in the ledger begins with a file. Of evidence
// that is not there nothing is known.
func beginsWith(l *ledger.Ledger, whole meter.Evidence, path string, mine meter.Evidence) (bool, error) {
	kept, err := l.Evidence(whole.Digest)
	if err != nil {
		return false, nil
	}
	defer kept.Close()
	file, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer file.Close()
	a, b := bufio.NewReader(kept), bufio.NewReader(file)
	few := int(min(mine.Size, 4096)) // most logs differ here, and need not be read whole
	x, _ := a.Peek(few)
	y, _ := b.Peek(few)
	if !bytes.Equal(x, y) {
		return false, nil
	}
	sum := sha256.New()
	if _, err := io.CopyN(sum, a, mine.Size); err != nil {
		return false, fmt.Errorf("evidence %s of the ledger: %w", whole.Digest, err)
	}
	return "sha256:"+hex.EncodeToString(sum.Sum(nil)) == mine.Digest, nil
}

// sizeOf is how long the file is that a record was read from; 0 without one.
func sizeOf(r meter.Record) int64 {
	e, _ := evidenceOf(r)
	return e.Size
}
