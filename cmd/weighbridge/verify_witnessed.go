package main

import (
	"fmt"
	"strings"

	"github.com/spf13/pflag"

	"github.com/weighbridge/weighbridge/attest/verify"
	"github.com/weighbridge/weighbridge/attest/witness"
)

// witnessedFlags say whose signatures under the heads of logs are believed.
type witnessedFlags struct {
	meters []string
	epochs string
	policy string
}

func (f *witnessedFlags) add(flags *pflag.FlagSet) {
	flags.StringArrayVar(&f.meters, "meter-key", nil, "public key (PEM) of the meter, which signs the heads of the logs and releases nothing; repeatable")
	flags.StringVar(&f.epochs, "epochs", "", "with one --meter-key: the key epochs of the ledger (key show --for meter --json): a `FILE` that says which meter key was right at which size, and what is revoked")
	flags.StringVar(&f.policy, "witness-policy", "", "policy `FILE` (C2SP tlog-policy): which witnesses outside the lab must have cosigned the heads")
}

// check refuses flags that do not go together.
func (f witnessedFlags) check(policy, signature bool) error {
	switch {
	case len(f.meters) == 0 && f.policy == "" && f.epochs == "":
		return nil
	case policy:
		return usage("--policy names whom to trust: put meter_keys and witness_policy into its rules, and key_epochs beside one of meter_keys; leave out --meter-key, --epochs and --witness-policy")
	case signature:
		return usage("--meter-key, --epochs and --witness-policy are for attestations: a signature over files says nothing of a ledger")
	}
	return nil
}

// trust adds the meters and witnesses to p.
func (f witnessedFlags) trust(p *verify.Policy) (err error) {
	if p.Meters, err = readPublicKeys("--meter-key", f.meters); err != nil {
		return err
	}
	if f.epochs != "" {
		if err := f.inEpochs(p); err != nil {
			return err
		}
	}
	if f.policy == "" {
		return nil
	}
	data, err := readRegular(f.policy, witness.MaxPolicyBytes)
	if err != nil {
		return usage("--witness-policy %s: %w", f.policy, err)
	}
	if p.Witnesses, err = witness.ParsePolicy(data); err != nil {
		return usage("--witness-policy %s: %w; expected lines as c2sp.org/tlog-policy has them: witness NAME KEY, and one quorum", f.policy, err)
	}
	return nil
}

// inEpochs trusts the keys that the key epochs of the ledger lead to from the one that
// was named, each as far as it was right.
func (f witnessedFlags) inEpochs(p *verify.Policy) error {
	if len(f.meters) != 1 {
		return usage("--epochs goes with one --meter-key: the key that you know to be the meter's")
	}
	epochs, err := readEpochs(f.epochs, p.Meters[0])
	if err != nil {
		return err
	}
	p.Meters, p.RightMeter = epochs.Trusted(), epochs.Right
	return nil
}

// describeCheckpoint says who signed and who saw the last head of a proved log.
func describeCheckpoint(c verify.CheckedPoint) string {
	shown := "the last entry is shown"
	if uint64(c.Entries) == c.Size {
		shown = "all are shown"
	}
	signed := "no key of the meter was named"
	if c.Meter != "" {
		signed = "signed by the meter " + c.Meter
	}
	var seen []string
	for _, w := range c.Witnesses {
		seen = append(seen, fmt.Sprintf("%s on %s", printable(w.Witness), w.Time))
	}
	by := "cosigned by no witness that was named"
	if len(seen) > 0 {
		by = "cosigned by " + strings.Join(seen, ", ")
	}
	return fmt.Sprintf("  log      %s: %d entries, %s; %s; %s\n", printable(c.Origin), c.Size, shown, signed, by)
}
