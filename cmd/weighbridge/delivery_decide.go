package main

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/weighbridge/weighbridge/fdp"
	"github.com/weighbridge/weighbridge/fdp/delivery"
	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/ledger"
)

type deliveryDecideFlags struct {
	step     stepFlags
	facts    string
	asOf     string
	standing string
	options  []string
	key      string
	approve  bool
	letter   string
	same     string // the flags under which it is decided, for whoever goes on with it
}

// decideResult is what delivery decide prints.
type decideResult struct {
	delivery.Decision
	State   delivery.State    `json:"state,omitempty"` // of the delivery with this step; empty for a what-if
	Step    *uint64           `json:"step"`            // null: a what-if, of which nothing is kept
	Changes *delivery.Changes `json:"changes"`         // since the decision before; null when there is none

	same string // the flags that whoever signs or approves gives as well
}

func (a *app) deliveryDecideCommand() *cobra.Command {
	var f deliveryDecideFlags
	cmd := &cobra.Command{
		Use:   "decide [ID] --author WHO [--key FILE [--approve]] | decide [ID] --facts FILE",
		Short: "Decide a delivery: release, hold or undetermined, with the actions that the text names",
		Long: `Decide applies the rules to what the delivery and the ledger know, and keeps the decision as a step with the facts that it was
made on. It is made under each standing of the rules (codified, compliance due, enforced); --standing says which counts.
The exit code is 0 for release, 3 for hold, 4 for undetermined.

With --key the preparer signs a release note; somebody else then approves it with --approve and another key. Between the two
nothing may have been answered, and the decision must still be the same. With --facts, a facts document laid over what is
known, or with --as-of another day than today, it is a what-if: nothing is kept, and nothing can be signed. Without an ID the
document is all there is.

--letter FILE drafts the letter that informs the customer of its obligation to apply for a licence.

` + exitCodes,
		Example: `  weighbridge delivery decide gulf-compute-1 --author jo@cloud.example --key jo.key
  weighbridge delivery decide gulf-compute-1 --author kim@cloud.example --key kim.key --approve
  weighbridge delivery decide --facts what-if.yaml --standing enforced --json`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			f.same = sameFlags(cmd.Flags())
			return a.decide(cmd.Context(), f, args)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.facts, "facts", "", "what-if: a facts document laid over what is known, YAML or JSON; - is standard input")
	flags.StringVar(&f.asOf, "as-of", "", "the date of the law (default today, UTC); another one is a what-if")
	flags.StringVar(&f.standing, "standing", "codified", "the standing that the decision goes by: codified, due or enforced")
	flags.StringArrayVar(&f.options, "option", nil, "a reading of ambiguous text, NAME=VALUE; repeatable")
	flags.StringVar(&f.key, "key", "", "private key of the preparer, or with --approve of the approver: a file, a token or a key service, as for attest")
	flags.BoolVar(&f.approve, "approve", false, "approve the release that somebody else has prepared")
	flags.StringVar(&f.letter, "letter", "", "write the letter to the customer to `FILE`; it must not exist")
	f.step.add(flags)
	a.rulesFlag(cmd)
	return cmd
}

func (a *app) decide(ctx context.Context, f deliveryDecideFlags, args []string) error {
	whatIf, err := a.whatIf(f, len(args) > 0)
	if err != nil {
		return err
	}
	if !whatIf {
		if err := f.step.check("decide"); err != nil {
			return err
		}
	}
	if f.approve {
		return a.approve(ctx, f, args[0])
	}
	q, err := a.deskQuestion(f)
	if err != nil {
		return err
	}
	made, err := a.decided(f, q, args)
	if err != nil {
		return err
	}
	if !whatIf {
		if err := a.keepDecision(ctx, f, made); err != nil {
			return err
		}
	}
	return a.showDecision(f, made)
}

// whatIf reports whether nothing is to be kept of a decision, and refuses what does not go
// with that.
func (a *app) whatIf(f deliveryDecideFlags, named bool) (bool, error) {
	asOf, err := a.asOf(f.asOf)
	if err != nil {
		return false, err
	}
	another := !asOf.Equal(a.today())
	switch {
	case f.facts != "" && (f.key != "" || f.approve || f.step.author != ""):
		return true, usage("delivery decide --facts is a what-if, of which nothing is kept: leave out --author, --key and --approve, or answer the facts first")
	case another && (f.key != "" || f.approve):
		return true, usage("delivery decide --as-of %s is a what-if, today is %s: nothing of it is kept, signed or approved; leave out --key and --approve, or --as-of", day(asOf), day(a.today()))
	case f.facts == "" && !named:
		return false, usage("delivery decide: expected the ID of a delivery, or --facts FILE for a what-if")
	case f.approve && f.key == "":
		return false, usage("delivery decide --approve: --key is required: an approval is signed")
	}
	return f.facts != "" || another, nil
}

// desk is the law and the question of a decision.
type desk struct {
	inquiry
	standing string
}

