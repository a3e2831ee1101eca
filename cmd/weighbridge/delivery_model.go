package main

import (
	"cmp"
	"slices"
	"strings"

	"github.com/weighbridge/weighbridge/meter"
)

// warnOfUnknown says when a delivery is opened of a model of which nothing is known: a
// misspelt name finds no records, and is decided on nothing.
func (a *app) warnOfUnknown(f deliveryOpenFlags, model meter.ModelRef) error {
	if model == "" || f.facts != "" || f.plan != "" {
		return nil
	}
	return a.withHistory(func(h *history) error {
		if _, found := h.records(model); found {
			return h.err
		}
		models, err := h.models()
		if err != nil {
			return err
		}
		like := "the ledger holds no model yet"
		if near := nearest(string(model), models); len(near) > 0 {
			like = "the nearest names in the ledger are " + strings.Join(near, ", ")
		}
		a.warn("--model %s: nothing is recorded of this model, and neither --facts nor --plan says what is known of it; %s", model, like)
		return nil
	})
}

// nearest are up to three models whose names share most of their beginning and end with
// a name, best first.
func nearest(name string, models []meter.ModelRef) []string {
	shared := func(m meter.ModelRef) int {
		other := string(m)
		front := 0
		for front < min(len(name), len(other)) && name[front] == other[front] {
			front++
		}
		back := 0
		for back < min(len(name), len(other))-front && name[len(name)-1-back] == other[len(other)-1-back] {
			back++
		}
		return front + back
	}
	ranked := slices.Clone(models)
	slices.SortStableFunc(ranked, func(a, b meter.ModelRef) int { return cmp.Compare(shared(b), shared(a)) })
	var out []string
	for _, m := range ranked[:min(len(ranked), 3)] {
		out = append(out, string(m))
	}
	return out
}
