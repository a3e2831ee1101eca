package main

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// plain gives the whole tree of commands our own words where cobra has words of
// its own: arguments, required flags, flag values, unknown commands and help.
func (a *app) plain(root *cobra.Command) {
	root.AddCommand(a.completionCommand())
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetHelpCommand(a.helpCommand())
	root.InitDefaultHelpCmd()
	help, usageText := root.HelpFunc(), root.UsageFunc()
	root.SetHelpFunc(func(cmd *cobra.Command, args []string) {
		if a.json {
			a.helpErr = usage("%s prints help, which has no --json", commandName(cmd))
			return
		}
		help(cmd, args)
	})
	root.SetUsageFunc(func(cmd *cobra.Command) error { return plainUsage(cmd, usageText) })
	root.SetFlagErrorFunc(a.flagError)
	root.PersistentPreRunE = a.ready
	plainTree(root)
	registerCompletions(root)
}

func plainTree(cmd *cobra.Command) {
	switch {
	case cmd.HasSubCommands():
		cmd.SuggestionsMinimumDistance = 2
		cmd.Args = func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			return unknownCommand(cmd, args[0])
		}
	case cmd.Args != nil:
		cmd.Args = plainArgs(cmd.Args)
	}
	for _, sub := range cmd.Commands() {
		plainTree(sub)
	}
}

// plainUsage is cobra's text with switches shown as they are typed: --json.
func plainUsage(cmd *cobra.Command, usageText func(*cobra.Command) error) error {
	out := cmd.OutOrStderr()
	var text bytes.Buffer
	cmd.SetOut(&text)
	err := usageText(cmd)
	cmd.SetOut(out)
	const switchValue = "[=true|false]"
	_, writeErr := fmt.Fprint(out, strings.ReplaceAll(text.String(), switchValue, strings.Repeat(" ", len(switchValue))))
	return errors.Join(err, writeErr)
}

// plainArgs says what was found and what is expected, whatever check was broken.
func plainArgs(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		err := check(cmd, args)
		var coded *exitError
		if err == nil || errors.As(err, &coded) {
			return err
		}
		return usage("%s: found %s; expected %s", commandName(cmd), foundArguments(args), commandLine(cmd))
	}
}

// commandName is the command as help takes it: "ledger correct".
func commandName(cmd *cobra.Command) string {
	return strings.TrimPrefix(cmd.CommandPath(), "weighbridge ")
}

// commandLine is how a command is typed.
func commandLine(cmd *cobra.Command) string {
	if !cmd.HasParent() {
		return cmd.Use
	}
	return cmd.Parent().CommandPath() + " " + cmd.Use
}

func foundArguments(args []string) string {
	switch len(args) {
	case 0:
		return "no argument"
	case 1:
		return fmt.Sprintf("the argument %q", args[0])
	}
	words := make([]string, len(args))
	for i, arg := range args {
		words[i] = fmt.Sprintf("%q", arg)
	}
	return fmt.Sprintf("%d arguments (%s)", len(args), strings.Join(words, ", "))
}

func unknownCommand(cmd *cobra.Command, name string) error {
	if near := cmd.SuggestionsFor(name); len(near) > 0 {
		return usage("unknown command %q of %s: did you mean %s?", name, cmd.CommandPath(), strings.Join(near, " or "))
	}
	list := subcommandNames(cmd)
	if len(list) == 0 {
		return usage("%s has no command %q", commandName(cmd), name)
	}
	return usage("unknown command %q of %s: expected one of %s", name, cmd.CommandPath(), strings.Join(list, ", "))
}

