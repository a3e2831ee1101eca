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
	unpack  *unpackFlags
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
		Long:  verifyHelp(),
		Example: "  weighbridge verify shipment --key release.key.pub\n  weighbridge verify weights --key release.key.pub --claims claims.jsonl\n" +
			"  weighbridge verify weights --key release.key.pub --signature model.sig\n" +
			"  weighbridge verify registry.example.com/acme/atlas:1 --key release.key.pub --out shipment\n" +
			"  weighbridge verify shipment.tar --key release.key.pub --unpack weights\n" +
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
	f.register(cmd)
	return cmd
}

func (f *verifyFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringArrayVar(&f.keys, "key", nil, "public key (PEM) that may sign; repeatable")
	flags.StringVar(&f.claims, "claims", "", "for a plain directory: the claims file (default DIR/claims.jsonl)")
	flags.StringVar(&f.out, "out", "", "for a registry: keep the shipment in this OCI image layout")
	flags.StringVar(&f.presentation, "presentation", "", "a `FILE` with figures that the statements hide, as weighbridge present wrote it")
	f.add(cmd)
	flags.StringVar(&f.signature, "signature", "", "for a plain directory: an OpenSSF Model Signing signature instead of claims (model.sig)")
	flags.StringSliceVar(&f.require, "require", []string{"training-compute", "hardware"}, "statements that must be there (with --policy: beyond those that it names): "+strings.Join(requirable(), ", "))
	flags.StringVar(&f.rules, "rules", "", "the rule packs in `DIR`: with --facts and --regime evaluate under them, and believe a determination under rules that came with it where they are these")
	f.wanted.add(flags)
	f.trust.add(flags)
	f.identities.add(flags)
	f.witnessed.add(flags)
	f.own.add(flags)
	f.part.add(flags)
	f.unpack = &unpackFlags{}
	f.unpack.add(flags)
	f.parents.add(flags)
}

func (a *app) verify(ctx context.Context, target string, f verifyFlags) error {
	if err := f.check(target); err != nil {
		return err
	}
	asked, err := f.asked(a.env.now())
	if err != nil {
		return err
	}
	f.watch = func(o weights.Options) (weights.Options, func()) { return a.watched("verifying", o) }
	if f.presentation != "" && f.signature != "" {
		return usage("--presentation goes with attestations, not with --signature")
	}
	if err := f.checkUnpack(target); err != nil {
		return err
	}
	ctx, release := f.unpack.interruptible(ctx, a.env)
	defer release()
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
	if err := f.unpack.finish(ctx, &result); err != nil {
		return err
	}
	if a.json {
		err = a.printJSON(result)
	} else {
		a.printVerified(target, result)
		a.printUnpacked(result.Unpacked)
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
	case isAudit(target):
		return usage("%s is an auditor's file: weighbridge check %s recomputes it", printable(target), printable(target))
	case f.claims != "" && isShipment(target):
		return usage("--claims is for a plain directory: %s is a shipment, which carries its own statements", target)
	case f.signature != "" && isShipment(target):
		return usage("--signature is for a plain directory: %s is a shipment", target)
	case f.part.given() && f.out != "":
		return usage("--out keeps the whole of a shipment: it does not go with --partial or --file")
	}
	return nil
}
