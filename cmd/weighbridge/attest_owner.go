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
	models, err := h.models()
	if err != nil {
		return nil, err
	}
	var findings []meter.Finding
	var others []meter.ModelRef
	for _, model := range models {
		kept, discarded := h.wrote(model, files)
		switch {
		case model == f.model && discarded && !kept:
			return nil, fmt.Errorf("%s: the record that names these weights as its output says that they were discarded: what was thrown away is not released as the model; "+
				"if the record is wrong, weighbridge ledger correct supersedes it", f.model)
		case model != f.model && (kept || discarded):
			others = append(others, model)
		}
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

// wrote reports whether records of a model name these weights as their output,
// kept or discarded. Either root names them.
func (h *history) wrote(model meter.ModelRef, files attest.Manifest) (kept, discarded bool) {
	roots := []string{files.Root(), files.ComponentRoot()}
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