func (a *app) deskQuestion(f deliveryDecideFlags) (desk, error) {
	o := evaluateOptions{options: f.options, standing: f.standing}
	if f.standing == "" {
		o.standing = "none"
	}
	asOf, err := a.asOf(f.asOf)
	if err != nil {
		return desk{}, err
	}
	d := desk{standing: f.standing}
	if d.question, err = o.question(asOf); err != nil {
		return d, err
	}
	if d.rules, d.catalogue, err = a.rules(); err != nil {
		return d, err
	}
	if err := d.question.Validate(d.rules); err != nil {
		return d, usage("%w", err)
	}
	return d, nil
}

// decision is one that was made, before anything is kept of it.
type decision struct {
	delivery delivery.Delivery
	facts    fdp.Facts
	kept     []byte // the facts as they are kept
	question fdp.Question
	result   decideResult
	time     time.Time
}

// decided decides on what is known now.
func (a *app) decided(f deliveryDecideFlags, q desk, args []string) (*decision, error) {
	over, err := a.factsDocument(f.facts)
	if err != nil {
		return nil, err
	}
	made := &decision{facts: over, question: q.question, time: a.env.now()}
	var before *delivery.Entry
	var stated fdp.Facts
	var wrote []string
	if len(args) > 0 {
		err := a.withHistory(func(h *history) (err error) {
			if made.delivery, made.facts, err = knownOf(h, args[0]); err != nil {
				return err
			}
			if wrote, err = h.otherOutputs(made.delivery.Opened); err != nil {
				return fmt.Errorf("delivery %s: %w", args[0], err)
			}
			if before = made.delivery.Last; before != nil {
				stated, err = decidedFacts(h.ledger, *before)
			}
			return err
		})
		if err == nil && f.facts != "" {
			made.facts, err = delivery.WhatIf(made.facts, over)
		}
		if err != nil {
			return nil, err
		}
	}
	if made.kept, err = delivery.Keep(made.facts); err != nil {
		return nil, err
	}
	if made.result.Decision, err = delivery.Decide(q.rules, q.catalogue, made.facts, q.question, q.standing, digestOf(made.kept)); err != nil {
		return nil, err
	}
	made.result.Decision = made.result.Decision.OfOtherWeights(made.delivery.Opened.Weights, wrote)
	made.result.same = f.same
	made.result.ID, made.result.Customer = made.delivery.ID, made.delivery.Opened.Customer
	if before != nil {
		changes, err := delivery.Compare(before.Index, before.Step.Decided.Decision, stated, made.result.Decision, made.facts)
		if err != nil {
			return nil, err
		}
		made.result.Changes = &changes
	}
	return made, nil
}

// knownOf is a delivery with all facts of it: what it was opened with and answered,
// over those of the ledger where that has the model.
func knownOf(h *history, id string) (delivery.Delivery, fdp.Facts, error) {
	if h.ledger == nil {
		return delivery.Delivery{}, fdp.Facts{}, fmt.Errorf("delivery %s: there is no ledger yet", id)
	}
	d, err := deliveryOf(h.ledger, id)
	if err != nil {
		return d, fdp.Facts{}, err
	}
	facts, err := knownFacts(h, d)
	return d, facts, err
}

// knownFacts are all facts of a delivery.
func knownFacts(h *history, d delivery.Delivery) (fdp.Facts, error) {
	var known *fdp.Facts
	if d.Opened.Model != "" {
		if _, found := h.records(d.Opened.Model); found {
			facts, _, err := factsFor(d.Opened.Model, fdp.Facts{}, h)
			if err != nil {
				return fdp.Facts{}, err
			}
			known = &facts
		}
	}
	return d.Join(known)
}

// keepDecision appends the decision, signed as a release when there is a key.
func (a *app) keepDecision(ctx context.Context, f deliveryDecideFlags, made *decision) error {
	step := delivery.Decided{Decision: made.result.Decision, Question: made.question, Facts: digestOf(made.kept)}
	var signed *signedNote
	if f.key != "" && made.result.Decision.Decision == delivery.Release {
		payload, err := a.releaseNote(f.step.author, made)
		if err == nil {
			signed, err = a.signNote(ctx, f.key, payload)
		}
		if err != nil {
			return err
		}
	}
	return a.writing(func(l *ledger.Ledger) error {
		facts, err := l.PutEvidence("facts", bytes.NewReader(made.kept))
		if err != nil {
			return err
		}
		evidence := []meter.Evidence{facts}
		if signed != nil {
			if step.Signature, err = signed.keep(l, &evidence); err != nil {
				return err
			}
		}
		at := uint64(len(made.delivery.Entries))
		if made.delivery, err = f.step.appendStep(l, made.delivery, delivery.Step{Decided: &step}, evidence, made.time); err != nil {
			return err
		}
		made.result.Step, made.result.State = &at, made.delivery.State
		return nil
	})
}
