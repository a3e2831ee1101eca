package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/ledger"
	"github.com/weighbridge/weighbridge/meter/trainlog"
)

// readFile reads a whole file and takes its digest on the way.
func readFile(f fromFlags) (digest string, reader *trainlog.Reader, err error) {
	reader, err = trainlog.NewReader(trainlog.Options{Format: f.read, Name: f.path})
	if err != nil || f.read == "none" {
		return "", nil, usage("--read: %w", errors.Join(err, onlyIf(f.read == "none", "nothing would be read from --from: expected a format or auto")))
	}
	file, err := os.Open(f.path)
	if err != nil {
		return "", nil, fmt.Errorf("--from: %w", err)
	}
	defer file.Close()
	if info, err := file.Stat(); err == nil && info.IsDir() {
		return "", nil, fmt.Errorf("--from %s is a directory: expected one file of it, as trainer_state.json or a log", f.path)
	}
	sum := sha256.New()
	if _, err := io.Copy(io.MultiWriter(sum, reader), file); err != nil {
		return "", nil, fmt.Errorf("--from: %w", err)
	}
	return hex.EncodeToString(sum.Sum(nil)), reader, nil
}

func onlyIf(holds bool, message string) error {
	if !holds {
		return nil
	}
	return errors.New(message)
}

// keepImported puts the file into the evidence store and the record into the
// ledger.
func (a *app) keepImported(f recordFlags, digest string, record meter.Record) (*recordResult, error) {
	store := ledger.EvidenceAt(a.ledger)
	for _, path := range []struct{ kind, path string }{{logEvidence, f.from.path}, {"architecture", f.architecture.config}} {
		if path.path == "" {
			continue
		}
		kept, err := putFile(store, path.kind, path.path)
		if err != nil {
			return nil, err
		}
		if path.kind == logEvidence && kept.Digest != "sha256:"+digest {
			return nil, fmt.Errorf("%s changed while it was read: do it again when its writer has ended; nothing was recorded", path.path)
		}
		record.Evidence = append(record.Evidence, kept)
	}
	result := recordResult{Schema: recordedSchema, Record: record}
	return &result, a.writing(func(l *ledger.Ledger) error {
		if err := f.work.bring(l, &record); err != nil {
			return err
		}
		if err := a.refuseCycle(l, &record); err != nil {
			return err
		}
		if err := f.onlyHeld(l, &record); err != nil {
			return err
		}
		receipt, err := f.append(l, record, a.env.now())
		result.Record = record
		result.Origin, result.Index, result.New = receipt.Origin, receipt.Index, receipt.New
		return err
	})
}

// append appends the record, or with --supersede has it replace the one of the same
// run and sequence.
func (f recordFlags) append(l *ledger.Ledger, record meter.Record, now time.Time) (ledger.Receipt, error) {
	if f.from.supersede {
		return l.Correct(ledger.Correction{Kind: ledger.Supersede, Model: record.Model, Run: record.Run, Sequence: record.Sequence,
			Reason: f.from.reason, Author: f.from.author, Time: now.UTC(), Record: &record})
	}
	if err := f.recordedBefore(l, record); err != nil {
		return ledger.Receipt{}, err
	}
	receipt, err := l.Append(record)
	var conflict *ledger.ConflictError
	switch {
	case !errors.As(err, &conflict):
	case conflict.Model != record.Model:
		err = fmt.Errorf("%s was recorded before, of %s: %w; if it is about both models, name this run with --run", f.from.path, conflict.Model, conflict)
	default:
		err = fmt.Errorf("%s was recorded before, with other flags: %w; to have it count as it is given now, add --supersede --reason TEXT --author WHO", f.from.path, conflict)
	}
	return receipt, err
}

// recordedBefore refuses a file that counts in another run of the model: it would
// count twice.
func (f recordFlags) recordedBefore(l *ledger.Ledger, record meter.Record) error {
	records, err := l.Records(record.Model)
	if err != nil {
		return err
	}
	for _, other := range records {
		if other.Run == record.Run || other.Activity != record.Activity {
			continue
		}
		for _, e := range other.Evidence {
			if e.Kind == logEvidence && slices.Contains(record.Evidence, e) {
				return fmt.Errorf("%s stands in the ledger already, as the run %s of %s: in another run it would count twice; leave --run out, or void that record first (weighbridge ledger correct %s --run %s --sequence %d --void --reason TEXT --author WHO)",
					f.from.path, other.Run, other.Model, other.Model, other.Run, other.Sequence)
			}
		}
	}
	return nil
}

// logEvidence is the kind of evidence that a file of --from is.
const logEvidence = "log"

func putFile(store ledger.EvidenceStore, kind, path string) (meter.Evidence, error) {
	file, err := os.Open(path)
	if err != nil {
		return meter.Evidence{}, err
	}
	defer file.Close()
	return store.Put(kind, file)
}
