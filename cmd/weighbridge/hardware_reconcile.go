package main

import (
	"encoding/json"
	"math/big"
	"slices"

	"github.com/spf13/cobra"

	"github.com/weighbridge/weighbridge/provenance/accounting"
)

type reconcileFlags struct {
	accounting accountingFlags
	inventory  []string
}

// reconcileResult is what hardware reconcile says. Hours are decimals of at most six
// places, exact where those are enough.
type reconcileResult struct {
	Schema    string               `json:"schema"`
	Sources   []sourceRead         `json:"sources"`
	Inventory []sourceRead         `json:"inventory"`
	Products  []reconciledProduct  `json:"products"` // per kind of source: kinds see the same chips and are not added
	Runs      []reconciledRun      `json:"runs"`
	Loose     []reconciledLoose    `json:"unattributed"` // who held what no run accounts for, the most first
	More      int                  `json:"more"`         // further such holders
	Findings  []accounting.Finding `json:"findings"`
}

// reconciledProduct: attributed + idle + unattributed = inventory.
type reconciledProduct struct {
	Kind         accounting.Kind `json:"kind"`
	Product      string          `json:"product"`
	Attributed   json.Number     `json:"attributed_hours"`
	Unattributed json.Number     `json:"unattributed_hours"`
	Idle         *json.Number    `json:"idle_hours"`      // null where no inventory is given
	Inventory    *json.Number    `json:"inventory_hours"` // null where none is given
}

// reconciledRun is what a run's records say of its chips beside what each source
// says. Nothing is resolved: where they differ both stand.
type reconciledRun struct {
	Run      string            `json:"run"`
	Models   []string          `json:"models"`
	Recorded *json.Number      `json:"recorded_hours"` // null where its records name no chips
	Sources  []reconciledShare `json:"sources"`
}

type reconciledShare struct {
	Kind    accounting.Kind `json:"kind"`
	Hours   *json.Number    `json:"hours"` // null: the source does not show this run
	Ratio   string          `json:"ratio,omitempty"`
	Verdict string          `json:"verdict"` // agrees, differs, one-sided
}

type reconciledLoose struct {
	Kind     accounting.Kind `json:"kind"`
	Account  string          `json:"account,omitempty"`
	Job      string          `json:"job,omitempty"`
	Instance string          `json:"instance,omitempty"`
	Product  string          `json:"product"`
	Hours    json.Number     `json:"hours"`
}

// agreement is how far a run and a source may be apart and still agree: a job is
// paid for while it starts and ends, and that is minutes of hours.
func agreement() *big.Rat { return big.NewRat(5, 100) }

// looseShown is how many holders the result lists.
const looseShown = 50

func (a *app) hardwareReconcileCommand() *cobra.Command {
	var f reconcileFlags
	cmd := &cobra.Command{
		Use:   "reconcile --from FILE... [--inventory FILE]...",
		Short: "Hold the ledger's runs against accounting and bills: what is held or billed and belongs to no run",
		Long: `Reconcile joins second sources (Slurm's accounting, DCGM's job statistics, FOCUS bills, Kubernetes and OpenCost allocations, our own
CSV) to the runs of the ledger: by job id first (a run under Slurm is named after its job, or --run names it), else by the cloud
instance and the time (run --identity-document records which). Per run it says what its records and each source have of chip-hours,
and whether they agree within 5 %. Chip-hours that no run accounts for stand on lines of their own: that is where training that
nobody declared would be.

With --inventory, the chips that there are in the same form, attributed + idle + unattributed = inventory, exactly. Sources of
several kinds see the same chips: they stand side by side and are never added.

` + exitCodes,
		Example: `  weighbridge hardware reconcile --from sacct-2026-08.txt --chips chips.csv --time-zone Europe/Zurich
  weighbridge hardware reconcile --from bill.csv --chips sku.csv --inventory fleet.csv --json`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return a.reconcile(f) },
	}
	f.accounting.register(cmd.Flags())
	cmd.Flags().StringArrayVar(&f.inventory, "inventory", nil, "the chips that there are, over which time: our own CSV with one row per pool; repeatable")
	cmd.MarkFlagRequired("from") // fails only for a flag that was not defined
	return cmd
}

func (a *app) reconcile(f reconcileFlags) error {
	runs, models, err := a.accountedRuns()
	if err != nil {
		return err
	}
	reconciler := accounting.NewReconciler(runs)
	result := reconcileResult{Schema: "weighbridge.dev/hardware-reconcile/v1", Inventory: []sourceRead{}, Products: []reconciledProduct{}, Runs: []reconciledRun{}, Loose: []reconciledLoose{}}
	if result.Sources, result.Findings, err = f.accounting.settle(reconciler.Add); err != nil {
		return err
	}
	inventory, err := f.readInventory(&result)
	if err != nil {
		return err
	}
	sums := reconciler.Reconciled()
	for _, kind := range sums {
		result.addProducts(kind, inventory)
		result.addLoose(kind)
	}
	for _, run := range reconciler.Runs() {
		result.Runs = append(result.Runs, reconcileRun(run, models[run.ID], sums))
	}
	if a.json {
		return a.printJSON(result)
	}
	a.printf("%s", result.text())
	return nil
}

