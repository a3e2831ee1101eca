package main

import (
	"context"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/weighbridge/weighbridge/attest/verify"
)

type verifyFlags struct {
	shipmentFlags
	keys    []string
	claims  string
	require []string
	wanted  verifyWanted
	out     string

	presentation string // what the sender shows of statements that hide figures

	signature string // of OpenSSF Model Signing
	root      string
}

func (a *app) verifyCommand() *cobra.Command {
	var f verifyFlags
	cmd := &cobra.Command{
		Use:   "verify REF|DIR|ARCHIVE --key FILE",
		Short: "Check what arrived: every byte, every name, every signature, the decision too; offline",
		Long: `Verify reads an OCI image layout with attestations, the same in one archive or in a registry, or a plain directory
of weights with a claims file, and checks it against the public keys that you name: the bytes against the digests, the names against the names, each
signature, each statement's subjects, that the required statements are there, and that an included determination
follows from its own facts and rules, and those facts from the statements beside it. What was not checked is listed. Nothing is taken from the network, unless a
registry is named: then signatures and names come first, and the weights, which are hashed as they arrive and not
kept (or, with --out, kept in a layout), only if those hold.

With --signature a plain directory is checked against an OpenSSF Model Signing signature, which says who signed which
files, and nothing of how they were made.

A name or a tag is signed by nobody: --model says which model it must be. An older attestation of the same weights
verifies like the newest: --not-before and --min-ledger-size refuse it. A determination under rules that came with it
is shown beside what this program's own rules say, and is believed only with --accept-rules and their digest.

Statements may hide figures behind digests. --presentation opens those that their holder shows you, under the same
signature; what stays hidden is listed, and counts as unknown, never as zero. Who showed it is not proved: there is no
key binding.

` + exitCodes,
		Example: "  weighbridge verify shipment --key release.key.pub\n  weighbridge verify weights --key release.key.pub --claims claims.jsonl\n" +
			"  weighbridge verify weights --key release.key.pub --signature model.sig\n" +
			"  weighbridge verify registry.example.com/acme/atlas:1 --key release.key.pub --out shipment",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.verify(cmd.Context(), args[0], f)
		},
	}
	flags := cmd.Flags()
	flags.StringArrayVar(&f.keys, "key", nil, "public key (PEM) that may sign; repeatable")
	flags.StringVar(&f.claims, "claims", "", "for a plain directory: the claims file (default DIR/claims.jsonl)")
	flags.StringVar(&f.out, "out", "", "for a registry: keep the shipment in this OCI image layout")
	flags.StringVar(&f.presentation, "presentation", "", "a `FILE` with figures that the statements hide, as weighbridge present wrote it")
	f.add(cmd)
	flags.StringVar(&f.signature, "signature", "", "for a plain directory: an OpenSSF Model Signing signature instead of claims (model.sig)")
	flags.StringVar(&f.root, "certificate-root", "", "with --signature made with a certificate: the root certificates that you trust (PEM)")
	flags.StringSliceVar(&f.require, "require", []string{"training-compute", "hardware"}, "statements that must be there: "+strings.Join(includable(), ", "))
	f.wanted.add(flags)
	return cmd
}

func (a *app) verify(ctx context.Context, target string, f verifyFlags) error {
	policy, err := f.policy()
	if err != nil {
		return err
	}
	switch {
	case len(f.keys) == 0 && f.root == "":
		return usage("--key FILE is required: without the key of somebody that you trust, no signature means anything")
	case f.signature != "" && (f.claims != "" || f.out != ""):
		return usage("--signature goes with neither --claims nor --out: it is for a plain directory")
	case f.claims != "" && isShipment(target):
		return usage("--claims is for a plain directory: %s is a shipment, which carries its own statements", target)
	case f.signature != "" && isShipment(target):
		return usage("--signature is for a plain directory: %s is a shipment", target)
	case f.signature == "" && len(f.keys) == 0:
		return usage("--certificate-root is for --signature: name the keys that may sign attestations with --key")
	}
	if f.presentation != "" && f.signature != "" {
		return usage("--presentation goes with attestations, not with --signature")
	}
	result := a.judge(ctx, target, f, policy)
	if a.json {
		err = a.printJSON(result)
	} else {
		a.printVerified(target, result)
	}
	if err == nil && !result.OK {
		return &exitError{code: exitVerification}
	}
	return err
}

func (f verifyFlags) policy() (verify.Policy, error) {
	var policy verify.Policy
	for _, path := range f.keys {
		data, err := os.ReadFile(path)
		if err != nil {
			return policy, usage("--key: %w", err)
		}
		key, err := verify.ParsePublicKey(data)
		if err != nil {
			return policy, usage("--key %s: %w", path, err)
		}
		policy.Keys = append(policy.Keys, key)
	}
	for _, name := range f.require {
		predicateType, err := predicateTypeOf(name)
		if err != nil {
			return policy, usage("--require: %w", err)
		}
		policy.Require = append(policy.Require, predicateType)
	}
	return policy, f.wanted.policy(f.reference, &policy)
}
