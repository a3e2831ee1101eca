package main

import (
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/weighbridge/weighbridge/attest"
	"github.com/weighbridge/weighbridge/fdp"
	"github.com/weighbridge/weighbridge/provenance"
)

// determinationPredicate evaluates what the other predicates attest under the
// rules of this program or of --rules, and keeps beside the result everything that it was made from.
// Its facts follow from those statements, so that a recipient can rebuild them;
// the file's are laid over them: they may add, never overwrite.
func (a *app) determinationPredicate(f attestFlags, compute attest.TrainingCompute, hardware attest.Hardware) (attest.Determination, error) {
	basis, err := a.basis()
	if err != nil {
		return attest.Determination{}, err
	}
	facts, err := attest.FactsOf(compute, &hardware)
	if err != nil {
		return attest.Determination{}, err
	}
	if facts, err = withDeclared(facts, f.facts); err != nil {
		return attest.Determination{}, err
	}
	question := attest.Question{Regime: f.regime, AsOf: a.today().Format(time.DateOnly)}
	if f.asOf != "" {
		if _, err := time.Parse(time.DateOnly, f.asOf); err != nil {
			return attest.Determination{}, usage("--as-of: found %q, expected a date, as in 2026-11-25", f.asOf)
		}
		question.AsOf = f.asOf
	}
	return attest.Determine(basis, facts, question, a.tool(), a.env.now().UTC())
}

// basis is what a determination is made with here: the rules of this program or of
// --rules, and the catalogue that a recipient has too.
func (a *app) basis() (attest.Basis, error) {
	rules, _, err := a.rules()
	if err != nil {
		return attest.Basis{}, err
	}
	catalogue, err := provenance.Embedded()
	return attest.Basis{Rules: rules, Catalogue: catalogue}, err
}

// checkVerdictDate refuses the verdict of another day than today: what gates on a
// Simple Verification Result reads its properties, and not the date of the law.
func (a *app) checkVerdictDate(f attestFlags) error {
	today := a.today().Format(time.DateOnly)
	if f.asOf == "" || f.asOf == today || !slices.Contains(f.include, "svr") {
		return nil
	}
	return usage("--as-of %s: a Simple Verification Result is of today (%s): who gates on it does not ask for the date; leave out --as-of, or include determination instead of svr", f.asOf, today)
}

func withDeclared(facts fdp.Facts, path string) (fdp.Facts, error) {
	if path == "" {
		return facts, nil
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
