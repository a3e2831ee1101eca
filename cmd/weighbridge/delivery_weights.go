package main

import (
	"fmt"
	"slices"

	"github.com/weighbridge/weighbridge/fdp/delivery"
	"github.com/weighbridge/weighbridge/meter"
)

// openedWeights holds the weights of a directory against the ledger before a delivery
// of them is opened.
func (a *app) openedWeights(directory string, o delivery.Opened) error {
	return a.withHistory(func(h *history) error {
		wrote, err := h.otherOutputs(o)
		if err != nil {
			return fmt.Errorf("--weights %s: %w", directory, err)
		}
		if len(wrote) > 0 {
			a.warn("output-differs: the records of %s wrote %s, the weights of %s are %s: no decision will release them; record the run that wrote them (record --weights), or hand over those that it wrote",
				o.Model, names(wrote), directory, o.Weights)
		}
		return nil
	})
}

// otherOutputs are the weights that the records of a delivery's model wrote, where those
// that are handed over are none of them. Weights that the ledger knows as the output of
// another model are an error: they would be delivered under a name, and the operations,
// that are not theirs.
func (h *history) otherOutputs(o delivery.Opened) ([]string, error) {
	if o.Weights == "" {
		return nil, nil
	}
	roots := []string{o.Weights}
	if o.ComponentRoot != "" {
		roots = append(roots, o.ComponentRoot)
	}
	others, err := h.ownedBy(o.Model, roots)
	if err != nil {
		return nil, err
	}
	if len(others) > 0 {
		return nil, notTheirs(o, others)
	}
	records, _ := h.records(o.Model)
	wrote := outputsOf(records)
	if slices.ContainsFunc(roots, func(root string) bool { return slices.Contains(wrote, root) }) {
		return nil, nil
	}
	return wrote, h.err
}

func notTheirs(o delivery.Opened, others []meter.ModelRef) error {
	not := ""
	if o.Model != "" {
		not = fmt.Sprintf(", not of %s", o.Model)
	}
	return fmt.Errorf("the ledger names these weights as the output of %s%s (%s): open a delivery of that model with --model %s; if the record is wrong, weighbridge ledger correct supersedes it",
		names(others), not, o.Weights, others[0])
}

// weighed holds a decision against the weights that are handed over.
func (h *history) weighed(d delivery.Delivery, made delivery.Decision) (delivery.Decision, error) {
	wrote, err := h.otherOutputs(d.Opened)
	if err != nil {
		return made, fmt.Errorf("delivery %s: %w", d.ID, err)
	}
	return made.OfOtherWeights(d.Opened.Weights, wrote), nil
}
