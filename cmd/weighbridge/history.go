package main

import (
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/ledger"
)

// history is all that is known of models at one moment: the ledger, and the
// runs whose journals have not reached it yet.
type history struct {
	ledger  *ledger.Ledger // nil when there is no ledger yet
	pending map[meter.ModelRef][]meter.Record
	runs    []pendingRun
	nodes   map[meter.ModelRef]knownNode // those looked up so far: a lineage of 100 000 models is read once
	written map[meter.ModelRef][]string  // the weights that the models looked up wrote
	makers  map[string][]meter.ModelRef  // of all weights that anything wrote; nil: not asked for yet
	err     error                        // the first failure to read; a walk cannot return it
}

// withHistory calls f with what is known. The ledger is open, read-only, only
// as long as f takes. Journals are read under the ledger's shared lock: folding
// one into the ledger needs the exclusive lock, so no run is seen in both.
func (a *app) withHistory(f func(*history) error) error {
	if _, err := os.Stat(a.ledger); errors.Is(err, os.ErrNotExist) {
		h := &history{}
		if err := h.addPending(a); err != nil {
			return err
		}
		if _, err := os.Stat(a.ledger); errors.Is(err, os.ErrNotExist) && len(h.pending) > 0 {
			return h.over(f)
		}
	}
	return a.reading(func(l *ledger.Ledger) error {
		h := &history{ledger: l}
		if err := h.addPending(a); err != nil {
			return err
		}
		return h.over(f)
	})
}

// over calls f with what is known. Where something could not be read, that is the
// error: what f says of what it did not get would lead astray.
func (h *history) over(f func(*history) error) error {
	err := f(h)
	if h.err != nil {
		return h.err
	}
	return err
}

// addPending reads the journals. A record that stands in the ledger already
// comes from a fold that was cut off before it removed its journal.
func (h *history) addPending(a *app) error {
	runs, err := a.pendingRuns()
	if err != nil {
		return err
	}
	h.pending = map[meter.ModelRef][]meter.Record{}
	for _, run := range runs {
		fresh, differs, err := h.notHeld(run.records)
		if err != nil {
			return err
		}
		if differs {
			run.note += ", and says otherwise than the ledger, which goes by what it holds: look at both"
		}
		if len(fresh) > 0 || differs {
			model := run.records[0].Model
			h.pending[model] = append(h.pending[model], fresh...)
			h.runs = append(h.runs, run)
		}
	}
	return nil
}

// notHeld returns the records that the ledger does not hold, and whether one
// that it does hold says something else there.
func (h *history) notHeld(records []meter.Record) (fresh []meter.Record, differs bool, err error) {
	if h.ledger == nil {
		return records, false, nil
	}
	for _, r := range records {
		held, found, err := h.ledger.Find(r.Run, r.Sequence)
		switch {
		case err != nil:
			return nil, false, err
		case !found:
			fresh = append(fresh, r)
		case !sameButDigests(held, r):
			differs = true
		}
	}
	return fresh, differs, nil
}

// notes are a sentence on each pending run of these models.
func (h *history) notes(models []meter.ModelRef) []string {
	notes := []string{}
	for _, run := range h.runs {
		if slices.Contains(models, run.records[0].Model) {
			notes = append(notes, run.note)
		}
	}
	return notes
}

type knownNode struct {
	meter.Node
	found bool
}

// node is the lookup of a lineage walk: a model's own totals and parents.
func (h *history) node(model meter.ModelRef) (meter.Node, bool) {
	if have, known := h.nodes[model]; known {
		return have.Node, have.found
	}
	node, found := h.readNode(model)
	if h.nodes == nil {
		h.nodes = map[meter.ModelRef]knownNode{}
	}
	h.nodes[model] = knownNode{node, found}
	return node, found
}

func (h *history) readNode(model meter.ModelRef) (meter.Node, bool) {
	var node meter.Node
	var found bool
	if h.ledger != nil {
		var err error
		if node, found, err = h.ledger.Node(model); err != nil {
			h.fail(err)
			return node, false
		}
	}
	if pending := h.pending[model]; len(pending) > 0 {
		return h.join(node, model, pending), true
	}
	return node, found && len(node.Own) > 0 // a model whose every record was voided is one of which nothing is known
}

// join adds pending records to what the ledger holds of a model. One of a run
// that several processes share may belong together with some that the ledger holds.
func (h *history) join(node meter.Node, model meter.ModelRef, pending []meter.Record) meter.Node {
	joined := meter.Node{Model: model, Parents: append([]meter.Parent(nil), node.Parents...)}
	for _, r := range pending {
		joined.Parents = append(joined.Parents, r.Parents...)
	}
	more, err := meter.SumRecords(pending)
	if slices.ContainsFunc(pending, func(r meter.Record) bool { return r.Part != nil }) || h.sharesRuns(model) {
		joined.Own, err = meter.SumRecords(meter.NetRuns(h.held(model)))
	} else if err == nil {
		joined.Own, err = meter.SumTotals(node.Own, more)
	}
	h.fail(err)
	return joined
}

func (h *history) sharesRuns(model meter.ModelRef) bool {
	if h.ledger == nil {
		return false
	}
	shares, err := h.ledger.SharesRuns(model)
	h.fail(err)
	return shares
}

// records returns all records of a model, corrections applied, and each run that
// several processes share counted once, with what the weights that they started from
// tell against the names of their parents.
func (h *history) records(model meter.ModelRef) ([]meter.Record, bool) {
	records := h.held(model)
	return h.tied(meter.NetRuns(records)), len(records) > 0 && h.err == nil
}

// held returns the records of a model as they were written.
func (h *history) held(model meter.ModelRef) []meter.Record {
	var records []meter.Record
	if h.ledger != nil {
		var err error
		if records, err = h.ledger.Records(model); err != nil {
			h.fail(err)
			return nil
		}
	}
	return append(records, h.pending[model]...)
}

// lineage walks the model's ancestors. A model of which nothing at all is
// recorded is an error: it is a misspelt name far more often than a question.
func (h *history) lineage(model meter.ModelRef) (meter.Lineage, error) {
	if _, known := h.node(model); !known && h.err == nil {
		return meter.Lineage{}, fmt.Errorf("%s: nothing is recorded of this model; `weighbridge ledger head` lists the models that the ledger knows", model)
	}
	lineage, err := meter.Walk(model, h.node)
	return lineage, errors.Join(err, h.err)
}

func (h *history) fail(err error) {
	if h.err == nil {
		h.err = err
	}
}
