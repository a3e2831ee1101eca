package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/weighbridge/weighbridge/fdp"
)

// rulesText is what rules show prints.
type rulesText struct {
	Schema string `json:"schema"`
	Digest string `json:"digest"`
	fdp.Text
}

func (a *app) rulesShowCommand() *cobra.Command {
	var asOf, write string
	cmd := &cobra.Command{
		Use:   "show REGIME",
		Short: "Show a regime's rules: clauses, what counts, options and standing, with citations",
		Long: `Show renders a rule pack for a reader: every clause as a sentence with its paragraph, a short quotation or a marked
paraphrase, the grade of its evidence and the source; what counts and what is open; each option with the places
that it covers; the standing by date.

Grades are those of the project's facts. CONFIRMED: the regulation was read, or two independent sources agree. P: the
operative text was read. P-quote: its words were read as another source quotes them. S: a summary by a law firm or the
press. DERIVED: reasoning that no source states. UNCONFIRMED and U: check the primary source first.

` + exitCodes,
		Example: "  weighbridge rules show us-4e091\n  weighbridge rules show eu-modifier --json\n  weighbridge rules show eu-gpai --write our-rules",
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			date, err := a.asOf(asOf)
			if err != nil {
				return err
			}
			rules, _, err := a.rules()
			if err != nil {
				return err
			}
			text, found := rules.Text(args[0], date)
			if !found {
				return usage("regime %q: expected one of %s", args[0], strings.Join(rules.Regimes(), ", "))
			}
			if write != "" {
				if err := writePack(rules, args[0], write); err != nil {
					return err
				}
			}
			if a.json {
				return a.printJSON(rulesText{"weighbridge.dev/rules-show/v1", rules.Digest(), text})
			}
			a.printf("%srules %s\n", textOf(text), rules.Digest())
			return nil
		},
	}
	cmd.Flags().StringVar(&asOf, "as-of", "", "the date of the standing in the first lines (default today, UTC)")
	cmd.Flags().StringVar(&write, "write", "", "also write the pack's files to `DIR`/REGIME, as a start for rules of your own")
	a.rulesFlag(cmd)
	return cmd
}

// writePack writes the files of one regime. Nothing is overwritten.
func writePack(rules *fdp.Rules, regime, directory string) error {
	folder := filepath.Join(directory, regime)
	if err := os.MkdirAll(directory, 0o755); err != nil {
		return fmt.Errorf("--write: %w", err)
	}
	if err := os.Mkdir(folder, 0o755); err != nil {
		return fmt.Errorf("--write: %w; nothing is overwritten, name another directory", err)
	}
	for name, data := range rules.Files() {
		if rest, ours := strings.CutPrefix(name, regime+"/"); ours {
			if err := os.WriteFile(filepath.Join(folder, rest), data, 0o644); err != nil {
				return fmt.Errorf("--write: %w", err)
			}
		}
	}
	return nil
}
