package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/ledger"
)

// mergeResult is what ledger merge prints.
type mergeResult struct {
	Schema string       `json:"schema"`
	Ledger string       `json:"ledger"`
	Logs   []mergedLine `json:"logs"`
	New    uint64       `json:"new"` // entries that were not here before
}

type mergedLine struct {
	Origin string         `json:"origin"`
	Model  meter.ModelRef `json:"model,omitempty"`
	Notes  string         `json:"notes,omitempty"` // of a log of notes, in place of the model
	Size   uint64         `json:"size"`
	New    uint64         `json:"new"`
}

func (a *app) ledgerMergeCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "merge FROM...",
		Short: "Join the logs of other ledgers to this one, proving every entry",
		Long: `Merge takes over the logs of other ledgers, such as those that the nodes of one job wrote, with their evidence. Every
entry is proved first; each log keeps the origin of the ledger that wrote it, so the result is the same in any order and
however often it is made. A record that stands in several ledgers counts once. A forked log, and another record under a
run and sequence that is known, are refused, and then nothing is merged. The other ledgers are only read.

` + exitCodes,
		Example: "  weighbridge ledger merge node-1.db node-2.db",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			return a.ledgerMerge(args)
		},
	}
}

func (a *app) ledgerMerge(from []string) error {
	result := mergeResult{Schema: "weighbridge.dev/merge/v1", Ledger: a.ledger, Logs: []mergedLine{}}
	for _, path := range from { // a misspelt name must not make a new ledger here first
		if _, err := os.Stat(path); err != nil {
			return fmt.Errorf("merge: %w; name the ledger file to take logs from", err)
		}
	}
	err := a.writing(func(l *ledger.Ledger) error {
		merged, err := l.Merge(from)
		for _, m := range merged {
			result.Logs = append(result.Logs, mergedLine(m))
			result.New += m.New
		}
		return err
	})
	if err != nil {
		return err
	}
	return a.print(result)
}

// String is a line for each log.
func (r mergeResult) String() string {
	var b strings.Builder
	for _, m := range r.Logs {
		fmt.Fprintf(&b, "%s: %d entries, %d of them new\n  %s\n", string(m.Model)+m.Notes, m.Size, m.New, m.Origin)
	}
	fmt.Fprintf(&b, "%d log(s) proved and merged, %d new entries\n", len(r.Logs), r.New)
	return b.String()
}
