package main

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/weighbridge/weighbridge/meter"
)

func (a *app) traceCommand() *cobra.Command {
	var from, svg string
	cmd := &cobra.Command{
		Use:   "trace MODEL",
		Short: "Show a model's lineage, what it took, and where it stands against the thresholds",
		Long: `Trace adds up the work of a model and of all its ancestors, each counted once, by activity. A parent that the
ledger does not know makes the total unbounded above; it is named, and the command still succeeds. Runs whose
journals are not yet in the ledger are included, and that is said. Where records have a period, it is said when each
threshold is met if the latest run's work goes on at its rate: what it did under the regime, over the time it took. A bar
shows each number against its threshold; --svg draws the tree and the bars.

` + exitCodes,
		Example: "  weighbridge trace acme/atlas@2\n  weighbridge trace acme/atlas@2 --svg lineage.svg",
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			model, err := meter.ParseModel(args[0])
			if err != nil {
				return usage("%w", err)
			}
			start, err := a.traceFrom(from)
			if err != nil {
				return err
			}
			return a.trace(model, start, svg)
		},
	}
	a.rulesFlag(cmd)
	cmd.Flags().StringVar(&svg, "svg", "", "draw the lineage and the thresholds to `FILE` too; it must not exist")
	cmd.Flags().StringVar(&from, "from", "", "date or RFC 3339 time from which the work goes on at the rate of the latest run, for the crossing date (default: now)")
	return cmd
}

// traceFrom is the moment from which a rate goes on.
func (a *app) traceFrom(text string) (time.Time, error) {
	if text == "" {
		return a.env.now().UTC().Truncate(time.Second), nil
	}
	from, err := parseTime(text)
	if err != nil {
		return from, usage("--from: %w", err)
	}
	return from, nil
}

func (a *app) trace(model meter.ModelRef, from time.Time, svg string) error {
	var result traceResult
	err := a.withHistory(func(h *history) (err error) {
		if result, err = a.traceResult(model, h); err != nil {
			return err
		}
		result.Crossings, err = a.crossings(model, h, result.Regimes, from)
		return err
	})
	if err != nil {
		return err
	}
	if svg != "" {
		if err := writeNew(svg, result.svg(), 0o644); err != nil {
			return err
		}
	}
	return a.print(result)
}
