package main

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/ledger"
	"github.com/weighbridge/weighbridge/meter/proof"
)

func (a *app) ledgerCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "ledger",
		Short:   "Show what the ledger holds and the heads of its logs; merge other ledgers; prove what it held; correct what was recorded wrongly",
		Example: "  weighbridge ledger show acme/atlas@1\n  weighbridge ledger head acme/atlas@1",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.ledgerHeadCommand(), a.ledgerShowCommand(), a.ledgerMergeCommand(), a.ledgerCorrectCommand(), a.ledgerProveCommand(), a.ledgerExportCommand(), a.ledgerWitnessCommand())
	return cmd
}

// headsResult is what ledger head prints.
type headsResult struct {
	Schema string     `json:"schema"`
	Heads  []headLine `json:"heads"`
	Signer string     `json:"signer,omitempty"` // id of the meter key
}

type headLine struct {
	Model  meter.ModelRef `json:"model,omitempty"`
	Notes  string         `json:"notes,omitempty"` // the name of a log of notes, such as that of a delivery, in place of the model
	Origin string         `json:"origin"`
	Size   uint64         `json:"size"`
	Root   string         `json:"root"` // base64

	Signature string `json:"signature,omitempty"` // line of a C2SP signed note over the three lines
}

func (a *app) ledgerHeadCommand() *cobra.Command {
	var sign string
	cmd := &cobra.Command{
		Use:   "head [MODEL|delivery/ID]",
		Short: "Print origin, size and root of the log of a model or a delivery, or of all",
		Long: `Head prints the three lines of a C2SP checkpoint body for each log: its origin, the number of its entries, and the
root of its Merkle tree (RFC 6962) in base64. Whoever keeps them can tell later whether an entry was changed or left
out. Two logs are separated by an empty line.

With --sign each head is a signed checkpoint (C2SP signed note, Ed25519) by the name of its log. Use a key of the meter
for it (key generate --for meter), kept where the meter runs and apart from the key that releases weights. Where the
ledger has key epochs (key rotate), only the key of the newest one signs.

` + exitCodes,
		Example: "  weighbridge ledger head acme/atlas@1\n  weighbridge ledger head --json\n  weighbridge ledger head --sign meter.key > heads.txt",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			return a.ledgerHead(args, sign)
		},
	}
	cmd.Flags().StringVar(&sign, "sign", "", "sign the heads with this meter `KEY` (Ed25519: a file, a token or a key service)")
	return cmd
}

func (a *app) ledgerHead(args []string, sign string) error {
	result := headsResult{Schema: "weighbridge.dev/heads/v1", Heads: []headLine{}}
	var epochs keyEpochs
	err := a.reading(func(l *ledger.Ledger) (err error) {
		if sign != "" {
			epochs, err = readKeyEpochs(l)
		}
		return errors.Join(err, a.addHeads(&result, l, args))
	})
	if err != nil {
		return err
	}
	if sign != "" {
		if err := result.sign(a, sign, epochs); err != nil {
			return err
		}
	}
	return a.print(result)
}

// addHeads adds the heads of the log that is named, or of all.
func (a *app) addHeads(result *headsResult, l *ledger.Ledger, args []string) error {
	models, notes, err := headsWanted(l, args)
	if err != nil {
		return err
	}
	for _, model := range models {
		heads, err := l.Heads(model)
		if err != nil {
			return err
		}
		if len(heads) == 0 {
			return a.noLog(model, nil)
		}
		for _, head := range heads {
			line := headLineOf(head)
			line.Model = model
			result.Heads = append(result.Heads, line)
		}
	}
	return result.addNotes(l, notes)
}

func headLineOf(h proof.Head) headLine {
	return headLine{Origin: h.Origin, Size: h.Size, Root: base64.StdEncoding.EncodeToString(h.Root[:])}
}

// headsWanted are the models and the logs of notes that are asked for.
func headsWanted(l *ledger.Ledger, args []string) ([]meter.ModelRef, []string, error) {
	if len(args) == 0 {
		models, err := l.Models()
		notes, errNotes := l.NoteLogs("")
		return models, notes, errors.Join(err, errNotes)
	}
	model, err := meter.ParseModel(args[0])
	if err == nil {
		return []meter.ModelRef{model}, nil, nil
	}
	if strings.Contains(args[0], "@") || ledger.ValidNoteLog(args[0]) != nil {
		return nil, nil, &exitError{exitUsage, err}
	}
	return nil, args, nil
}

// addNotes adds the heads of logs of notes.
func (r *headsResult) addNotes(l *ledger.Ledger, names []string) error {
	for _, name := range names {
		heads, err := l.NoteHeads(name)
		if err == nil && len(heads) == 0 {
			err = fmt.Errorf("the ledger has no log %s; weighbridge ledger head without a name lists what there is", name)
		}
		if err != nil {
			return err
		}
		for _, head := range heads {
			line := headLineOf(head)
			line.Notes = name
			r.Heads = append(r.Heads, line)
		}
	}
	return nil
}

// String is the heads as bodies of checkpoints (c2sp.org/tlog-checkpoint).
func (r headsResult) String() string {
	bodies := make([]string, len(r.Heads))
	for i, h := range r.Heads {
		bodies[i] = h.body()
		if h.Signature != "" {
			bodies[i] += "\n" + h.Signature + "\n"
		}
	}
	return strings.Join(bodies, "\n")
}
