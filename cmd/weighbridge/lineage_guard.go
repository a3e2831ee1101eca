package main

import (
	"fmt"

	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/ledger"
)

// refuseCycle looks at the lineage before a record is appended: a parent that
// descends from the record's own model would make every total of both an error.
// Runs that are still going on count. What stands in the ledger already is not
// looked at again.
func (a *app) refuseCycle(l *ledger.Ledger, r *meter.Record) error {
	if r == nil || len(r.Parents) == 0 {
		return nil
	}
	h := &history{ledger: l}
	if err := h.addPending(a); err != nil {
		h.pending = nil // a broken journal is told where totals are given; it stops no record
	}
	own, _ := h.node(r.Model)
	held := map[meter.ModelRef]bool{}
	for _, p := range own.Parents {
		held[p.Model] = true
	}
	for _, p := range r.Parents {
		if path := h.descent(p.Model, r.Model); path != "" && !held[p.Model] {
			return fmt.Errorf("record %s/%d: the parent %s of %s would close a cycle: %s. A model comes after its parents, so nothing was recorded; "+
				"if the lineage in the ledger is wrong, weighbridge ledger show %s lists the record to correct", r.Run, r.Sequence, p.Model, r.Model, path, p.Model)
		}
	}
	return h.err
}

// descent says how a model comes from an ancestor; it is empty when it does
// not. Every model is looked at once.
func (h *history) descent(from, ancestor meter.ModelRef) string {
	child := map[meter.ModelRef]meter.ModelRef{from: ""}
	for queue := []meter.ModelRef{from}; len(queue) > 0; queue = queue[1:] {
		if queue[0] == ancestor {
			return pathTo(ancestor, child)
		}
		node, _ := h.node(queue[0])
		for _, p := range node.Parents {
			if _, seen := child[p.Model]; !seen {
				child[p.Model] = queue[0]
				queue = append(queue, p.Model)
			}
		}
	}
	return ""
}

func pathTo(ancestor meter.ModelRef, child map[meter.ModelRef]meter.ModelRef) string {
	path := string(ancestor)
	for model := child[ancestor]; model != ""; model = child[model] {
		path = string(model) + " comes from " + path
	}
	return path
}
