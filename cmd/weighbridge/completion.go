package main

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/weighbridge/weighbridge/fdp"
	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/trainlog"
)

func (a *app) completionCommand() *cobra.Command {
	shells := []string{"bash", "fish", "powershell", "zsh"}
	return &cobra.Command{
		Use:   "completion " + strings.Join(shells, "|"),
		Short: "Print the script that completes commands, flags and their values in a shell",
		Long: `Completion prints a script for one shell. Load it for this session as the example shows, or write it to where your
shell looks for completions.`,
		Example:   "  source <(weighbridge completion bash)\n  weighbridge completion fish | source",
		ValidArgs: shells,
		Args:      cobra.MatchAll(cobra.ExactArgs(1), cobra.OnlyValidArgs),
		RunE: func(cmd *cobra.Command, args []string) error {
			if a.json {
				return usage("completion prints a shell's script, which has no --json")
			}
			switch args[0] {
			case "bash":
				return cmd.Root().GenBashCompletionV2(a.env.stdout, true)
			case "fish":
				return cmd.Root().GenFishCompletion(a.env.stdout, true)
			case "powershell":
				return cmd.Root().GenPowerShellCompletionWithDesc(a.env.stdout)
			}
			return cmd.Root().GenZshCompletion(a.env.stdout)
		},
	}
}

// registerCompletions offers the values of closed lists wherever a command has
// the flag.
func registerCompletions(cmd *cobra.Command) {
	for flag, values := range map[string]func(typed string) []string{
		"activity": fixed(strings.Split(names(meter.Activities()), ", ")),
		"parent":   relations,
		"read":     fixed(append([]string{"auto", "none"}, trainlog.Formats()...)),
		"include":  inList(includable()),
		"require":  inList(requirable()),
		"regime":   regimes,
		"kind":     fixed([]string{"ecdsa-p256", "ecdsa-p384", "ecdsa-p521", "ed25519"}),
		"standing": fixed([]string{"codified", "due", "enforced"}),
	} {
		if cmd.Flags().Lookup(flag) == nil {
			continue
		}
		cmd.RegisterFlagCompletionFunc(flag, func(_ *cobra.Command, _ []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
			return starting(typed, values(typed)), cobra.ShellCompDirectiveNoFileComp
		}) // fails only for a flag that does not exist, or the second time
	}
	for _, sub := range cmd.Commands() {
		registerCompletions(sub)
	}
}

func starting(typed string, values []string) []string {
	var fit []string
	for _, v := range values {
		if strings.HasPrefix(v, typed) {
			fit = append(fit, v)
		}
	}
	return fit
}

func fixed(values []string) func(string) []string {
	return func(string) []string { return values }
}

// inList completes the last word of a list with commas.
func inList(values []string) func(string) []string {
	return func(typed string) []string {
		before := typed[:strings.LastIndex(typed, ",")+1]
		list := make([]string, len(values))
		for i, v := range values {
			list[i] = before + v
		}
		return list
	}
}

// relations completes MODEL:RELATION behind the colon: names of models are the
// user's own.
func relations(typed string) []string {
	model, _, found := strings.Cut(typed, ":")
	if !found {
		return nil
	}
	var list []string
	for _, r := range meter.Relations() {
		list = append(list, model+":"+string(r))
	}
	return list
}

func regimes(string) []string {
	rules, err := fdp.Embedded()
	if err != nil {
		return nil // a completion has no place for an error; evaluate tells it
	}
	return rules.Regimes()
}
