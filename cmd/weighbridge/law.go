package main

import (
	"fmt"
	"os"
	"sync"

	"github.com/spf13/cobra"

	"github.com/weighbridge/weighbridge/fdp"
	"github.com/weighbridge/weighbridge/provenance"
)

// law is the rules that a command goes by, and the catalogue, read once: those of this
// program, or those of --rules and --catalogue. Run's watcher asks for it beside the command.
type law struct {
	directory string // --rules; empty: the rules of this program
	once      sync.Once
	rules     *fdp.Rules
	catalogue *provenance.Catalogue
	err       error
}

// rulesFlag lets a command go by other rules.
func (a *app) rulesFlag(cmd *cobra.Command) {
	cmd.Flags().StringVar(&a.law.directory, "rules", "", "go by the rule packs in `DIR`, one folder per regime, instead of this program's own")
}

// rules returns the rules and the catalogue that the command goes by.
func (a *app) rules() (*fdp.Rules, *provenance.Catalogue, error) {
	a.law.once.Do(func() {
		if a.law.rules, a.law.err = readRules(a.law.directory); a.law.err == nil {
			a.law.catalogue, a.law.err = a.catalogue()
		}
	})
	return a.law.rules, a.law.catalogue, a.law.err
}

func readRules(directory string) (*fdp.Rules, error) {
	if directory == "" {
		return fdp.Embedded()
	}
	info, err := os.Stat(directory)
	switch {
	case err != nil:
		return nil, fmt.Errorf("--rules: %w; name the directory that holds one folder per regime", err)
	case !info.IsDir():
		return nil, fmt.Errorf("--rules %s: a file; name the directory that holds one folder per regime", directory)
	}
	rules, err := fdp.LoadRules(os.DirFS(directory))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", directory, err)
	}
	return rules, nil
}
