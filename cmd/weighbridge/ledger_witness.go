package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/weighbridge/weighbridge/attest/sign"
	"github.com/weighbridge/weighbridge/attest/verify"
	"github.com/weighbridge/weighbridge/attest/witness"
	"github.com/weighbridge/weighbridge/meter/proof"
)

// witnessFlags are the inputs of a witness: of the files none is the ledger.
type witnessFlags struct {
	key, name, state string
	meters           []string
	epochs           string
	head             string
	proofs           []string
	first, showKey   bool
}

// witnessedResult is what ledger witness prints.
type witnessedResult struct {
	Schema      string           `json:"schema"`
	Witness     string           `json:"witness"`
	Time        time.Time        `json:"time"`
	Checkpoints []witnessedPoint `json:"checkpoints"`
}

type witnessedPoint struct {
	Origin string `json:"origin"`
	Size   uint64 `json:"size"`
	Note   string `json:"note"` // the cosigned checkpoint
}

func (a *app) ledgerWitnessCommand() *cobra.Command {
	var f witnessFlags
	cmd := &cobra.Command{
		Use:   "witness --name NAME --key FILE (--state FILE --meter-key FILE --head FILE [--proof FILE]... | --show-key)",
		Short: "For a witness outside the lab: cosign signed heads that follow from those cosigned before",
		Long: `Witness is run by somebody whom the lab does not control: a regulator, a cloud provider, an auditor. It reads heads as
"weighbridge ledger head --sign" prints them, and cosigns each (C2SP tlog-cosignature, Ed25519) with the time, when
the meter's key signed it and the log is the one that was cosigned last, grown and never changed: "weighbridge ledger
prove LOG --from SIZE" proves that. A head that is smaller, forked or not proved is refused, and then none is cosigned.

The state file holds the last head of each log. It is this command's memory, without which an older ledger put in the
place of the newer one would pass; keep it and the key where the lab cannot write. A log that the state does not know
is cosigned only with --first.

Where the meter's key was replaced, name the new one too, or give the ledger's key epochs (--epochs): then the keys are
believed that follow from the one that is known, each only for the heads that it was right for, and none that is revoked.

The cosigned checkpoints go to standard output: give them to the lab, which keeps them and lets them travel with its
weights ("weighbridge attest --checkpoints"). Cosign often: an entry is dated by the checkpoints before and after it. A witness sees origins, sizes and roots, and nothing of the entries. --show-key prints the witness's key as
recipients name it in a witness policy (C2SP tlog-policy).

` + exitCodes,
		Example: `  weighbridge key generate --kind ed25519 --out witness.key
  weighbridge ledger witness --name witness.example.org --key witness.key --show-key
  weighbridge ledger witness --name witness.example.org --key witness.key --state seen --meter-key meter.key.pub --head heads.txt --first > cosigned.txt`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			switch {
			case f.showKey && (f.state != "" || f.head != "" || f.epochs != "" || len(f.meters)+len(f.proofs) > 0 || f.first):
				return usage("--show-key takes --key and --name alone")
			case f.showKey:
				return a.showWitnessKey(f)
			case f.state == "" || f.head == "" || len(f.meters) == 0:
				return usage("expected --state, --meter-key and --head, or --show-key")
			}
			return a.ledgerWitness(f)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.key, "key", "", "the witness's private key (Ed25519, PEM)")
	flags.StringVar(&f.name, "name", "", "the witness's `NAME`, as in witness.example.org")
	flags.StringVar(&f.state, "state", "", "the `FILE` of the heads cosigned last")
	flags.StringArrayVar(&f.meters, "meter-key", nil, "public key (PEM) of the meter that signs the heads; repeatable, one of them must have signed each")
	flags.StringVar(&f.epochs, "epochs", "", epochsHelp)
	flags.StringVar(&f.head, "head", "", "heads to cosign, as ledger head --sign prints them, or - for standard input")
	flags.StringArrayVar(&f.proofs, "proof", nil, "proof that a log grew from the head cosigned last, as ledger prove --from prints it; repeatable")
	flags.BoolVar(&f.first, "first", false, "cosign a log that the state does not know, as it stands")
	flags.BoolVar(&f.showKey, "show-key", false, "print the witness's key as a witness policy names it")
	for _, required := range []string{"key", "name"} {
		cmd.MarkFlagRequired(required) // fails only for a flag that was not defined
	}
	return cmd
}

