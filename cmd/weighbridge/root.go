package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// app is what every command shares: the edges and the global flags.
type app struct {
	env    environment
	ledger string // --ledger
	json   bool   // --json
}

// run executes the command line in env and returns the exit code.
func run(ctx context.Context, env environment) int {
	a := &app{env: env}
	root := a.rootCommand()
	root.SetArgs(env.args)
	root.SetIn(env.stdin)
	root.SetOut(env.stdout)
	root.SetErr(env.stderr)
	err := root.ExecuteContext(ctx)
	if err != nil {
		a.report(classify(err))
	}
	return exitCode(classify(err))
}

func (a *app) rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "weighbridge",
		Short: "Weigh AI model weights before they cross a border",
		Long: `Weighbridge meters the operations that went into a model over its whole lineage, records the hardware that
ran them, decides under dated and cited rules whether the weights are controlled (ECCN 4E091), and ships signed
attestations with them that anyone can check offline. It is a tool for evidence, not legal advice.

` + exitCodes,
		Example:       "  weighbridge demo\n  weighbridge run --model acme/atlas@1 -- python train.py",
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          cobra.NoArgs,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	flags := root.PersistentFlags()
	flags.StringVar(&a.ledger, "ledger", a.env.defaultLedger(), "the ledger's file (default from $WEIGHBRIDGE_LEDGER)")
	flags.BoolVar(&a.json, "json", false, "print one JSON document to standard output")
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usage("%w", err) })
	root.AddCommand(a.runCommand())
	root.AddCommand(a.recordCommand())
	root.AddCommand(a.traceCommand())
	root.AddCommand(a.evaluateCommand())
	root.AddCommand(a.keyCommand())
	root.AddCommand(a.attestCommand())
	root.AddCommand(a.verifyCommand())
	root.AddCommand(a.demoCommand())
	root.AddCommand(a.versionCommand())
	root.AddCommand(a.checkCommand())
	root.AddCommand(a.ledgerCommand())
	root.AddCommand(a.relayCommand())
	root.AddCommand(a.trainCommand())
	root.AddCommand(a.hardwareCommand())
	root.AddCommand(a.pushCommand(), a.pullCommand(), a.saveCommand(), a.loadCommand(), a.signCommand())
	return root
}

// classify gives cobra's own complaints about the command line, which carry no
// type, the exit code of usage.
func classify(err error) error {
	var coded *exitError
	if err == nil || errors.As(err, &coded) {
		return err
	}
	for _, start := range []string{"unknown command", "accepts ", "requires at least", "required flag", "if any flags in the group", "at least one of the flags"} {
		if strings.HasPrefix(err.Error(), start) {
			return &exitError{exitUsage, err}
		}
	}
	return err
}

// errorDocument is what --json prints when a command fails: readers get one
// document in every case.
type errorDocument struct {
	Schema string `json:"schema"`
	Error  string `json:"error"`
	Code   int    `json:"code"`
}

func (a *app) report(err error) {
	var coded *exitError
	if errors.As(err, &coded) && coded.err == nil {
		return
	}
	if a.json {
		a.printJSON(errorDocument{"weighbridge.dev/error/v1", err.Error(), exitCode(err)})
	}
	fmt.Fprintf(a.env.stderr, "weighbridge: %s\n", err)
	if exitCode(err) == exitUsage {
		fmt.Fprintln(a.env.stderr, "hint: weighbridge help COMMAND shows the flags and an example")
	}
}

// printJSON writes one document to standard output.
func (a *app) printJSON(document any) error {
	enc := json.NewEncoder(a.env.stdout)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(document); err != nil {
		return fmt.Errorf("writing the result to standard output: %w", err)
	}
	return nil
}

// printf writes text for people to standard output.
func (a *app) printf(format string, args ...any) { fmt.Fprintf(a.env.stdout, format, args...) }
