package main

import (
	"fmt"
	"maps"
	"slices"

	"github.com/weighbridge/weighbridge/attest"
	"github.com/weighbridge/weighbridge/meter"
)

// owned holds the weights to what records name as their output. The ledger may
// know whose they are: those of another model are refused unless that model is
// named (--weights-of), and a finding then says so; those of a run of this model
// whose weights were discarded are refused.
func (f attestFlags) owned(h *history, files attest.Manifest) ([]meter.Finding, error) {
	var findings []meter.Finding
	others, err := h.ownedBy(f.model, rootsOf(files))
	if err != nil {
		return nil, err
	}
	for _, other := range others {
		if !slices.Contains(f.weightsOf, string(other)) {
			return nil, fmt.Errorf("--weights %s: the ledger names these weights as the output of %s, not of %s: attest that model, or say with --weights-of %s that these are its weights under another name",
				f.weights, other, f.model, other)
		}
		findings = append(findings, meter.Finding{Code: "weights-of-another-model",
			Message: fmt.Sprintf("the ledger names these weights as the output of %s; that they are %s is the attester's word", other, f.model)})
	}
	for _, named := range f.weightsOf {
		if !slices.Contains(others, meter.ModelRef(named)) {
			return nil, fmt.Errorf("--weights-of %s: no record of that model names these weights (%s) as its output; leave the flag out", named, files.Root())
		}
	}
	return findings, h.err
}

// rootsOf are the digests that may name the weights: either root does.
func rootsOf(files attest.Manifest) []string { return []string{files.Root(), files.ComponentRoot()} }

// ownedBy returns the other models whose records name weights as their output. Those of
// a run of this model whose weights were discarded are refused.
func (h *history) ownedBy(own meter.ModelRef, roots []string) (others []meter.ModelRef, err error) {
	models, err := h.models()
	if err != nil {
		return nil, err
	}
	for _, model := range models {
		kept, discarded := h.wrote(model, roots)
		switch {
		case model == own && discarded && !kept:
			return nil, fmt.Errorf("%s: the record that names these weights as its output says that they were discarded: what was thrown away is not released as the model; "+
				"if the record is wrong, weighbridge ledger correct supersedes it", own)
		case model != own && (kept || discarded):
			others = append(others, model)
		}
	}
	return others, nil
}

// wrote reports whether records of a model name weights as their output, kept or
// discarded.
func (h *history) wrote(model meter.ModelRef, roots []string) (kept, discarded bool) {
	records, _ := h.records(model)
	for _, r := range records {
		if slices.Contains(roots, r.Output) {
			kept, discarded = kept || r.Weights == meter.WeightsKept, discarded || r.Weights == meter.WeightsDiscarded
		}
	}
	return kept, discarded
}

// models returns every model of which anything is recorded, sorted.
func (h *history) models() ([]meter.ModelRef, error) {
	models := slices.Collect(maps.Keys(h.pending))
	if h.ledger != nil {
		held, err := h.ledger.Models()
		if err != nil {
			return nil, err
		}
		models = append(models, held...)
	}
	slices.Sort(models)
	return slices.Compact(models), nil
}

// corrections returns what was corrected in the logs of a lineage.
func (h *history) corrections(lineage attest.Lineage) ([]attest.Correction, error) {
	if h.ledger == nil {
		return nil, nil
	}
	var models []meter.ModelRef
	for _, m := range lineage.Models {
		models = append(models, m.Model)
	}
	models = append(models, lineage.Missing...)
	for _, m := range lineage.Generators {
		models = append(models, m.Model)
	}
	var all []attest.Correction
	for _, model := range models {
		of, err := h.correctionsOf(model)
		if err != nil {
			return nil, err
		}
		all = append(all, of...)
	}
	return all, nil
}

func (h *history) correctionsOf(model meter.ModelRef) ([]attest.Correction, error) {
	entries, err := h.ledger.Entries(model)
	if err != nil {
		return nil, err
	}
	return attest.CorrectionsOf(model, entries), nil
}
