package main

import (
	"github.com/spf13/cobra"
)

func (a *app) deliveryCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "delivery",
		Short: "A provider's desk: may these weights be trained for this customer, or handed to it?",
		Long: `Delivery is the desk of a provider of computing services (Red Flag 28, Supp. 3 to Part 732 of the EAR). A delivery is opened
for a customer, the questions that the rules want asked are answered, with the documents as evidence, and it is decided:
release, hold or undetermined, with the paragraph beside every step and the actions that the text names. A release is signed
by its preparer and approved by somebody else with another key. Every step is an entry of the ledger that stays, with who
and when; a decision is made again when facts or rules change, and the earlier one stays.

` + exitCodes,
		Example: `  weighbridge delivery open --customer "Gulf Compute" --model acme/atlas@1 --headquarters AE --ultimate-parent AE --author jo@cloud.example
  weighbridge delivery decide gulf-compute-1 --author jo@cloud.example`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.deliveryOpenCommand(), a.deliveryAnswerCommand(), a.deliveryDecideCommand(), a.deliveryWithdrawCommand(), a.deliveryListCommand(), a.deliveryShowCommand())
	return cmd
}
