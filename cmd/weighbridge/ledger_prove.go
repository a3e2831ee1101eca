package main

import (
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/weighbridge/weighbridge/meter/ledger"
	"github.com/weighbridge/weighbridge/meter/proof"
)

// proveFlags say what to prove, or which proof to verify.
type proveFlags struct {
	entry, size, from uint64
	origin            string
	verify            string
	heads             []string
	meter, epochs     string
}

func (a *app) ledgerProveCommand() *cobra.Command {
	var f proveFlags
	cmd := &cobra.Command{
		Use:   "prove [LOG --entry N | LOG --from SIZE | --verify PROOF --head FILE...]",
		Short: "Prove that an entry stands in a log, or that a log only grew; verify such a proof",
		Long: `LOG is a model, or another log that "weighbridge ledger head" names. Prove prints a proof, one JSON document, to give to someone who has no more of the ledger than a head:
with --entry that the entry stands in the head of --size entries (default: all there are), with --from that this head
begins with everything that the head of SIZE entries held. The proof shows nothing of an entry's contents.

With --verify it holds a proof against heads that were kept, in files as "weighbridge ledger head" prints them: one for an
entry, the earlier and the later one for --from. A proof proves nothing against the head that it carries itself, and
nothing from a head of no entries. No ledger is read.

With --meter-key every kept head must be signed by it; with --epochs by the key that was right for so many entries, as
far as the key that you know handed over to it. Get the newest epochs: a revocation that is not in them is not seen.

` + exitCodes,
		Example: "  weighbridge ledger head acme/atlas@1 > head.txt\n  weighbridge ledger prove acme/atlas@1 --entry 0 > proof.json\n  weighbridge ledger prove --verify proof.json --head head.txt",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			set := cmd.Flags().Changed
			switch given := len(args) == 1; {
			case set("verify") && (given || set("entry") || set("from") || set("size") || set("origin")):
				return usage("--verify takes a proof and --head, no log and nothing to prove")
			case set("verify"):
				return a.verifyProof(f)
			case len(f.heads) > 0 || f.meter != "" || f.epochs != "":
				return usage("--head goes with --verify, --meter-key goes with --verify, and so does --epochs")
			case !given || set("entry") == set("from"):
				return usage("expected a log and one of --entry and --from, or --verify with --head")
			case set("from") && f.from == 0:
				return usage("--from 0: every log begins with nothing, so that proves nothing; expected the size of a head that was kept")
			case set("size") && f.size == 0:
				return usage("--size 0: expected a head of at least one entry")
			}
			return a.prove(args[0], f, set("entry"))
		},
	}
	cmd.Flags().Uint64Var(&f.entry, "entry", 0, "index of the entry to prove, as ledger show prints it")
	cmd.Flags().Uint64Var(&f.from, "from", 0, "entries of the earlier head, to prove that the later one begins with it")
	cmd.Flags().Uint64Var(&f.size, "size", 0, "entries of the head to prove it in (default: the head as it is now)")
	cmd.Flags().StringVar(&f.origin, "origin", "", "origin of the log, where a merge brought several (default: this ledger's own)")
	cmd.Flags().StringVar(&f.verify, "verify", "", "proof to verify, or - for standard input")
	cmd.Flags().StringArrayVar(&f.heads, "head", nil, "heads that were kept, as ledger head prints them; may be repeated")
	cmd.Flags().StringVar(&f.meter, "meter-key", "", "with --verify: public key (PEM) of the meter; every kept head must be signed by it (ledger head --sign)")
	cmd.Flags().StringVar(&f.epochs, "epochs", "", "with --meter-key: the key epochs of the ledger (key show --for meter --json): a `FILE` that says which meter key was right at which size, and what is revoked")
	return cmd
}

// prove prints a proof: it is JSON for people too, who pass it on.
func (a *app) prove(name string, f proveFlags, entry bool) error {
	var made json.Marshaler
	err := a.reading(func(l *ledger.Ledger) error {
		result := headsResult{}
		if err := a.addHeads(&result, l, []string{name}); err != nil {
			return err
		}
		if f.origin == "" {
			f.origin = result.Heads[0].Origin
		}
		var err error
		if entry {
			made, err = l.Prove(f.origin, f.entry, f.size)
		} else {
			made, err = l.ProveConsistency(f.origin, f.from, f.size)
		}
		return err
	})
	if err != nil {
		return err
	}
	return a.printJSON(made)
}

// provedResult is what ledger prove --verify prints when the proof holds.
type provedResult struct {
	Schema     string  `json:"schema"`
	OK         bool    `json:"ok"`
	Origin     string  `json:"origin"`
	Size       uint64  `json:"size"`                 // entries of the head that it was held against, or of the later one
	Entry      *uint64 `json:"entry,omitempty"`      // that stands in it
	Commitment string  `json:"commitment,omitempty"` // of the entry, to its salt and body
	From       *uint64 `json:"from,omitempty"`       // entries of the earlier head, with which the later one begins
}

// String is one or two lines.
func (r provedResult) String() string {
	if r.Entry != nil {
		return fmt.Sprintf("proved: entry %d stands in %s of %d entries\n  its salt and body have %s\n", *r.Entry, r.Origin, r.Size, r.Commitment)
	}
	return fmt.Sprintf("proved: %s of %d entries begins with the %d of the earlier head\n", r.Origin, r.Size, *r.From)
}

func (a *app) verifyProof(f proveFlags) error {
	if len(f.heads) == 0 {
		return usage("--verify: expected --head with the head that you kept: a proof proves nothing against the one that it carries")
	}
	data, err := a.proofFile(f.verify)
	if err != nil {
		return err
	}
	meter, err := readMeterKey(f.meter, f.epochs)
	if err != nil {
		return err
	}
	kept, err := keptHeads(f.heads, meter)
	if err != nil {
		return err
	}
	result := provedResult{Schema: "weighbridge.dev/proved/v1", OK: true}
	inclusion, consistency, err := proof.Parse(data)
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", f.verify, err)
	case inclusion != nil:
		err = result.entry(inclusion, kept)
	default:
		err = result.growth(consistency, kept)
	}
	if err != nil {
		return &exitError{exitVerification, fmt.Errorf("%s: %w", f.verify, err)}
	}
	return a.print(result)
}
