package main

import (
	"slices"

	"github.com/spf13/cobra"

	"github.com/weighbridge/weighbridge/provenance/accounting"
)

type ceilingFlags struct {
	accounting accountingFlags
	accounts   string
}

// ceilingResult is what hardware ceiling says.
type ceilingResult struct {
	Schema     string               `json:"schema"`
	Catalogue  string               `json:"catalogue"` // digest of the rates
	Rules      string               `json:"rules_digest"`
	Sources    []sourceRead         `json:"sources"`
	Thresholds []thresholdLine      `json:"thresholds"`
	Parents    []tenantCeiling      `json:"ultimate_parents"`
	Customers  []tenantCeiling      `json:"customers"`
	Accounts   []tenantCeiling      `json:"accounts"`
	Total      tenantCeiling        `json:"total"`
	Complete   bool                 `json:"complete"` // every row was read: else nobody is said to stay under a threshold
	Findings   []accounting.Finding `json:"findings"`
}

func (a *app) hardwareCeilingCommand() *cobra.Command {
	var f ceilingFlags
	cmd := &cobra.Command{
		Use:   "ceiling --from FILE",
		Short: "The most that each customer could have performed, from accounting by tenant alone",
		Long: `Ceiling is a provider's view, without any customer's help: chip-time held x dense peak is the most operations that each
account, each customer and each ultimate parent over all its accounts could have performed, by month and together,
and which of them stay under which threshold however the chips were used. It is a bound and no count: chips do a third
of it at work, and nothing when they wait.

It is given in the format that training is counted at (BF16) and in the fastest that the chips have, because which one
a customer used is not known: only the second decides who stays under a threshold. A product that the catalogue does
not know has no ceiling, and then its holder has none. Times are UTC; a month is a calendar month.

` + exitCodes,
		Example: `  weighbridge hardware ceiling --from usage.csv --accounts accounts.csv
  weighbridge hardware ceiling --from sacct-2026-08.txt --from sacct-2026-09.txt --chips chips.csv --time-zone Europe/Zurich --json`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return a.hardwareCeiling(f) },
	}
	f.accounting.register(cmd.Flags())
	cmd.Flags().StringVar(&f.accounts, "accounts", "", "table of who an account belongs to, CSV with the header account,customer,ultimate_parent; an account that it does not name stands for itself")
	cmd.MarkFlagRequired("from") // fails only for a flag that was not defined
	return cmd
}

func (a *app) hardwareCeiling(f ceilingFlags) error {
	owners, err := readOwners(f.accounts)
	if err != nil {
		return err
	}
	catalogue, err := a.catalogue()
	if err != nil {
		return err
	}
	table, err := f.accounting.table(catalogue)
	if err != nil {
		return err
	}
	lines, sources, findings, err := f.accounting.tally(table)
	if err != nil {
		return err
	}
	result := ceilingResult{Schema: "weighbridge.dev/hardware-ceiling/v1", Sources: sources}
	if result.Rules, result.Thresholds, err = a.thresholds(); err != nil {
		return err
	}
	result.Catalogue = catalogue.Digest()
	result.Complete = !slices.ContainsFunc(findings, incomplete)
	b := tenantBook{catalogue: catalogue, owners: owners, thresholds: result.Thresholds, complete: result.Complete}
	if err := b.fill(&result, lines); err != nil {
		return err
	}
	result.Findings = append(append([]accounting.Finding{}, findings...), b.notes(result)...)
	if a.json {
		return a.printJSON(result)
	}
	a.printCeilings(result)
	return nil
}

// incomplete says that a source holds chips that were not read.
func incomplete(f accounting.Finding) bool { return f.Code == "row-unread" || f.Code == "summary-only" }

// tally reads the files and adds up what was held.
func (f accountingFlags) tally(table *accounting.Chips) ([]accounting.Line, []sourceRead, []accounting.Finding, error) {
	settler := accounting.NewSettler(table, scratch())
	sources, findings, err := f.read(settler.Add)
	if err == nil {
		err = oneKind(sources, f.named)
	}
	if err != nil {
		return nil, nil, nil, err
	}
	tally := accounting.NewTally()
	settled, err := settler.Each(tally.Add)
	if err != nil {
		return nil, nil, nil, err
	}
	lines, more := tally.Lines()
	findings = append(append(findings, settled...), more...)
	return lines, sources, findings, nothingUsed(uint64(len(lines)), findings)
}
