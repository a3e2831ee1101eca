package main

import (
	"github.com/spf13/cobra"

	"github.com/weighbridge/weighbridge/meter/wrap"
)

// relayName is the hidden command that run starts this program with once more:
// the process that holds the child's output and does nothing else.
const relayName = "relay"

func (a *app) relayCommand() *cobra.Command {
	return &cobra.Command{
		Use:                relayName + " ROUTE...",
		Short:              "Pass a child's output on (started by run)",
		Example:            "  weighbridge run --model acme/atlas@1 -- python train.py",
		Hidden:             true,
		DisableFlagParsing: true,
		RunE:               func(_ *cobra.Command, args []string) error { return wrap.Relay(args) },
	}
}
