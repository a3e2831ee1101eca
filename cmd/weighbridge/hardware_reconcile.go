package main

import (
	"github.com/spf13/cobra"

	"github.com/weighbridge/weighbridge/provenance"
	"github.com/weighbridge/weighbridge/provenance/accounting"
)

type reconcileFlags struct {
	accounting accountingFlags
	inventory  []string
}

func (a *app) hardwareReconcileCommand() *cobra.Command {
	var f reconcileFlags
	cmd := &cobra.Command{
		Use:   "reconcile --from FILE... [--inventory FILE]...",
		Short: "Hold the ledger's runs against accounting and bills: what is held or billed and belongs to no run",
		Long: `Reconcile joins second sources (Slurm's accounting, DCGM's job statistics, FOCUS bills, Kubernetes and OpenCost allocations, our own
CSV) to the runs of the ledger: by job id and cluster first (a run under Slurm records both, or --run names the job), else by the
node or the cloud instance and the time (run records the node's name, --identity-document the instance). A job of several runs is
divided among them by time and chips. Per run it says what its records and each source have of chip-hours and of chips at once,
and whether they agree, product by product, within 5 %. Chip-hours that no run accounts for stand on lines of their own: that is where training that
nobody declared would be.

With --inventory, the chips that there are in the same form, attributed + idle + unattributed = inventory + beyond, exactly: idle
and beyond are held moment by moment, and beyond, what a source shows and the inventory does not have then, is none where both
are right. Sources of several kinds see the same chips: they stand side by side and are never added.

` + exitCodes,
		Example: `  weighbridge hardware reconcile --from sacct-2026-08.txt --chips chips.csv --time-zone Europe/Zurich
  weighbridge hardware reconcile --from bill.csv --chips sku.csv --inventory fleet.csv --json`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return a.reconcile(f) },
	}
	f.accounting.register(cmd.Flags())
	cmd.Flags().StringArrayVar(&f.inventory, "inventory", nil, "the chips that there are, over which time: our own CSV, header account,job,instance,chip,chips,start,end, with one row per pool; repeatable")
	cmd.MarkFlagRequired("from") // fails only for a flag that was not defined
	return cmd
}

func (a *app) reconcile(f reconcileFlags) error {
	catalogue, err := a.catalogue()
	if err != nil {
		return err
	}
	runs, models, err := a.accountedRuns(catalogue)
	if err != nil {
		return err
	}
	reconciler := accounting.NewReconciler(runs)
	result := reconcileResult{Schema: "weighbridge.dev/hardware-reconcile/v1", Inventory: []sourceRead{}, Products: []reconciledProduct{}, Runs: []reconciledRun{}, Loose: []reconciledLoose{}}
	balance := accounting.NewBalance(scratch())
	result.Sources, result.Findings, err = f.accounting.settle(catalogue, func(kind accounting.Kind, p accounting.Piece) error {
		reconciler.Add(kind, p)
		if len(f.inventory) == 0 {
			return nil
		}
		return balance.Holds(kind, p)
	})
	if err != nil {
		return err
	}
	balanced, err := f.readInventory(catalogue, &result, balance)
	if err != nil {
		return err
	}
	sums := reconciler.Reconciled()
	for _, kind := range sums {
		result.addProducts(kind, balanced)
		result.addLoose(kind)
	}
	for _, run := range reconciler.Runs() {
		result.Runs = append(result.Runs, reconcileRun(run, models[run.ID], sums))
	}
	result.noteElsewhere(sums)
	return a.print(result)
}

// settle reads the files and gives the settled pieces of each kind of source.
func (f accountingFlags) settle(catalogue *provenance.Catalogue, yield func(accounting.Kind, accounting.Piece) error) ([]sourceRead, []accounting.Finding, error) {
	table, err := f.table(catalogue)
	if err != nil {
		return nil, nil, err
	}
	settlers := map[accounting.Kind]*accounting.Settler{}
	sources, findings, err := f.read(func(u accounting.Use) error {
		if settlers[u.Kind] == nil {
			settlers[u.Kind] = accounting.NewSettler(table, scratch())
		}
		return settlers[u.Kind].Add(u)
	})
	if err != nil {
		return nil, nil, err
	}
	for _, kind := range accounting.Kinds() {
		if settlers[kind] == nil {
			continue
		}
		more, err := settlers[kind].Each(func(p accounting.Piece) error { return yield(kind, p) })
		if err != nil {
			return nil, nil, err
		}
		findings = append(findings, more...)
	}
	return sources, append([]accounting.Finding{}, findings...), nil
}
