package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"iter"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/weighbridge/weighbridge/attest"
	"github.com/weighbridge/weighbridge/attest/disclosure"
	"github.com/weighbridge/weighbridge/attest/verify"
	"github.com/weighbridge/weighbridge/meter"
)

// discloseNothing is the word of --disclose that names no field.
const discloseNothing = "none"

func fieldNames() string {
	var names []string
	for _, f := range attest.Fields() {
		names = append(names, f.Name)
	}
	return strings.Join(names, ", ")
}

// checkDisclose refuses what cannot be hidden, and a file that is there already.
func (f attestFlags) checkDisclose(decides bool) error {
	switch {
	case len(f.disclose) == 0 && f.disclosures != "":
		return usage("--disclosures is for --disclose: without it nothing is hidden")
	case len(f.disclose) == 0:
		return nil
	case decides:
		return usage("--disclose and a determination do not go together: a determination carries the facts that it was made from, in the open; attest it in a shipment of its own, for those who may see them")
	case slices.Contains(f.disclose, discloseNothing) && len(f.disclose) > 1:
		return usage("--disclose none names no other field")
	}
	for _, name := range f.shown() {
		if err := attest.ValidField(name); err != nil {
			return usage("--disclose: %w; or none", err)
		}
	}
	if _, err := os.Lstat(f.holding()); !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("%s is there already, and may be the only copy of what another attestation hides: nothing is overwritten; name another file with --disclosures, or move it away", f.holding())
	}
	return nil
}

// shown are the fields that stay in the open.
func (f attestFlags) shown() []string {
	if slices.Contains(f.disclose, discloseNothing) {
		return nil
	}
	return f.disclose
}

// holding is the file of the disclosures.
func (f attestFlags) holding() string {
	if f.disclosures != "" {
		return f.disclosures
	}
	return strings.TrimRight(f.out, "/") + ".disclosures.json"
}

// conceal hides the figures of a statement where that was asked for.
func (f attestFlags) conceal(s attest.Statement, details map[meter.ModelRef]attest.Detail) (attest.Statement, *disclosure.Held, error) {
	if len(f.disclose) == 0 {
		return s, nil, nil
	}
	c, err := attest.Conceal(s, f.shown(), details, rand.Reader)
	if err != nil {
		return s, nil, err
	}
	payload, err := c.Statement.Encode()
	if err != nil {
		return s, nil, err
	}
	return c.Statement, &disclosure.Held{PredicateType: s.PredicateType, Statement: verify.PayloadDigest(payload), Disclosures: c.Disclosures}, nil
}

// keep writes the disclosures before the shipment: without them nobody could ever
// show what it hides. It returns the file's name, "" where nothing is hidden.
func (f attestFlags) keep(signed []signedStatement) (string, error) {
	holding := disclosure.Holding{Schema: disclosure.HoldingSchema, Model: string(f.model)}
	for _, s := range signed {
		if s.held != nil {
			holding.Statements = append(holding.Statements, *s.held)
		}
	}
	if len(holding.Statements) == 0 {
		return "", nil
	}
	data, err := holding.Encode()
	if err != nil {
		return "", err
	}
	return f.holding(), writeNew(f.holding(), data, 0o600)
}

// discard removes the disclosures of a shipment that was not written.
func (f attestFlags) discard(kept string) error {
	if kept == "" {
		return nil
	}
	return os.Remove(kept)
}

// details are what the records of a lineage say beside their operations.
func (h *history) details(lineage attest.Lineage) map[meter.ModelRef]attest.Detail {
	details := map[meter.ModelRef]attest.Detail{}
	for _, m := range slices.Concat(lineage.Models, lineage.Generators) {
		records, _ := h.records(m.Model)
		details[m.Model] = detailOf(records)
	}
	return details
}

// detailOf sums the tokens where every record that did work states them, and
// collects formulas and architecture files.
func detailOf(records []meter.Record) attest.Detail {
	var d attest.Detail
	var tokens meter.Ops
	known := len(records) > 0
	for _, r := range records {
		idle := r.Operations == meter.Exact(meter.Ops{})
		if r.Observed != nil && r.Observed.TokensCommitted != nil {
			sum, err := tokens.Add(*r.Observed.TokensCommitted)
			tokens, known = sum, known && err == nil
		} else if !idle {
			known = false
		}
		for _, w := range r.Witnesses {
			if w.Source != "" && !slices.Contains(d.Derivation, w.Source) {
				d.Derivation = append(d.Derivation, w.Source)
			}
		}
		for _, e := range r.Evidence {
			if e.Kind == "architecture" && !slices.Contains(d.Architecture, e.Digest) {
				d.Architecture = append(d.Architecture, e.Digest)
			}
		}
	}
	if known {
		d.Tokens = &tokens
	}
	return d
}

// sortedDetails goes through details in the order of the models' names.
func sortedDetails(details map[meter.ModelRef]attest.Detail) iter.Seq2[meter.ModelRef, attest.Detail] {
	return func(yield func(meter.ModelRef, attest.Detail) bool) {
		for _, model := range slices.Sorted(maps.Keys(details)) {
			if !yield(model, details[model]) {
				return
			}
		}
	}
}
