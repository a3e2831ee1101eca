package main

import (
	"fmt"
	"os"
	"time"

	"github.com/weighbridge/weighbridge/attest"
	"github.com/weighbridge/weighbridge/fdp"
	"github.com/weighbridge/weighbridge/meter"
)

// determinationPredicate evaluates the model under the embedded rules and keeps
// beside the result everything that it was made from.
func (a *app) determinationPredicate(f attestFlags, h *history) (attest.Determination, error) {
	basis, err := attest.EmbeddedBasis()
	if err != nil {
		return attest.Determination{}, err
	}
	facts, err := attestedFacts(f.model, f.facts, h)
	if err != nil {
		return attest.Determination{}, err
	}
	question := attest.Question{Regime: "us-4e091", AsOf: a.today().Format(time.DateOnly)}
	if f.asOf != "" {
		if _, err := time.Parse(time.DateOnly, f.asOf); err != nil {
			return attest.Determination{}, usage("--as-of: found %q, expected a date, as in 2026-11-25", f.asOf)
		}
		question.AsOf = f.asOf
	}
	return attest.Determine(basis, facts, question, a.tool(), a.env.now().UTC())
}

// attestedFacts are what the ledger knows, with the file's facts laid over it:
// they may add, never overwrite.
func attestedFacts(model meter.ModelRef, path string, h *history) (fdp.Facts, error) {
	facts, err := fdp.FromLineage(model, h.records)
	if err != nil || path == "" {
		return facts, err
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return facts, fmt.Errorf("--facts: %w", err)
	}
	over, err := fdp.ParseFacts(data, path)
	if err != nil {
		return facts, err
	}
	return facts.Merge(over)
}
