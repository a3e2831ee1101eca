package main

import (
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/weighbridge/weighbridge/fdp"
	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/provenance"
)

type evaluateOptions struct {
	facts        string
	regimes      []string
	asOf         string
	destinations []string
	options      []string
	gate         bool
	standing     string
	set          []string
	solve        string
	compare      string
	markdown     string
}

// evaluateResult is what evaluate prints: one determination per regime.
type evaluateResult struct {
	Schema         string              `json:"schema"`
	Model          meter.ModelRef      `json:"model,omitempty"`
	Determinations []fdp.Determination `json:"determinations"`
	Pending        []string            `json:"pending"`         // runs that are included and not in the ledger yet
	Chips          []chipDoubt         `json:"chips,omitempty"` // what the chips say against the count; no verdict goes by it
	// WhatIf is what the facts hold that the ledger does not: a line for each.
	WhatIf []string `json:"what_if,omitempty"`
}

func (a *app) evaluateCommand() *cobra.Command {
	var o evaluateOptions
	cmd := &cobra.Command{
		Use:   "evaluate [MODEL]",
		Short: "Decide whether a model's weights are controlled, with the paragraph beside every step",
		Long: `Evaluate applies dated and cited rules to facts: those of a model in the ledger, those of a facts document, or
both, where the document may add what the ledger cannot know and may not overwrite what it does. Every verdict is
applies, does-not-apply or undetermined; what is missing is named, with where to get it. Ambiguous text is a named
option: where no reading is chosen and the text supports no default, every reading is evaluated. Without --regime all
regimes are answered: a table first, then each. weighbridge rules list names them.

With --gate, controlled decides over the chosen regimes: exit code 3 when the rule applies, 4 when that cannot be
told. With --standing due or enforced it applies only while the compliance date has passed, or the authority acts.

What if: --set changes facts, --destination the country, --as-of the date, --option a reading, --rules the law; --solve
operations finds how many more operations change the verdict. None of it leaves a trace. --compare says what differs
from an earlier determination; that of a statement brings its own facts and question. This is not legal advice.

` + exitCodes,
		Example: `  weighbridge evaluate acme/atlas@1 --facts release.yaml --destination SG
  weighbridge evaluate --facts release.yaml --regime eu-gpai-systemic --regime us-ca-sb53 --gate
  weighbridge evaluate --facts what-if.yaml --as-of 2025-06-01 --option note1_reference=P --json
  weighbridge evaluate acme/atlas@1 --set weights.publication=published --destination all
  weighbridge evaluate acme/atlas@1 --as-of 2025-01-01/2026-12-31 --regime us-4e091
  weighbridge evaluate acme/atlas@1 --solve operations`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error { return a.evaluate(o, args) },
	}
	flags := cmd.Flags()
	flags.StringVar(&o.facts, "facts", "", "a facts document, YAML or JSON; - reads standard input")
	flags.StringArrayVar(&o.regimes, "regime", nil, "a regime to evaluate (default all); may be repeated")
	flags.StringVar(&o.asOf, "as-of", "", "the date of the question, as in 2026-11-25 (default today, UTC); FROM/TO answers every day between, as a timeline")
	flags.StringArrayVar(&o.destinations, "destination", nil, "the country that the weights go to (default recipient.location of the facts); repeated, or all: a table by country")
	flags.StringArrayVar(&o.set, "set", nil, "what-if: state a fact otherwise, PATH=VALUE as in recipient.location=SG; null is not stated; repeatable, in order")
	flags.StringVar(&o.solve, "solve", "", "operations: how many more of each activity change the verdict, per regime")
	flags.StringVar(&o.compare, "compare", "", "say what differs from the determinations in `FILE`: what evaluate --json printed, or a statement or bundle that holds one")
	flags.StringVar(&o.markdown, "markdown", "", "write the answer to `FILE` too, as Markdown; it must not exist")
	flags.StringArrayVar(&o.options, "option", nil, "a reading of ambiguous text, NAME=VALUE; may be repeated")
	flags.BoolVar(&o.gate, "gate", false, "exit 3 when controlled applies, 4 when it is undetermined")
	a.rulesFlag(cmd)
	flags.StringVar(&o.standing, "standing", "", "the standing that a gate goes by: codified, due or enforced (default codified)")
	return cmd
}

