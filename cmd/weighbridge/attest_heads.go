package main

import (
	"slices"
	"strings"

	"github.com/weighbridge/weighbridge/attest"
	"github.com/weighbridge/weighbridge/meter"
)

// mostHeads is how many logs a statement lists (attest/SPEC.md, C10).
const mostHeads = 4096

// heads are those of every log that the totals of a lineage come from: that of
// the model in this ledger, nil when it has none, and all others, merged ones and
// the ancestors' too, sorted by origin.
func (h *history) heads(model meter.ModelRef, lineage attest.Lineage) (own *attest.Head, others []attest.Head, err error) {
	if h.ledger == nil {
		return nil, nil, nil
	}
	head, found, err := h.ledger.Head(model)
	if err != nil {
		return nil, nil, err
	}
	for _, m := range lineage.Models {
		heads, err := h.ledger.Heads(m.Model)
		if err != nil {
			return nil, nil, err
		}
		for _, each := range heads {
			stated := attest.HeadOf(each.Origin, each.Size, each.Root)
			if found && each.Origin == head.Origin {
				own = &stated
			} else {
				others = append(others, stated)
			}
		}
	}
	if len(others) > mostHeads {
		others = slices.DeleteFunc(others, func(o attest.Head) bool { return !strings.HasSuffix(o.Origin, "/"+string(model)) })
	}
	slices.SortFunc(others, func(a, b attest.Head) int { return strings.Compare(a.Origin, b.Origin) })
	return own, others, nil
}
