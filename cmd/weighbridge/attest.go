package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/weighbridge/weighbridge/attest"
	"github.com/weighbridge/weighbridge/attest/oci"
	"github.com/weighbridge/weighbridge/attest/sign"
	"github.com/weighbridge/weighbridge/attest/weights"
	"github.com/weighbridge/weighbridge/meter"
)

type attestFlags struct {
	model   meter.ModelRef
	weights string
	key     string
	out     string
	claims  string
	include []string
	facts   string
	asOf    string
}

type attestResult struct {
	Schema     string            `json:"schema"`
	Model      meter.ModelRef    `json:"model"`
	Layout     string            `json:"layout"`
	Manifest   string            `json:"manifest"` // OCI manifest digest
	Root       string            `json:"root"`     // OMS root digest
	Files      int               `json:"files"`
	Bytes      int64             `json:"bytes"`
	Copied     int64             `json:"copied"` // bytes of weights stored a second time
	Signer     string            `json:"signer"`
	Statements []attestStatement `json:"statements"`
	Findings   []meter.Finding   `json:"findings"`
}

type attestStatement struct {
	PredicateType string `json:"predicate_type"`
	Bundle        string `json:"bundle"` // digest of its manifest in the layout
}

// predicates are the words of --include and --require and the types they mean.
func predicates() []struct{ name, predicateType string } {
	return []struct{ name, predicateType string }{
		{"training-compute", attest.TypeTrainingCompute},
		{"hardware", attest.TypeHardware},
		{"determination", attest.TypeDetermination},
	}
}

func includable() []string {
	var list []string
	for _, p := range predicates() {
		list = append(list, p.name)
	}
	return list
}

func predicateTypeOf(name string) (string, error) {
	for _, p := range predicates() {
		if p.name == name {
			return p.predicateType, nil
		}
	}
	return "", fmt.Errorf("statement %q is not known: expected %s", name, strings.Join(includable(), ", "))
}

func (a *app) attestCommand() *cobra.Command {
	var f attestFlags
	cmd := &cobra.Command{
		Use:   "attest MODEL --weights DIR --key FILE --out LAYOUT",
		Short: "Sign what the ledger knows of a model and pack it with the weights",
		Long: `Attest reads every file of the weights once, states what the ledger knows of the model in in-toto statements about
exactly these bytes, signs them into Sigstore bundles with your key, and writes an OCI image layout: the weights as
raw layers (linked, not copied, where the file system allows it) and the bundles as referrers of the manifest.

Training compute and hardware are stated by default. A determination shows recipients and legal readings; it is
only made when included by name, and can be recomputed by whoever receives it.

` + exitCodes,
		Example: `  weighbridge attest acme/atlas@1 --weights out --key release.key --out shipment
  weighbridge attest acme/atlas@1 --weights out --key release.key --out shipment \
      --include training-compute,hardware,determination --facts facts.yaml`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if f.model, err = meter.ParseModel(args[0]); err != nil {
				return usage("%w", err)
			}
			return a.attest(cmd.Context(), f)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.weights, "weights", "", "directory (or one file) of weights")
	flags.StringVar(&f.key, "key", "", "private key that signs (PEM; see key generate)")
	flags.StringVar(&f.out, "out", "", "OCI image layout to write; an existing one is extended")
	flags.StringVar(&f.claims, "claims", "", "write the bundles to this file too, one per line, for recipients of the plain directory")
	flags.StringSliceVar(&f.include, "include", []string{"training-compute", "hardware"}, "statements to make: "+strings.Join(includable(), ", "))
	flags.StringVar(&f.facts, "facts", "", "for a determination: facts that the ledger cannot know (YAML or JSON)")
	flags.StringVar(&f.asOf, "as-of", "", "for a determination: the date of the law (default today)")
	for _, required := range []string{"weights", "key", "out"} {
		cmd.MarkFlagRequired(required) // fails only for a flag that was not defined
	}
	return cmd
}

