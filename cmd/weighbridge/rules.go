package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/weighbridge/weighbridge/fdp"
)

func (a *app) rulesCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "rules",
		Short: "Read the rules that evaluate goes by: every clause with its paragraph",
		Long: `Rules are data: one folder of YAML files per regime, described field by field in fdp/SPEC.md. Those of this program
are used where no others are named with --rules DIR. A pack that does not pass the linter is not used, and the digest
of the rules used stands in every determination.

` + exitCodes,
		Example: "  weighbridge rules list\n  weighbridge rules show eu-gpai-systemic\n  weighbridge rules lint our-rules",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.rulesListCommand(), a.rulesShowCommand(), a.rulesLintCommand())
	return cmd
}

// rulesList is what rules list prints.
type rulesList struct {
	Schema  string       `json:"schema"`
	Digest  string       `json:"digest"`
	Regimes []fdp.Regime `json:"regimes"`
}

func (a *app) rulesListCommand() *cobra.Command {
	var asOf string
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List the regimes: threshold, standing on a date, clauses and options",
		Example: "  weighbridge rules list\n  weighbridge rules list --as-of 2026-12-31 --json",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			date, err := a.asOf(asOf)
			if err != nil {
				return err
			}
			rules, _, err := a.rules()
			if err != nil {
				return err
			}
			list := rulesList{Schema: "weighbridge.dev/rules-list/v1", Digest: rules.Digest()}
			for _, id := range rules.Regimes() {
				regime, _ := rules.Regime(id, date)
				list.Regimes = append(list.Regimes, regime)
			}
			return a.print(list)
		},
	}
	cmd.Flags().StringVar(&asOf, "as-of", "", "the date of the standing, as in 2026-11-25 (default today, UTC)")
	a.rulesFlag(cmd)
	return cmd
}

// String is the list for people, two lines a regime.
func (l rulesList) String() string {
	var b strings.Builder
	for _, r := range l.Regimes {
		threshold := r.Threshold
		if threshold == "" {
			threshold = "no threshold"
		}
		fmt.Fprintf(&b, "%s  %s\n  %s; %s; %d clauses, %d options\n", r.ID, r.Title, threshold, standingWords(r.Status), r.Clauses, r.Options)
	}
	fmt.Fprintf(&b, "rules %s\n", l.Digest)
	return b.String()
}

// rulesLint is what rules lint prints.
type rulesLint struct {
	Schema   string        `json:"schema"`
	OK       bool          `json:"ok"`
	Digest   string        `json:"digest,omitempty"`
	Problems []fdp.Problem `json:"problems"`
}
