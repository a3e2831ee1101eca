package main

import (
	"github.com/spf13/cobra"

	"github.com/weighbridge/weighbridge/meter"
)

func (a *app) traceCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "trace MODEL",
		Short: "Show a model's lineage, what it took, and where it stands against the thresholds",
		Long: `Trace adds up the work of a model and of all its ancestors, each counted once, by activity. A parent that the
ledger does not know makes the total unbounded above; it is named, and the command still succeeds. Runs whose
journals are not yet in the ledger are included, and that is said.

` + exitCodes,
		Example: "  weighbridge trace acme/atlas@2\n  weighbridge trace acme/atlas@2 --json",
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			model, err := meter.ParseModel(args[0])
			if err != nil {
				return usage("%w", err)
			}
			return a.trace(model)
		},
	}
}

func (a *app) trace(model meter.ModelRef) error {
	var result traceResult
	err := a.withHistory(func(h *history) (err error) {
		result, err = a.traceResult(model, h)
		return err
	})
	if err != nil {
		return err
	}
	if a.json {
		return a.printJSON(result)
	}
	a.printf("%s", result)
	return nil
}
