package main

import (
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/weighbridge/weighbridge/fdp"
	"github.com/weighbridge/weighbridge/meter"
)

type evaluateOptions struct {
	facts       string
	regimes     []string
	asOf        string
	destination string
	options     []string
	gate        bool
	standing    string
}

// evaluateResult is what evaluate prints: one determination per regime.
type evaluateResult struct {
	Schema         string              `json:"schema"`
	Model          meter.ModelRef      `json:"model,omitempty"`
	Determinations []fdp.Determination `json:"determinations"`
	Pending        []string            `json:"pending"` // runs that are included and not in the ledger yet
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
This is not legal advice.

` + exitCodes,
		Example: `  weighbridge evaluate acme/atlas@1 --facts release.yaml --destination SG
  weighbridge evaluate --facts release.yaml --regime eu-gpai-systemic --regime us-ca-sb53 --gate
  weighbridge evaluate --facts what-if.yaml --as-of 2025-06-01 --option note1_reference=P --json`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error { return a.evaluate(o, args) },
	}
	flags := cmd.Flags()
	flags.StringVar(&o.facts, "facts", "", "a facts document, YAML or JSON; - reads standard input")
	flags.StringArrayVar(&o.regimes, "regime", nil, "a regime to evaluate (default all); may be repeated")
	flags.StringVar(&o.asOf, "as-of", "", "the date of the question, as in 2026-11-25 (default today, UTC)")
	flags.StringVar(&o.destination, "destination", "", "the country that the weights go to (default recipient.location of the facts)")
	flags.StringArrayVar(&o.options, "option", nil, "a reading of ambiguous text, NAME=VALUE; may be repeated")
	flags.BoolVar(&o.gate, "gate", false, "exit 3 when controlled applies, 4 when it is undetermined")
	a.rulesFlag(cmd)
	flags.StringVar(&o.standing, "standing", "", "the standing that a gate goes by: codified, due or enforced (default codified)")
	return cmd
}

func (a *app) evaluate(o evaluateOptions, args []string) error {
	asOf, err := a.asOf(o.asOf)
	if err != nil {
		return err
	}
	question, err := o.question(asOf)
	if err != nil {
		return err
	}
	rules, catalogue, err := a.rules()
	if err != nil {
		return err
	}
	if err := question.Validate(rules); err != nil {
		return usage("%w", err)
	}
	facts, pending, err := a.evaluatedFacts(o.facts, args)
	if err != nil {
		return err
	}
	determinations, err := fdp.Evaluate(rules, catalogue, facts, question)
	if err != nil {
		return err
	}
	result := evaluateResult{"weighbridge.dev/evaluate/v1", facts.Model, determinations, pending}
	if a.json {
		err = a.printJSON(result)
	} else {
		a.printf("%s", result.text())
	}
	if err != nil || !o.gate {
		return err
	}
	return gate(determinations, o.standing)
}

// question reads the flags.
func (o evaluateOptions) question(asOf time.Time) (fdp.Question, error) {
	q := fdp.Question{Regimes: o.regimes, AsOf: asOf, Destination: o.destination, Options: map[string]string{}}
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