// flagError says in our words what a flag got wrong. An unknown command that
// brings flags of its own is an unknown command.
func (a *app) flagError(cmd *cobra.Command, err error) error {
	own := a.env.args
	if end := slices.Index(own, "--"); end >= 0 {
		own = own[:end]
	}
	a.json = a.json || slices.Contains(own, "--json")
	if cmd.HasSubCommands() && cmd.Flags().NArg() > 0 {
		return unknownCommand(cmd, cmd.Flags().Arg(0))
	}
	var unknown *pflag.NotExistError
	var missing *pflag.ValueRequiredError
	var invalid *pflag.InvalidValueError
	switch {
	case errors.As(err, &unknown) && unknown.GetSpecifiedShortnames() != "":
		return usage("%s: unknown flag: -%s", commandName(cmd), unknown.GetSpecifiedName())
	case errors.As(err, &unknown):
		return usage("%s: unknown flag: --%s", commandName(cmd), unknown.GetSpecifiedName())
	case errors.As(err, &missing):
		return usage("%s: --%s needs a value (%s)", commandName(cmd), missing.GetFlag().Name, flagMeaning(missing.GetFlag()))
	case errors.As(err, &invalid):
		return usage("%s: --%s: found %q, expected %s", commandName(cmd), invalid.GetFlag().Name, invalid.GetValue(), valueWords(invalid.GetFlag().Value.Type()))
	}
	return usage("%s: %w", commandName(cmd), err)
}

func flagMeaning(f *pflag.Flag) string {
	_, text := pflag.UnquoteUsage(f)
	return text
}

// valueWords says what the value of a flag of this type looks like.
func valueWords(kind string) string {
	switch kind {
	case "bool":
		return "true or false"
	case "uint", "uint64":
		return "a whole number from 0 to 18446744073709551615"
	case "int", "int64":
		return "a whole number"
	}
	return "a value of type " + kind
}

// ready is called before every command: what the command cannot do without is
// there.
func (a *app) ready(cmd *cobra.Command, _ []string) error {
	if err := requiredFlags(cmd); err != nil {
		return err
	}
	if usesLedger(cmd) {
		if err := a.namedLedger(); err != nil {
			return err
		}
	}
	return emptyFlags(cmd)
}

// emptyFlags returns an error for the flags that were given an empty text: a shell
// makes one of a variable that is not set, and what was asked for would be left out
// without a word.
func emptyFlags(cmd *cobra.Command) error {
	var empty []string
	cmd.Flags().Visit(func(f *pflag.Flag) {
		texts := []string{f.Value.String()}
		if list, many := f.Value.(pflag.SliceValue); many {
			texts = list.GetSlice()
		}
		if len(texts) == 0 || slices.Contains(texts, "") {
			empty = append(empty, fmt.Sprintf("--%s is empty: expected what it takes, or no --%[1]s", f.Name))
		}
	})
	if len(empty) > 0 {
		return usage("%s: %s", commandName(cmd), strings.Join(empty, "; "))
	}
	return nil
}

// requiredFlags returns an error for the flags that cmd.MarkFlagRequired named
// and that were not given.
func requiredFlags(cmd *cobra.Command) error {
	var missing []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if _, required := f.Annotations[cobra.BashCompOneRequiredFlag]; required && !f.Changed {
			missing = append(missing, fmt.Sprintf("--%s is required (%s)", f.Name, flagMeaning(f)))
		}
	})
	if len(missing) > 0 {
		return usage("%s: %s", commandName(cmd), strings.Join(missing, "; "))
	}
	return nil
}

// usesLedger names the commands that do nothing without a ledger; others read
// it only when they are asked about a model.
func usesLedger(cmd *cobra.Command) bool {
	return slices.Contains([]string{"run", "record", "trace", "attest", "check", "head", "show", "correct"}, cmd.Name())
}

// namedLedger refuses a ledger without a name.
func (a *app) namedLedger() error {
	if a.ledger != "" {
		return nil
	}
	return usage("no ledger is named: name its file with --ledger FILE or $WEIGHBRIDGE_LEDGER " +
		"(without them it is in $XDG_STATE_HOME or $HOME/.local/state, which must be absolute)")
}
