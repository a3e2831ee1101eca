package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/weighbridge/weighbridge/attest/oci"
	"github.com/weighbridge/weighbridge/attest/verify"
	"github.com/weighbridge/weighbridge/meter"
)

type cosignFlags struct {
	verify     verifyFlags // of what is signed
	signer     signerFlags
	statements []string
}

type cosignResult struct {
	Schema     string            `json:"schema"`
	Shipment   string            `json:"shipment"`
	Model      meter.ModelRef    `json:"model"`
	Manifest   string            `json:"manifest"`
	Signer     string            `json:"signer"`
	Beside     []verify.SignedBy `json:"beside"` // who had signed before
	Statements []attestStatement `json:"statements"`
	Already    []string          `json:"already,omitempty"` // predicate types that this key had signed there before
}

func (a *app) cosignCommand() *cobra.Command {
	var f cosignFlags
	cmd := &cobra.Command{
		Use:   "co-sign SHIPMENT --key FILE (--signer FILE | --policy FILE)",
		Short: "Sign the statements of somebody else's shipment too, after verifying them",
		Long: `Co-sign verifies a shipment as verify does: every byte, every name, the signatures of those that you name with
--signer or --policy. Then it signs the very statements that were accepted, to the byte, with your key, and attaches
the bundles beside the others. So a provider or an auditor confirms what a lab has stated: a policy asks for both.
Nothing is signed of a shipment that is not verified, nor where a statement of --statements is not there; what your key has
signed before is said and left as it is. SHIPMENT is a layout directory; pull one from a registry first,
and push it again afterwards.

Your signature says that you stand by the statement. What you have checked beyond verify is between you and those who
trust your key.

` + exitCodes,
		Example: `  weighbridge co-sign shipment --key auditor.key --signer lab.key.pub
  weighbridge co-sign shipment --key cloud.key --policy policy.yaml --statements training-compute`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return a.cosign(cmd.Context(), args[0], f) },
	}
	flags := cmd.Flags()
	f.signer.add(flags)
	flags.StringArrayVar(&f.verify.keys, "signer", nil, "public key (PEM) of who signed the statements; repeatable")
	flags.StringSliceVar(&f.statements, "statements", nil, "which statements to sign (default all that are verified and not signed by this key yet): "+strings.Join(includable(), ", "))
	flags.StringVar(&f.verify.reference, "reference", "", "for a layout with several models: which one, by name, tag or digest")
	f.verify.wanted.add(flags)
	f.verify.trust.add(flags)
	f.verify.identities.add(flags)
	return cmd
}

func (a *app) cosign(ctx context.Context, target string, f cosignFlags) error {
	if len(f.verify.keys) == 0 && !f.verify.identities.named() && f.verify.trust.file == "" {
		return usage("--signer FILE, --identity or --policy FILE is required: what is signed is verified first, under the key of who stated it")
	}
	if len(f.verify.keys) > 0 && f.verify.trust.file != "" {
		return usage("--policy names the keys: leave out --signer")
	}
	if err := f.verify.identities.check(f.verify.trust.file != ""); err != nil {
		return err
	}
	types, err := f.types()
	if err != nil {
		return err
	}
	if !oci.IsLayout(target) {
		return fmt.Errorf("%s: is no layout directory: pull or load the shipment, co-sign it, and push or save it again", target)
	}
	key, err := a.statementSigner(f.signer)
	if err != nil {
		return err
	}
	asked, err := f.verify.asked(a.env.now())
	if err != nil {
		return err
	}
	if len(types) > 0 && asked.file == nil {
		asked.policy.Require = types
	}
	result, err := a.judgeFully(ctx, target, f.verify, asked)
	if err != nil {
		return err
	}
	if !result.OK {
		a.printVerified(target, verifyResult{Result: result})
		return &exitError{exitVerification, errors.New("nothing was signed: the shipment is not verified")}
	}
	signed, err := a.attachToo(ctx, target, f, result, types, key)
	if err != nil {
		return err
	}
	if a.json {
		return a.printJSON(signed)
	}
	a.printCosigned(signed)
	return nil
}

// types are the predicate types that were named.
func (f cosignFlags) types() ([]string, error) {
	var types []string
	for _, name := range f.statements {
		t, err := predicateTypeOf(name, includable())
		if err != nil {
			return nil, usage("--statements: %w", err)
		}
		types = append(types, t)
	}
	return types, nil
}

// attachToo signs the statements that were accepted and attaches the bundles.
func (a *app) attachToo(ctx context.Context, target string, f cosignFlags, r verify.Result, types []string, key signer) (cosignResult, error) {
	layout, err := oci.Open(target)
	if err != nil {
		return cosignResult{}, err
	}
	defer layout.Close()
	reference := f.verify.wanted.chosen(f.verify.reference, len(layout.Models()))
	model, err := shipmentFlags{reference: reference}.model(layout)
	if err != nil {
		return cosignResult{}, err
	}
	out := cosignResult{Schema: "weighbridge.dev/co-signed/v1", Shipment: target, Manifest: model.Manifest.Digest.String(), Signer: key.ID(), Beside: r.Signers}
	if !slices.ContainsFunc(r.Subjects, func(s verify.Subject) bool { return s.Digest == out.Manifest }) {
		return out, fmt.Errorf("%s: the model was replaced while it was verified: nothing was signed; look at it again", target)
	}
	wanted, err := toCosign(r, types)
	if err != nil {
		return out, fmt.Errorf("%s: %w", target, err)
	}
	out.Model = meter.ModelRef(wanted[0].Model)
	all, err := out.sign(ctx, wanted, model.Bundles, key)
	if err != nil {
		return out, err
	}
	for _, m := range all {
		referrer, err := layout.Attach(ctx, oci.Attachment{Subject: model.Manifest, Bundle: m.bundle, PredicateType: m.predicateType, Created: a.env.now()})
		if err != nil {
			return out, fmt.Errorf("%s: of %d statements %d were attached; co-sign again signs the rest: %w", target, len(all), len(out.Statements), err)
		}
		out.Statements = append(out.Statements, attestStatement{m.predicateType, referrer.Digest.String()})
	}
	if len(out.Statements) == 0 {
		return out, fmt.Errorf("%s: this key has signed all of it already: %s", target, strings.Join(shortTypes(out.Already), ", "))
	}
	return out, nil
}

func (a *app) printCosigned(r cosignResult) {
	a.printf("co-signed %s: %s\n  manifest  %s\n  signer    %s\n", r.Model, printable(r.Shipment), r.Manifest, r.Signer)
	for _, s := range r.Statements {
		a.printf("  signs     %s\n", s.PredicateType)
	}
	for _, t := range r.Already {
		a.printf("  already   %s\n", t)
	}
	for _, s := range r.Beside {
		a.printf("  beside    %s", describeSigner(s)[len("  signer   "):])
	}
}
