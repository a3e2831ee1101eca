package main

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/weighbridge/weighbridge/fdp/delivery"
	"github.com/weighbridge/weighbridge/meter/ledger"
)

func (a *app) deliveryAnswerCommand() *cobra.Command {
	var f stepFlags
	var source string
	cmd := &cobra.Command{
		Use:   "answer ID PATH=VALUE... --source TEXT --author WHO [--evidence FILE]...",
		Short: "Answer questions of a delivery, with the documents that show it",
		Long: `Answer adds facts to a delivery, by their path in the facts document, as the questions name them; the latest answer
counts, the earlier ones stay. --source says who said so and how. Documents are kept beside the ledger by their digest.
A decision that was to be released has to be made again.

` + exitCodes,
		Example: `  weighbridge delivery answer gulf-compute-1 service.inquiry_made=true service.export_intended=false \
      --source "letter of 2026-11-20, signed by the CTO" --evidence letter.pdf --author jo@cloud.example`,
		Args: cobra.MinimumNArgs(2),
		RunE: func(_ *cobra.Command, args []string) error {
			if err := f.check("answer"); err != nil {
				return err
			}
			if source == "" {
				return usage("delivery answer: --source is required: who said so, and how")
			}
			return a.answerDelivery(args[0], args[1:], source, f)
		},
	}
	cmd.Flags().StringVar(&source, "source", "", "who said so, and how")
	f.add(cmd.Flags())
	return cmd
}

func (a *app) answerDelivery(id string, texts []string, source string, f stepFlags) error {
	answered := delivery.Answered{Source: source}
	for _, text := range texts {
		answer, err := delivery.NewAnswer(text)
		if err != nil {
			return usage("%w", err)
		}
		answered.Answers = append(answered.Answers, answer)
	}
	if numbers := answered.Numbers(); len(numbers) > 0 && len(f.evidence) == 0 {
		a.warn("the answer names %s without the document: a release may rest on it; answer again with --evidence FILE", strings.Join(numbers, " and "))
	}
	now := a.env.now()
	var d delivery.Delivery
	err := a.goingOn(id, func(l *ledger.Ledger, known delivery.Delivery) (err error) {
		d, err = f.appendStep(l, known, delivery.Step{Answered: &answered}, nil, now)
		return err
	})
	if err != nil {
		return err
	}
	return a.showStep(d, "answered", now)
}

func (a *app) deliveryWithdrawCommand() *cobra.Command {
	var f stepFlags
	var reason string
	cmd := &cobra.Command{
		Use:     "withdraw ID --reason TEXT --author WHO",
		Short:   "End a delivery; what was done stays",
		Example: `  weighbridge delivery withdraw gulf-compute-1 --reason "the customer went elsewhere" --author jo@cloud.example`,
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if err := f.check("withdraw"); err != nil {
				return err
			}
			if reason == "" {
				return usage("delivery withdraw: --reason is required")
			}
			now := a.env.now()
			var d delivery.Delivery
			err := a.goingOn(args[0], func(l *ledger.Ledger, known delivery.Delivery) (err error) {
				d, err = f.appendStep(l, known, delivery.Step{Withdrawn: &delivery.Withdrawn{Reason: reason}}, nil, now)
				return err
			})
			if err != nil {
				return err
			}
			return a.showStep(d, "withdrawn", now)
		},
	}
	cmd.Flags().StringVar(&reason, "reason", "", "why")
	f.add(cmd.Flags())
	return cmd
}