// inquiry is what an evaluation needs: the law, the facts and the question.
type inquiry struct {
	rules     *fdp.Rules
	catalogue *provenance.Catalogue
	facts     fdp.Facts
	pending   []string
	doubts    []chipDoubt
	question  fdp.Question
	to        time.Time // the last day of a timeline; zero: one day
}

func (a *app) evaluate(o evaluateOptions, args []string) error {
	q, old, err := a.inquire(o, args)
	if err != nil {
		return err
	}
	var table func(evaluateOptions, inquiry) error
	switch {
	case o.compare != "":
		table = func(o evaluateOptions, q inquiry) error { return a.compareDeterminations(o, q, old) }
	case o.solve != "":
		table = a.solveOperations
	case !q.to.IsZero():
		table = a.timeline
	case len(o.destinations) > 1 || o.allDestinations():
		table = a.byDestination
	}
	if table != nil {
		if !a.json {
			a.printf("%s", whatIfText(o.whatIf(args)))
		}
		return table(o, q)
	}
	determinations, err := q.evaluate()
	if err != nil {
		return err
	}
	return a.answer(o, evaluateResult{"weighbridge.dev/evaluate/v1", q.facts.Model, determinations, q.pending, q.doubts, o.whatIf(args)})
}

// whatIf names what the flags put into the facts of a model: an answer that goes by it
// is not one of what the ledger holds.
func (o evaluateOptions) whatIf(args []string) []string {
	var lines []string
	if len(args) > 0 && o.facts != "" {
		lines = append(lines, "as far as "+o.facts+" states, beside the ledger, what is not so")
	}
	for _, set := range o.set {
		lines = append(lines, "--set "+set)
	}
	return lines
}

func whatIfText(lines []string) string {
	var b strings.Builder
	for _, line := range lines {
		b.WriteString("what-if: " + line + "\n")
	}
	return b.String()
}

func (q inquiry) evaluate() ([]fdp.Determination, error) {
	return fdp.Evaluate(q.rules, q.catalogue, q.facts, q.question)
}

// answer prints one determination per regime, and gates.
func (a *app) answer(o evaluateOptions, result evaluateResult) (err error) {
	if o.markdown != "" {
		if err := writeNew(o.markdown, []byte(result.markdown()), 0o644); err != nil {
			return err
		}
	}
	if a.json {
		err = a.printJSON(result)
	} else {
		a.printf("%s", result)
	}
	if err != nil || !o.gate {
		return err
	}
	return gate(result.Determinations, o.standing)
}

// question reads the flags.
func (o evaluateOptions) question(asOf time.Time) (fdp.Question, error) {
	q := fdp.Question{Regimes: o.regimes, AsOf: asOf, Options: map[string]string{}}
	if len(o.destinations) == 1 && !o.allDestinations() {
		q.Destination = o.destinations[0]
	}
	for _, text := range o.options {
		name, value, found := strings.Cut(text, "=")
		if !found || name == "" || value == "" {
			return q, usage("--option %q: expected NAME=VALUE, as in note1_reference=P", text)
		}
		if have, twice := q.Options[name]; twice && have != value {
			return q, usage("--option %s stands twice, with %s and with %s; choose one reading", name, have, value)
		}
		q.Options[name] = value
	}
	switch o.standing {
	case "", "codified", "due", "enforced":
		return q, nil
	}
	return q, usage("--standing %q: expected codified, due or enforced", o.standing)
}

// gate turns determinations into the exit code: what applies wins, then what
// cannot be told.
func gate(determinations []fdp.Determination, standing string) error {
	verdict := fdp.DoesNotApply
	for _, d := range determinations {
		if d.StandsUnder(standing) {
			verdict = verdict.Or(d.Controlled)
		}
	}
	switch verdict {
	case fdp.Applies:
		return &exitError{code: exitApplies}
	case fdp.Undetermined:
		return &exitError{code: exitUndetermined}
	}
	return nil
}