// String is the cosigned checkpoints.
func (r witnessedResult) String() string {
	notes := make([]string, len(r.Checkpoints))
	for i, c := range r.Checkpoints {
		notes[i] = c.Note
	}
	return strings.Join(notes, "\n")
}

func (a *app) showWitnessKey(f witnessFlags) error {
	key, err := a.readKey("--key", f.key)
	if err != nil {
		return err
	}
	line, err := key.WitnessKey(f.name)
	if err != nil {
		return usage("%w", err)
	}
	return a.print(witnessKeyResult{"weighbridge.dev/witness-key/v1", f.name, line})
}

type witnessKeyResult struct {
	Schema string `json:"schema"`
	Name   string `json:"name"`
	Key    string `json:"key"` // c2sp.org/signed-note verifier key
}

func (r witnessKeyResult) String() string { return r.Key + "\n" }

func (a *app) ledgerWitness(f witnessFlags) error {
	key, err := a.readKey("--key", f.key)
	if err != nil {
		return err
	}
	if _, err := key.WitnessKey(f.name); err != nil {
		return usage("%w", err)
	}
	meter, err := f.meter()
	if err != nil {
		return err
	}
	points, err := a.readCheckpoints("--head", f.head)
	if err != nil {
		return err
	}
	proofs, err := a.consistencyProofs(f.proofs)
	if err != nil {
		return err
	}
	state, err := openWitnessState(f.state, f.first)
	if err != nil {
		return err
	}
	defer state.close()
	result := witnessedResult{Schema: "weighbridge.dev/witnessed/v1", Witness: f.name, Time: a.env.now().UTC().Truncate(time.Second)}
	if err := state.decide(points, meter, proofs, f.first); err != nil {
		return &exitError{exitVerification, err}
	}
	if result.Checkpoints, err = cosigned(points, key, f.name, result.Time); err != nil {
		return err
	}
	if err := state.save(); err != nil { // before any cosignature leaves: a witness never forgets what it cosigned
		return err
	}
	return a.print(result)
}

// signedByMeter returns an error unless a key that is taken for the meter's, and was
// right for it, signed a checkpoint.
type signedByMeter func(witness.Checkpoint) error

// meter reads --meter-key and --epochs.
func (f witnessFlags) meter() (signedByMeter, error) {
	keys, err := readPublicKeys("--meter-key", f.meters)
	if err != nil {
		return nil, err
	}
	if f.epochs == "" {
		return func(c witness.Checkpoint) error {
			_, err := verify.MeterOf(c, keys)
			return err
		}, nil
	}
	if len(keys) != 1 {
		return nil, usage("--epochs goes with one --meter-key: the key that you know to be the meter's")
	}
	epochs, err := readEpochs(f.epochs, keys[0])
	if err != nil {
		return nil, err
	}
	return func(c witness.Checkpoint) error {
		key, err := verify.MeterOf(c, epochs.Trusted())
		if err != nil {
			return err
		}
		return epochs.Right(c.Head, key)
	}, nil
}

// decide holds every head to the state, and takes it in.
func (s *witnessState) decide(points []witness.Checkpoint, meter signedByMeter, proofs []*proof.Consistency, first bool) error {
	for _, c := range points {
		if err := meter(c); err != nil {
			return fmt.Errorf("%w: %w", witness.ErrRefused, err)
		}
		if err := witness.Decide(s.last(c.Head.Origin), c.Head, proofs, first); err != nil {
			return err
		}
		s.heads[c.Head.Origin] = c.Head
	}
	return nil
}

func cosigned(points []witness.Checkpoint, key *sign.Key, name string, now time.Time) ([]witnessedPoint, error) {
	var out []witnessedPoint
	for _, c := range points {
		line, err := key.CosignNote(name, c.Head.String(), now)
		if err != nil {
			return nil, err
		}
		merged, err := c.Merge(witness.Checkpoint{Head: c.Head, Signatures: []string{line}})
		if err != nil {
			return nil, err
		}
		out = append(out, witnessedPoint{c.Head.Origin, c.Head.Size, merged.String()})
	}
	return out, nil
}
