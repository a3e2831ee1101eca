package main

import (
	"fmt"
	"io"
	"os"

	"github.com/weighbridge/weighbridge/fdp"
	"github.com/weighbridge/weighbridge/meter"
)

// factsFor returns the ledger's facts of a model, a document's, or the document
// laid over the ledger's.
func (a *app) factsFor(path string, args []string) (fdp.Facts, error) {
	if len(args) == 0 && path == "" {
		return fdp.Facts{}, usage("expected a MODEL of the ledger, --facts FILE, or both")
	}
	var facts fdp.Facts
	if len(args) == 1 {
		model, err := meter.ParseModel(args[0])
		if err != nil {
			return facts, usage("%w", err)
		}
		if err := a.withHistory(func(h *history) (err error) { facts, err = fdp.FromLineage(model, h.records); return err }); err != nil {
			return facts, err
		}
	}
	if path == "" {
		return facts, nil
	}
	document, err := a.factsDocument(path)
	if err != nil || len(args) == 0 {
		return document, err
	}
	return facts.Merge(document)
}

// factsDocument reads a document; what is longer than a document may be is cut,
// and then refused by its length.
func (a *app) factsDocument(path string) (fdp.Facts, error) {
	source := io.Reader(a.env.stdin)
	if path != "-" {
		file, err := os.Open(path)
		if err != nil {
			return fdp.Facts{}, fmt.Errorf("--facts: %w; name a facts document, YAML or JSON", err)
		}
		defer file.Close()
		source = file
	}
	data, err := io.ReadAll(io.LimitReader(source, fdp.MaxDocumentBytes+1))
	if err != nil {
		return fdp.Facts{}, fmt.Errorf("--facts %s: %w", path, err)
	}
	return fdp.ParseFacts(data, path)
}
