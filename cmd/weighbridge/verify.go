package main

import (
	"context"
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"github.com/weighbridge/weighbridge/attest/weights"
)

type verifyFlags struct {
	shipmentFlags
	keys    []string
	claims  string
	require []string
	wanted  verifyWanted
	out     string
	trust   policyFlags

	identities identityFlags
	witnessed  witnessedFlags

	own     ownFlags
	part    partFlags
	parents verifyParents

	presentation string // what the sender shows of statements that hide figures

	watch func(weights.Options) (weights.Options, func()) // shows how far a long read is; nil: nothing is shown

	statementsOnly bool // of a registry: the weights themselves stay there

	rules     string // a directory with rules that may come with a determination
	signature string // of OpenSSF Model Signing
}

func (a *app) verifyCommand() *cobra.Command {
	var f verifyFlags
	cmd := &cobra.Command{
		Use:   "verify REF|DIR|ARCHIVE (--key FILE | --policy FILE)",
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
is shown beside what this program's own rules say, and is believed only with --accept-rules and their digest, or with --rules and a directory that holds the same.

With --policy a file says which signers are trusted for which models, and what must be there; what no rule of it matches
is refused. With --facts the attested compute is evaluated under facts of your own, which may add what was not attested and
never overwrite it. With --partial or --file the files at hand are checked against the signed list, and the result says
that it is partial: ok then speaks of those files alone. With --parent the shipment of a model that these weights came from is verified too, and what the
two say of the lineage is compared. Levels of assurance are computed here, never read.

With --identity and --issuer somebody may sign without a key: the certificate, its log entry and a time within its few
minutes are verified under --trusted-root, offline. Timestamps (RFC 3161) are verified under the same file or
--timestamp-certificate, and shown; --require-timestamp refuses signatures without. With --certificate-root FILE your
own certificate authority says who it is: the certificate names the --identity (e-mail address, URI, DNS name or
subject) and leads to that root, at the time of its timestamp, or else now.

With --meter-key and --witness-policy a proof of the ledger that came along is verified: the entries that it shows give the
heads that the meter signed and witnesses outside the lab cosigned, and the totals follow from them. With all of that the
quantity is metered, else the report says what is wanting. With --epochs the meter's key may have been rotated or revoked since. A witness sees that a log only grew, never what is in it.

Statements may hide figures behind digests. --presentation opens those that their holder shows you, under the same
signature; what stays hidden is listed, and counts as unknown, never as zero. Who showed it is not proved: there is no
key binding.

` + exitCodes,
		Example: "  weighbridge verify shipment --key release.key.pub\n  weighbridge verify weights --key release.key.pub --claims claims.jsonl\n" +
			"  weighbridge verify weights --key release.key.pub --signature model.sig\n" +
			"  weighbridge verify registry.example.com/acme/atlas:1 --key release.key.pub --out shipment\n" +
			"  weighbridge verify shipment --policy policy.yaml --facts ours.yaml --regime us-4e091\n" +
			"  weighbridge verify part-of-weights --key release.key.pub --claims claims.jsonl --partial\n" +
			"  weighbridge verify shipment --identity release@acme.example --issuer https://login.acme.example --trusted-root trusted_root.json\n" +
			"  weighbridge verify shipment --key release.key.pub --timestamp-certificate tsa.pem\n" +
			"  weighbridge verify shipment --key release.key.pub --meter-key meter.key.pub --witness-policy witnesses.txt",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if f.trust.file != "" && !cmd.Flags().Changed("require") {
				f.require = nil // the policy says what must be there
			}
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
	flags.StringSliceVar(&f.require, "require", []string{"training-compute", "hardware"}, "statements that must be there (with --policy: beyond those that it names): "+strings.Join(includable(), ", "))
	flags.StringVar(&f.rules, "rules", "", "the rule packs in `DIR`: with --facts and --regime evaluate under them, and believe a determination under rules that came with it where they are these")
	f.wanted.add(flags)
	f.trust.add(flags)
	f.identities.add(flags)
	f.witnessed.add(flags)
	f.own.add(flags)
	f.part.add(flags)
	f.parents.add(flags)
	return cmd
}

func (a *app) verify(ctx context.Context, target string, f verifyFlags) error {
	asked, err := f.asked(a.env.now())
	if err != nil {
		return err
	}
	f.watch = func(o weights.Options) (weights.Options, func()) { return a.watched("verifying", o) }
	if err := f.check(target); err != nil {
		return err
	}
	if f.presentation != "" && f.signature != "" {
		return usage("--presentation goes with attestations, not with --signature")
	}
	own, err := a.ownQuestion(f.own, asked)
	if err != nil {
		return err
	}
	parents, err := a.attestedParents(ctx, f.parents)
	if err != nil {
		return err
	}
	result := verifyResult{Result: a.judge(ctx, target, f, asked)}
	result.compareParents(parents)
	a.evaluateOwn(&result, own, asked)
	result.Policy = f.trust.outcome(asked, result.Result)
	if a.json {
		err = a.printJSON(result)
	} else {
		a.printVerified(target, result)
	}
	if err == nil && result.refused() {
		return &exitError{code: exitVerification}
	}
	return err
}

// check refuses flags that do not go together.
func (f verifyFlags) check(target string) error {
	if err := errors.Join(f.identities.check(f.trust.file != ""), f.witnessed.check(f.trust.file != "", f.signature != "")); err != nil {
		return err
	}
	switch {
	case f.trust.file != "" && (len(f.keys) > 0 || f.identities.authority != ""):
		return usage("--policy names the keys: leave out --key and --certificate-root")
	case len(f.keys) == 0 && !f.identities.named() && (f.identities.authority == "" || f.signature == "") && f.trust.file == "":
		return usage("--key FILE (or --identity, or --policy FILE) is required: without the key of somebody that you trust, no signature means anything")
	case f.signature != "" && (f.claims != "" || f.out != ""):
		return usage("--signature goes with neither --claims nor --out: it is for a plain directory")
	case f.signature != "" && len(f.parents.shipments) > 0:
		return usage("--parent is for attestations: a signature over files says nothing of a lineage")
	case f.signature != "" && (f.trust.file != "" || f.own.given() || f.part.given()):
		return usage("--signature goes with none of --policy, --facts, --partial and --file: it says who signed which files, and nothing of their making")
	case f.claims != "" && isShipment(target):
		return usage("--claims is for a plain directory: %s is a shipment, which carries its own statements", target)
	case f.signature != "" && isShipment(target):
		return usage("--signature is for a plain directory: %s is a shipment", target)
	case f.part.given() && f.out != "":
		return usage("--out keeps the whole of a shipment: it does not go with --partial or --file")
	}
	return nil
}
