package main

import (
	"context"
	"errors"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/weighbridge/weighbridge/attest/oci"
	"github.com/weighbridge/weighbridge/attest/verify"
	"github.com/weighbridge/weighbridge/attest/weights"
	"github.com/weighbridge/weighbridge/meter"
)

type verifyFlags struct {
	keys      []string
	claims    string
	reference string
	require   []string
}

func (a *app) verifyCommand() *cobra.Command {
	var f verifyFlags
	cmd := &cobra.Command{
		Use:   "verify LAYOUT|DIR --key FILE",
		Short: "Check what arrived: every byte, every name, every signature, the decision too; offline",
		Long: `Verify reads an OCI image layout with attestations, or a plain directory of weights with a claims file, and checks
it against the public keys that you name: the bytes against the digests, the names against the names, each
signature, each statement's subjects, that the required statements are there, and that an included determination
follows from its own facts and rules. Nothing is taken from the network. What was not checked is listed.

` + exitCodes,
		Example: "  weighbridge verify shipment --key release.key.pub\n  weighbridge verify weights --key release.key.pub --claims claims.jsonl",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.verify(cmd.Context(), args[0], f)
		},
	}
	flags := cmd.Flags()
	flags.StringArrayVar(&f.keys, "key", nil, "public key (PEM) that may sign; repeatable")
	flags.StringVar(&f.claims, "claims", "", "for a plain directory: the claims file (default DIR/claims.jsonl)")
	flags.StringVar(&f.reference, "reference", "", "for a layout with several models: which one, by name, tag or digest")
	flags.StringSliceVar(&f.require, "require", []string{"training-compute", "hardware"}, "statements that must be there: "+strings.Join(includable(), ", "))
	cmd.MarkFlagRequired("key") // fails only for a flag that was not defined
	return cmd
}

func (a *app) verify(ctx context.Context, target string, f verifyFlags) error {
	policy, err := f.policy()
	if err != nil {
		return err
	}
	if f.claims != "" && oci.IsLayout(target) {
		return usage("--claims is for a plain directory: %s is a layout, which carries its own statements", target)
	}
	result := f.judge(ctx, target, policy)
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

// judge always comes to a result: what cannot be read or used is refused, and
// the damage that was found on the way is in it.
func (f verifyFlags) judge(ctx context.Context, target string, policy verify.Policy) verify.Result {
	input, problems, err := f.read(ctx, target)
	result := refusedResult()
	if err == nil && len(input.Found.Files) > 0 {
		result, err = verify.Verify(input, policy)
	}
	if err != nil {
		result = refusedResult()
		problems = append(problems, verify.Problem{Code: "unreadable", Message: err.Error(), Hint: "see that the path is right and the shipment complete; what cannot be read is never verified"})
	}
	if input.ManifestDigest == "" {
		result.NotChecked = append(result.NotChecked, "top-level .git, .gitattributes, .github and .gitignore: OMS leaves them out of the weights; nothing is said of them")
	}
	result.OK = result.OK && len(problems) == 0
	result.Problems = append(problems, result.Problems...)
	return result
}

// refusedResult is that of a shipment about which nothing could be shown.
func refusedResult() verify.Result {
	return verify.Result{Schema: verify.ResultSchema, Subjects: []verify.Subject{}, Statements: []verify.Statement{}, NotChecked: []string{}, Problems: []verify.Problem{}}
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
	return policy, nil
}

// read collects what is to be verified. Damage in single blobs is returned
// beside the input, so that one flipped byte does not hide the rest.
func (f verifyFlags) read(ctx context.Context, target string) (verify.Input, []verify.Problem, error) {
	if _, err := os.Stat(target); err != nil {
		return verify.Input{}, nil, err
	}
	if oci.IsLayout(target) {
		return f.readLayout(ctx, target)
	}
	input, err := f.readDirectory(ctx, target)
	return input, nil, err
}

func (f verifyFlags) readLayout(ctx context.Context, target string) (verify.Input, []verify.Problem, error) {
	layout, err := oci.Open(target)
	if err != nil {
		return verify.Input{}, nil, err
	}
	defer layout.Close()
	wanted := f.reference
	if model, err := meter.ParseModel(wanted); err == nil {
		wanted = reference(model)
	}
	model, err := layout.Model(wanted)
	if err != nil {
		return verify.Input{}, nil, err
	}
	input := verify.Input{ManifestDigest: model.Manifest.Digest.String()}
	for _, b := range model.Bundles {
		input.Bundles = append(input.Bundles, b.Data)
	}
	found, err := model.Files(ctx, weights.Options{})
	input.Found = found
	problems, err := blobProblems(err)
	return input, problems, err
}

// blobProblems separates blobs that are not what they should be from failures
// to look at them.
func blobProblems(err error) ([]verify.Problem, error) {
	var problems []verify.Problem
	for _, each := range unjoin(err) {
		var blob *oci.BlobError
		if !errors.As(each, &blob) {
			return nil, err
		}
		problems = append(problems, verify.Problem{Code: "blob-differs", Message: blob.Error(),
			Hint: "fetch the shipment again; if it is still so, it is not what was signed"})
	}
	return problems, nil
}

func unjoin(err error) []error {
	if err == nil {
		return nil
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	return []error{err}
}

func (f verifyFlags) readDirectory(ctx context.Context, target string) (verify.Input, error) {
	claims := f.claims
	if claims == "" {
		claims = defaultClaims(target)
	}
	bundles, err := readClaims(claims)
	if err != nil {
		return verify.Input{}, err
	}
	found, err := weights.Hash(ctx, target, weights.Options{Ignore: insideOnly(target, claims)})
	if err != nil {
		return verify.Input{}, err
	}
	return verify.Input{Bundles: bundles, Found: found}, nil
}
