package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"

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
	var result recordResult
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
		var err error
		result, err = a.appendImported(l, f, record)
		return err
	})
}

// appendImported appends the record, or with --supersede has it replace the one of the same
// run and sequence, or of the shorter log that it has become.
func (a *app) appendImported(l *ledger.Ledger, f recordFlags, record meter.Record) (recordResult, error) {
	if f.from.supersede {
		if err := f.placeOf(l, &record); err != nil {
			return recordResult{}, err
		}
		receipt, err := l.Correct(ledger.Correction{Kind: ledger.Supersede, Model: record.Model, Run: record.Run, Sequence: record.Sequence,
			Reason: f.from.reason, Author: f.from.author, Time: a.env.now().UTC(), Record: &record})
		return recordResult{Schema: recordedSchema, Origin: receipt.Origin, Index: receipt.Index, New: receipt.New, Record: record}, err
	}
	if err := a.recordedBefore(l, f.from.path, record); err != nil {
		return recordResult{}, err
	}
	result, err := appendCounting(l, record)
	var conflict *ledger.ConflictError
	switch {
	case !errors.As(err, &conflict):
	case conflict.Model != record.Model:
		err = fmt.Errorf("%s was recorded before, of %s: %w; if it is about both models, name this run with --run", f.from.path, conflict.Model, conflict)
	default:
		err = fmt.Errorf("%s was recorded before, with other flags: %w; to have it count as it is given now, add --supersede --reason TEXT --author WHO", f.from.path, conflict)
	}
	return result, err
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