// settle reads the files and gives the settled pieces of each kind of source.
func (f accountingFlags) settle(yield func(accounting.Kind, accounting.Piece)) ([]sourceRead, []accounting.Finding, error) {
	table, err := f.table()
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
		more, err := settlers[kind].Each(func(p accounting.Piece) error { yield(kind, p); return nil })
		if err != nil {
			return nil, nil, err
		}
		findings = append(findings, more...)
	}
	return sources, append([]accounting.Finding{}, findings...), nil
}

// readInventory is the chip-seconds that there are of each product; nil where no
// inventory is given.
func (f reconcileFlags) readInventory(result *reconcileResult) (map[string]*big.Rat, error) {
	if len(f.inventory) == 0 {
		return nil, nil
	}
	held := accounting.NewReconciler(nil)
	of := f.accounting
	of.from = f.inventory
	sources, findings, err := of.settle(held.Add)
	if err != nil {
		return nil, err
	}
	result.Inventory, result.Findings = sources, append(result.Findings, findings...)
	if err := oneKind(sources); err != nil {
		return nil, err
	}
	inventory := map[string]*big.Rat{}
	for _, kind := range held.Reconciled() {
		for _, p := range kind.Products {
			inventory[p.Product] = p.Unattributed
		}
	}
	return inventory, nil
}

func (r *reconcileResult) addProducts(kind accounting.Reconciled, inventory map[string]*big.Rat) {
	products := kind.Products
	for product := range inventory {
		if !slices.ContainsFunc(products, func(p accounting.ProductTime) bool { return p.Product == product }) {
			products = append(products, accounting.ProductTime{Product: product, Attributed: new(big.Rat), Unattributed: new(big.Rat)})
		}
	}
	slices.SortFunc(products, func(a, b accounting.ProductTime) int { return cmpText(a.Product, b.Product) })
	for _, p := range products {
		line := reconciledProduct{Kind: kind.Kind, Product: p.Product, Attributed: hoursOf(p.Attributed), Unattributed: hoursOf(p.Unattributed)}
		if inventory != nil {
			have := inventory[p.Product]
			if have == nil {
				have = new(big.Rat)
			}
			idle := new(big.Rat).Sub(have, new(big.Rat).Add(p.Attributed, p.Unattributed))
			idleHours, hours := hoursOf(idle), hoursOf(have)
			line.Idle, line.Inventory = &idleHours, &hours
			if idle.Sign() < 0 {
				r.Findings = append(r.Findings, accounting.Finding{Code: "more-than-inventory",
					Message: "the " + string(kind.Kind) + " source holds " + hoursOf(new(big.Rat).Neg(idle)).String() + " chip-hours of " + p.Product + " more than the inventory has: the inventory lacks chips, or covers less time"})
			}
		}
		r.Products = append(r.Products, line)
	}
}

func (r *reconcileResult) addLoose(kind accounting.Reconciled) {
	shown := kind.Loose[:min(len(kind.Loose), looseShown)]
	for _, l := range shown {
		r.Loose = append(r.Loose, reconciledLoose{kind.Kind, l.Account, l.Job, l.Instance, l.Product, hoursOf(l.Seconds)})
	}
	r.More += len(kind.Loose) - len(shown)
	if kind.More.Sign() != 0 {
		r.Findings = append(r.Findings, accounting.Finding{Code: "many-holders", Message: hoursOf(kind.More).String() + " chip-hours that no run accounts for are of further holders, past those that are kept apart; they are in the sums"})
	}
}

// reconcileRun holds a run's own chip-time against each source's.
func reconcileRun(run accounting.Run, models []string, sums []accounting.Reconciled) reconciledRun {
	line := reconciledRun{Run: run.ID, Models: models, Sources: []reconciledShare{}}
	var recorded *big.Rat
	for _, seconds := range run.Held {
		if recorded == nil {
			recorded = new(big.Rat)
		}
		recorded.Add(recorded, seconds)
	}
	if recorded != nil {
		hours := hoursOf(recorded)
		line.Recorded = &hours
	}
	for _, kind := range sums {
		line.Sources = append(line.Sources, shareOf(kind, kind.Runs[run.ID], recorded))
	}
	return line
}

func shareOf(kind accounting.Reconciled, seconds, recorded *big.Rat) reconciledShare {
	out := reconciledShare{Kind: kind.Kind, Verdict: "one-sided"}
	if seconds != nil {
		hours := hoursOf(seconds)
		out.Hours = &hours
	}
	if seconds == nil || recorded == nil || recorded.Sign() == 0 {
		return out
	}
	ratio := new(big.Rat).Quo(seconds, recorded)
	out.Ratio, out.Verdict = ratio.FloatString(3), "differs"
	if away := new(big.Rat).Sub(ratio, big.NewRat(1, 1)); away.Abs(away).Cmp(agreement()) <= 0 {
		out.Verdict = "agrees"
	}
	return out
}
