package main

import (
	"fmt"
	"strings"

	"github.com/weighbridge/weighbridge/meter"
)

// likely names, as the end of a finding, the conventions that come within 2 % of
// a counter's total: the likely cause of a difference, with its ratio. It is
// empty where none does, or where a part of the model alone was trained.
func (c runCount) likely(total, tokens meter.Ops) string {
	if c.architecture == nil || c.architecture.Trained() != c.architecture.Parameters().Weights {
		return ""
	}
	e, err := c.architecture.Explain(total, tokens, c.sequence.Covering(tokens))
	if err != nil || len(e.Candidates) == 0 {
		return ""
	}
	const most = 3 // for people; `weighbridge explain` lists them all
	var words []string
	for _, candidate := range e.Candidates[:min(most, len(e.Candidates))] {
		words = append(words, fmt.Sprintf("%s (%s of it)", candidate.Convention, candidate.Ratio.FloatString(4)))
	}
	return ". Within 2 % of the counter's number, closest first: " + strings.Join(words, ", ")
}
