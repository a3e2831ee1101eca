package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/provenance"
)

// chipDoubt is what the chips of a run say against the count that the law was
// applied to. It never changes a verdict: the law asks for operations, and only
// the developer can say which of the two is wrong.
type chipDoubt struct {
	Run     string `json:"run"`
	Code    string `json:"code"`
	Message string `json:"message"`
}

// chipDoubts are those of a model's own runs, and what the runs of its lineage
// say against themselves of their chips.
func chipDoubts(h *history, model meter.ModelRef, lineage []meter.ModelRef) ([]chipDoubt, error) {
	own, _ := h.records(model)
	ceilings, err := traceCeilings(own)
	if err != nil {
		return nil, err
	}
	var doubts []chipDoubt
	for _, c := range ceilings {
		for _, f := range c.Findings {
			doubts = append(doubts, chipDoubt{c.Run, f.Code, f.Message})
		}
	}
	catalogue, err := provenance.Embedded()
	for _, m := range lineage {
		records, _ := h.records(m)
		doubts = append(doubts, hardwareConflicts(records, catalogue)...)
	}
	return doubts, err
}

// doubtsShown is how many the text shows; --json shows all.
const doubtsShown = 10

func writeDoubts(b *strings.Builder, doubts []chipDoubt) {
	for _, d := range doubts[:min(len(doubts), doubtsShown)] {
		fmt.Fprintf(b, "chips: run %s: %s: %s\n", printable(d.Run), d.Code, printable(d.Message))
	}
	if more := len(doubts) - doubtsShown; more > 0 {
		fmt.Fprintf(b, "chips: and %d more findings: see weighbridge trace\n", more)
	}
	conflict := func(d chipDoubt) bool { return d.Code == hardwareConflict }
	if slices.ContainsFunc(doubts, func(d chipDoubt) bool { return !conflict(d) }) {
		b.WriteString("chips: the verdicts go by the count as recorded; what the chips say against it changes none\n")
	}
	if slices.ContainsFunc(doubts, conflict) {
		b.WriteString("chips: the verdicts go by the chips that are recorded, each with its grade; which of two that disagree is right is not decided here\n")
	}
}