func (a *app) attest(ctx context.Context, f attestFlags) error {
	for _, name := range f.include {
		if _, err := predicateTypeOf(name); err != nil {
			return usage("--include: %w", err)
		}
	}
	key, err := a.readKey(f.key)
	if err != nil {
		return err
	}
	files, err := weights.Hash(ctx, f.weights, weights.Options{Ignore: insideOnly(f.weights, defaultClaims(f.weights))})
	if err != nil {
		return err
	}
	var made []any
	var findings []meter.Finding
	err = a.withHistory(func(h *history) (err error) {
		made, findings, err = a.predicates(f, h, files)
		return err
	})
	if err != nil {
		return err
	}
	result, err := a.ship(ctx, f, key, files, made)
	if err != nil {
		return err
	}
	result.Findings = append([]meter.Finding{}, findings...)
	if a.json {
		return a.printJSON(result)
	}
	a.printAttested(result)
	return nil
}

// ship packs the weights, signs one statement per predicate about them, and
// attaches the bundles.
func (a *app) ship(ctx context.Context, f attestFlags, key *sign.Key, files attest.Manifest, made []any) (attestResult, error) {
	packed, err := oci.Pack(ctx, oci.PackOptions{Weights: f.weights, Files: files, Layout: f.out, Reference: reference(f.model),
		Description: oci.Description{Name: string(f.model)}})
	if err != nil {
		return attestResult{}, err
	}
	result := attestResult{Schema: "weighbridge.dev/attested/v1", Model: f.model, Layout: f.out, Manifest: packed.Manifest.Digest.String(),
		Root: files.Root(), Files: len(files.Files), Bytes: files.Bytes(), Copied: packed.BytesCopied, Signer: key.ID()}
	layout, err := oci.Open(f.out)
	if err != nil {
		return result, err
	}
	defer layout.Close()
	subjects := attest.Subjects(f.model, result.Manifest, result.Root)
	var bundles [][]byte
	for _, predicate := range made {
		statement, err := attest.NewStatement(subjects, predicate)
		if err != nil {
			return result, err
		}
		payload, err := statement.Encode()
		if err != nil {
			return result, err
		}
		bundle, err := key.Sign(ctx, payload)
		if err != nil {
			return result, err
		}
		referrer, err := layout.Attach(ctx, oci.Attachment{Subject: packed.Manifest, Bundle: bundle, PredicateType: statement.PredicateType, Created: a.env.now()})
		if err != nil {
			return result, err
		}
		bundles = append(bundles, bundle)
		result.Statements = append(result.Statements, attestStatement{statement.PredicateType, referrer.Digest.String()})
	}
	if f.claims != "" {
		return result, writeClaims(f.claims, bundles)
	}
	return result, nil
}

// reference is the model as a tag: the alphabet of tags has neither slash nor
// at sign (OCI distribution specification, <reference>).
func reference(model meter.ModelRef) string {
	_, name, _ := strings.Cut(string(model), "/")
	return strings.ReplaceAll(name, "@", "-")
}

func compactJSON(to *bytes.Buffer, document []byte) error {
	if err := json.Compact(to, document); err != nil {
		return fmt.Errorf("bundle: %w", err)
	}
	return nil
}

func (a *app) printAttested(r attestResult) {
	a.printf("attested %s: %d files, %d bytes\n  layout    %s\n  manifest  %s\n  OMS root  %s\n  signer    %s\n",
		r.Model, r.Files, r.Bytes, r.Layout, r.Manifest, r.Root, r.Signer)
	for _, s := range r.Statements {
		a.printf("  states    %s\n", s.PredicateType)
	}
	if !slices.ContainsFunc(r.Statements, func(s attestStatement) bool { return s.PredicateType == attest.TypeDetermination }) {
		a.printf("  not stated: a determination (--include determination states one)\n")
	}
	for _, finding := range r.Findings {
		a.printf("  finding   %s: %s\n", finding.Code, finding.Message)
	}
}
