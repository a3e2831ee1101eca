package main

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/estimate"
)

// explainResult says which conventions reproduce a total. The fields are those
// of the documented JSON; text is a rendering of them.
type explainResult struct {
	Schema       string             `json:"schema"`
	Operations   meter.Ops          `json:"operations"`
	Tokens       meter.Ops          `json:"tokens"`
	Architecture string             `json:"architecture"`
	Sequence     string             `json:"sequence_length"` // a length, or a schedule
	Assumed      bool               `json:"sequence_length_assumed"`
	Tried        int                `json:"tried"`
	Ambiguous    bool               `json:"ambiguous"`
	Candidates   []explainCandidate `json:"candidates"`
	Nearest      explainCandidate   `json:"nearest"`
	NotTried     []explainNotTried  `json:"not_tried"`
}

type explainCandidate struct {
	Convention string      `json:"convention"`
	Operations meter.Ops   `json:"operations"`
	Ratio      json.Number `json:"ratio"`          // candidate over stated, rounded to six places
	Exact      string      `json:"ratio_exact"`    // the same as a fraction in lowest terms
	Same       []string    `json:"same,omitempty"` // conventions that give the same number for this architecture
	Formula    string      `json:"formula"`        // operations per token
}

type explainNotTried struct {
	Convention string `json:"convention"`
	Why        string `json:"why"`
}

func (a *app) explainCommand() *cobra.Command {
	var f architectureFlags
	var operations string
	cmd := &cobra.Command{
		Use:   "explain --operations N --architecture FILE --tokens N",
		Short: "Say which counting convention reproduces a published or logged total",
		Long: `Explain computes the operations of training the architecture on the tokens by every convention of a fixed list (how
frameworks and papers count: with attention halved or not, with recomputation, with all experts, ...) and names those that
come within 2 % of the total, closest first. More than one is ambiguous, and said. Nothing is read from or written to the ledger.

In the formulas N is all parameters of a token with the input embedding, W those in matrix products, V the vocabulary, h the
hidden width, q heads x head width, a heads, L layers, s the sequence length, c the mean number of keys that a token attends to.

` + exitCodes,
		Example: `  weighbridge explain --operations 3.14e23 --architecture config.json --tokens 300e9 --sequence-length 2048`,
		Args:    cobra.NoArgs,
		RunE:    func(*cobra.Command, []string) error { return a.explain(operations, f) },
	}
	f.register(cmd)
	cmd.Flags().StringVar(&operations, "operations", "", "the total to explain, decimal or scientific: 3.14e23")
	for _, required := range []string{"operations", "architecture", "tokens"} {
		cmd.MarkFlagRequired(required) // fails only for a flag that was not defined
	}
	return cmd
}

func (a *app) explain(operations string, f architectureFlags) error {
	total, err := meter.ParseOps(operations)
	if err != nil {
		return usage("--operations: %w", err)
	}
	tokens, err := meter.ParseOps(f.tokens)
	if err != nil {
		return usage("--tokens: %w", err)
	}
	lengths, err := estimate.ParseSchedule(f.sequence)
	if err != nil {
		return usage("--sequence-length: %w", err)
	}
	architecture, err := readArchitecture(f.config)
	if err != nil {
		return err
	}
	e, err := architecture.Explain(total, tokens, lengths)
	if err != nil {
		return fmt.Errorf("explain: %w", err)
	}
	result := newExplainResult(e, total, tokens, architecture, f.sequence)
	return a.print(result)
}

func newExplainResult(e estimate.Explanation, total, tokens meter.Ops, architecture estimate.Architecture, sequence string) explainResult {
	r := explainResult{Schema: "weighbridge.dev/explain/v1", Operations: total, Tokens: tokens, Architecture: architecture.String(), Sequence: sequence,
		Assumed: e.Assumed != 0, Tried: e.Tried, Ambiguous: e.Ambiguous(), Candidates: []explainCandidate{}, Nearest: newCandidate(e.Nearest), NotTried: []explainNotTried{}}
	if r.Assumed {
		r.Sequence = fmt.Sprint(e.Assumed)
	}
	for _, c := range e.Candidates {
		r.Candidates = append(r.Candidates, newCandidate(c))
	}
	for _, u := range e.Untried {
		r.NotTried = append(r.NotTried, explainNotTried(u))
	}
	return r
}

func newCandidate(c estimate.Candidate) explainCandidate {
	return explainCandidate{Convention: c.Convention, Operations: c.Operations, Ratio: json.Number(c.Ratio.FloatString(6)), Exact: c.Ratio.RatString(), Same: c.Also, Formula: c.Formula}
}

// String is the explanation for people.
func (r explainResult) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s operations over %s tokens in sequences of %s; %s\n", r.Operations.Short(), r.Tokens, r.Sequence, r.Architecture)
	if r.Assumed {
		b.WriteString("  the sequence length is the configuration's, because none was stated: --sequence-length gives the one it was trained at\n")
	}
	fmt.Fprintf(&b, "  %d conventions tried, ", r.Tried)
	switch len(r.Candidates) {
	case 0:
		b.WriteString("none reproduces the total within 2 %; the nearest:\n")
		r.Nearest.describe(&b)
	case 1:
		b.WriteString("one reproduces the total within 2 %:\n")
	default:
		fmt.Fprintf(&b, "ambiguous: %d different numbers are within 2 %% of the total, closest first:\n", len(r.Candidates))
	}
	for _, c := range r.Candidates {
		c.describe(&b)
	}
	for _, n := range r.NotTried {
		fmt.Fprintf(&b, "  not tried: %s: %s\n", n.Convention, n.Why)
	}
	return b.String()
}

func (c explainCandidate) describe(b *strings.Builder) {
	fmt.Fprintf(b, "    %s: %s, %s of the total\n      %s\n", c.Convention, c.Operations, c.Ratio, c.Formula)
	if len(c.Same) > 0 {
		fmt.Fprintf(b, "      the same number for this architecture: %s\n", strings.Join(c.Same, "; "))
	}
}
