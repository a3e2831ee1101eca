package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/weighbridge/weighbridge/fdp"
	"github.com/weighbridge/weighbridge/meter"
)

// evaluatedFacts are the ledger's facts of a model, a document's, or the document
// laid over the ledger's; a sentence on each run that is included and not in the
// ledger yet; and what the chips of the model's runs say against its count.
func (a *app) evaluatedFacts(path string, args []string) (facts fdp.Facts, pending []string, doubts []chipDoubt, err error) {
	pending = []string{}
	if len(args) == 0 && path == "" {
		return facts, pending, nil, usage("expected a MODEL of the ledger, --facts FILE, or both")
	}
	document, err := a.factsDocument(path)
	if err != nil || len(args) == 0 {
		return document, pending, nil, err
	}
	model, err := meter.ParseModel(args[0])
	if err != nil {
		return facts, pending, nil, usage("%w", err)
	}
	err = a.withHistory(func(h *history) error {
		var read []meter.ModelRef
		facts, read, err = factsFor(model, document, h)
		pending = h.notes(read)
		if err != nil {
			return err
		}
		doubts, err = chipDoubts(h, model, read)
		return err
	})
	return facts, pending, doubts, err
}

// asOf reads the flag --as-of: today, in UTC, when it is not given.
func (a *app) asOf(flag string) (time.Time, error) {
	if flag == "" {
		return a.today(), nil
	}
	date, err := fdp.ParseDate(flag)
	if err != nil {
		return date, usage("--as-of: %w", err)
	}
	return date, nil
}

// factsFor returns what the history knows of a model, with the document's facts
// laid over it (they may add, never overwrite), and the models whose records
// were read for it. Read the document with factsDocument before the history is
// opened: whoever writes to standard input may be waiting for the ledger.
func factsFor(model meter.ModelRef, document fdp.Facts, h *history) (fdp.Facts, []meter.ModelRef, error) {
	var read []meter.ModelRef
	facts, err := fdp.FromLineage(model, func(m meter.ModelRef) ([]meter.Record, bool) {
		read = append(read, m)
		return h.records(m)
	})
	if err != nil {
		return facts, read, err
	}
	facts, err = facts.Merge(document)
	return facts, read, err
}

// factsDocument reads a facts document; - is standard input, and no path is a
// document that states nothing.
func (a *app) factsDocument(path string) (fdp.Facts, error) {
	if path == "" {
		return fdp.Facts{}, nil
	}
	data, err := a.documentBytes(path)
	if err != nil {
		return fdp.Facts{}, err
	}
	return fdp.ParseFacts(data, path)
}

// documentBytes reads the file of --facts; - is standard input. What is longer
// than a document may be is cut, and then refused by its length.
func (a *app) documentBytes(path string) ([]byte, error) {
	source := io.Reader(a.env.stdin)
	if path != "-" {
		file, err := os.Open(path)
		if err != nil {
			return nil, fmt.Errorf("--facts: %w; name a facts document, YAML or JSON", err)
		}
		defer file.Close()
		source = file
	}
	data, err := io.ReadAll(io.LimitReader(source, fdp.MaxDocumentBytes+1))
	if err != nil {
		return nil, fmt.Errorf("--facts %s: %w", path, err)
	}
	return data, nil
}
