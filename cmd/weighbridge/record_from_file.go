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
	for _, path := range []struct{ kind, path string }{{"log", f.from.path}, {"architecture", f.architecture.config}} {
		if path.path == "" {
			continue
		}
		kept, err := putFile(store, path.kind, path.path)
		if err != nil {
			return nil, err
		}
		if path.kind == "log" && kept.Digest != "sha256:"+digest {
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
		receipt, err := l.Append(record)
		result.Record = record
		result.Origin, result.Index, result.New = receipt.Origin, receipt.Index, receipt.New
		return err
	})
}

func putFile(store ledger.EvidenceStore, kind, path string) (meter.Evidence, error) {
	file, err := os.Open(path)
	if err != nil {
		return meter.Evidence{}, err
	}
	defer file.Close()
	return store.Put(kind, file)
}
