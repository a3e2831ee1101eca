package main

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/weighbridge/weighbridge/fdp"
)

func (a *app) rulesLintCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "lint [DIR]",
		Short: "Check rule packs: every problem with file, line, column and the line itself",
		Long: `Lint reads the rule packs in DIR, one folder per regime, as strictly as they are read for an evaluation, and lists
everything that is wrong. Without DIR it checks the rules of this program. A problem is exit code 1.

` + exitCodes,
		Example: "  weighbridge rules lint our-rules\n  weighbridge rules lint --json",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			directory := ""
			if len(args) == 1 {
				directory = args[0]
			}
			return a.lintRules(directory)
		},
	}
}

func (a *app) lintRules(directory string) error {
	rules, err := readRules(directory)
	result := rulesLint{Schema: "weighbridge.dev/rules-lint/v1", OK: err == nil, Problems: []fdp.Problem{}}
	var found *fdp.LintError
	switch {
	case errors.As(err, &found):
		result.Problems = found.Problems
	case err != nil:
		return err
	default:
		result.Problems = append(result.Problems, rules.Lint()...)
		result.OK, result.Digest = len(result.Problems) == 0, rules.Digest()
	}
	err = nil // the problems are the result
	if a.json {
		err = a.printJSON(result)
	} else {
		for _, p := range result.Problems {
			a.printf("%s\n", p)
		}
		if result.OK {
			a.printf("%d regime(s), no problem\nrules %s\n", len(rules.Regimes()), result.Digest)
		}
	}
	if err == nil && !result.OK {
		err = &exitError{code: exitFailure}
	}
	return err
}
