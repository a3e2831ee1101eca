package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/ledger"
)

// app is what every command shares: the edges and the global flags.
type app struct {
	env      environment
	ledger   string // --ledger
	json     bool   // --json
	ownChips string // --catalogue
	law      law    // --rules

	atEnd []func() // closes what a command opened for all of its time

	writeErr error // the first failure of printf
	helpErr  error // why help was refused; cobra's help cannot return it
}

// run executes the command line in env and returns the exit code.
func run(ctx context.Context, env environment) int {
	a := &app{env: env}
	root := a.rootCommand()
	root.SetArgs(env.args)
	root.SetIn(env.stdin)
	root.SetOut(env.stdout)
	root.SetErr(env.stderr)
	cmd, err := root.ExecuteContextC(ctx)
	for _, end := range a.atEnd {
		end()
	}
	if err == nil {
		err = errors.Join(a.helpErr, a.writeErr)
	}
	if err != nil {
		a.report(cmd, err)
	}
	return exitCode(err)
}

func (a *app) rootCommand() *cobra.Command {
	var showVersion bool
	root := &cobra.Command{
		Use:   "weighbridge",
		Short: "Weigh AI model weights before they cross a border",
		Long: `Weighbridge meters the operations that went into a model over its whole lineage, records the hardware that
ran them, decides under dated and cited rules whether the weights are controlled (ECCN 4E091 and ten other regimes), and ships signed
attestations with them that anyone can check offline. It is a tool for evidence, not legal advice.

` + exitCodes,
		Example:       "  weighbridge demo\n  weighbridge run --model acme/atlas@1 -- python train.py",
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if showVersion {
				return a.printVersion()
			}
			return cmd.Help()
		},
	}
	root.Flags().BoolVar(&showVersion, "version", false, "print the version, as the command of that name does")
	flags := root.PersistentFlags()
	flags.StringVar(&a.ledger, "ledger", a.env.defaultLedger(), "the ledger's `FILE` (default: $WEIGHBRIDGE_LEDGER, else weighbridge/ledger.db in $XDG_STATE_HOME or ~/.local/state)")
	flags.Lookup("ledger").DefValue = "" // help is the same on every machine
	flags.StringVar(&a.ownChips, "catalogue", "", "accelerators of your own added to the catalogue: a `FILE` in the format of provenance/SPEC.md")
	flags.BoolVar(&a.json, "json", false, "print one JSON document to standard output")
	root.AddCommand(a.runCommand())
	root.AddCommand(a.recordCommand())
	root.AddCommand(a.traceCommand())
	root.AddCommand(a.explainCommand())
	root.AddCommand(a.planCommand())
	root.AddCommand(a.evaluateCommand())
	root.AddCommand(a.rulesCommand())
	root.AddCommand(a.keyCommand())
	root.AddCommand(a.deliveryCommand())
	root.AddCommand(a.attestCommand())
	root.AddCommand(a.verifyCommand())
	root.AddCommand(a.presentCommand())
	root.AddCommand(a.cosignCommand())
	root.AddCommand(a.demoCommand())
	root.AddCommand(a.versionCommand())
	root.AddCommand(a.checkCommand())
	root.AddCommand(a.ledgerCommand())
	root.AddCommand(a.relayCommand())
	root.AddCommand(a.trainCommand())
	root.AddCommand(a.hardwareCommand())
	root.AddCommand(a.pushCommand(), a.pullCommand(), a.saveCommand(), a.loadCommand(), a.signCommand())
	a.plain(root)
	foldHelp(root)
	return root
}

// errorDocument is what --json prints when a command fails: readers get one
// document in every case.
type errorDocument struct {
	Schema string `json:"schema"`
	Error  string `json:"error"`
	Code   int    `json:"code"`
	Hint   string `json:"hint,omitempty"` // the next step
}

// report says why cmd failed and what to do next.
func (a *app) report(cmd *cobra.Command, err error) {
	var coded *exitError
	if errors.As(err, &coded) && coded.err == nil {
		return
	}
	next := hint(cmd, err)
	if a.json {
		a.printJSON(errorDocument{"weighbridge.dev/error/v1", err.Error(), exitCode(err), next})
	}
	fmt.Fprintf(a.env.stderr, "weighbridge: %s\n", printableLines(err.Error()))
	if next != "" {
		fmt.Fprintf(a.env.stderr, "hint: %s\n", next)
	}
}

// hint is the command that helps on, where there is one.
func hint(cmd *cobra.Command, err error) string {
	var cycle *meter.CycleError
	var correction *ledger.CorrectionError
	switch {
	case errors.As(err, &cycle):
		return fmt.Sprintf("weighbridge ledger show %s lists its records; weighbridge ledger correct voids or supersedes the one that names %s", cycle.From, cycle.To)
	case errors.As(err, &correction):
		return fmt.Sprintf("weighbridge ledger show %s lists its records with run and sequence", correction.Model)
	case exitCode(err) != exitUsage:
		return ""
	case cmd.Name() == "help" || !cmd.HasParent():
		return "weighbridge help shows the commands"
	case cmd.HasSubCommands():
		return fmt.Sprintf("weighbridge help %s shows its commands", commandName(cmd))
	}
	return fmt.Sprintf("weighbridge help %s shows the flags and an example", commandName(cmd))
}

// print writes a result as the user asked for it: its text, or with --json itself.
func (a *app) print(result fmt.Stringer) error {
	if a.json {
		return a.printJSON(result)
	}
	a.printf("%s", result)
	return nil
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

// printf writes text for people to standard output. The first failure is kept:
// a result that was cut off by a full disk must not exit 0.
func (a *app) printf(format string, args ...any) {
	if _, err := io.WriteString(a.env.stdout, printableLines(fmt.Sprintf(format, args...))); err != nil && a.writeErr == nil {
		a.writeErr = fmt.Errorf("writing the result to standard output: %w", err)
	}
}
