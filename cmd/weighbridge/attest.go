package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/weighbridge/weighbridge/attest"
	"github.com/weighbridge/weighbridge/attest/weights"
	"github.com/weighbridge/weighbridge/meter"
)

type attestFlags struct {
	model   meter.ModelRef
	weights string
	signer  signerFlags
	out     string
	claims  string
	include []string
	facts   string
	asOf    string
	regime  string

	weightsOf []string
	readAll   bool

	disclose    []string // fields that stay in the open; nil: all do
	disclosures string   // where the hidden ones are kept

	checkpoints []string // files of witnessed checkpoints; with them the ledger is proved
	entries     string   // which entries the proof shows: last or all

	bom   string   // a CycloneDX document to write
	purls []string // MODEL=PURL
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
	Linked     int               `json:"linked"` // files that share their bytes with the originals
	Signer     string            `json:"signer"`
	Statements []attestStatement `json:"statements"`
	// Corrections of the lineage's logs, which travel with its compute.
	Corrections []attest.Correction `json:"corrections"`
	Findings    []meter.Finding     `json:"findings"`
	// Disclosures is the file that can show what the statements hide; empty where
	// nothing is hidden.
	Disclosures string `json:"disclosures,omitempty"`
}

type attestStatement struct {
	PredicateType string `json:"predicate_type"`
	Bundle        string `json:"bundle"` // digest of its manifest in the layout
}

// predicates are the words of --include and --require and the types they mean: what
// attest writes.
func predicates() []struct{ name, predicateType string } {
	return []struct{ name, predicateType string }{
		{"training-compute", attest.TypeTrainingCompute},
		{"hardware", attest.TypeHardware},
		{"determination", attest.TypeDetermination},
		{"svr", attest.TypeSVR},
		{"ledger-proof", attest.TypeLedgerProof},
	}
}

func includable() []string {
	var list []string
	for _, p := range predicates() {
		list = append(list, p.name)
	}
	return list
}

// signedElsewhere are the words of --require alone: what other commands sign.
func signedElsewhere() []struct{ name, predicateType string } {
	return []struct{ name, predicateType string }{{"release-note", attest.TypeReleaseNote}}
}

// requirable are the words of --require.
func requirable() []string {
	list := includable()
	for _, p := range signedElsewhere() {
		list = append(list, p.name)
	}
	return list
}

// predicateTypeOf reads a word of a list.
func predicateTypeOf(name string, words []string) (string, error) {
	if !slices.Contains(words, name) {
		return "", fmt.Errorf("statement %q is not known: expected %s", name, strings.Join(words, ", "))
	}
	for _, p := range append(predicates(), signedElsewhere()...) {
		if p.name == name {
			return p.predicateType, nil
		}
	}
	return "", fmt.Errorf("statement %q has no type", name) // never
}

func (a *app) attestCommand() *cobra.Command {
	var f attestFlags
	cmd := &cobra.Command{
		Use:   "attest MODEL --weights DIR (--key FILE | --keyless) --out LAYOUT",
		Short: "Sign what the ledger knows of a model and pack it with the weights",
		Long:  attestHelp(),
		Example: `  weighbridge attest acme/atlas@1 --weights out --key release.key --out shipment
  weighbridge attest acme/atlas@1 --weights out --key release.key --out shipment \
      --include training-compute,hardware,determination --facts facts.yaml
  weighbridge attest acme/atlas@1 --weights out --key release.key --out shipment --disclose none
  weighbridge attest acme/atlas@1 --weights out --key release.key --out shipment --timestamp-authority https://tsa.example.com/api/v1/timestamp
  weighbridge attest acme/atlas@1 --weights out --key release.key --out shipment --checkpoints cosigned.txt --entries all
  weighbridge attest acme/atlas@1 --weights out --keyless --identity-token token --signing-config signing_config.json --out shipment`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if f.model, err = meter.ParseModel(args[0]); err != nil {
				return usage("%w", err)
			}
			if a.ownChips != "" {
				return usage("--catalogue: recipients recompute with the catalogue of the program; leave it out, and state the eccn of a product that it does not hold in --facts (training.hardware)")
			}
			return a.attest(cmd.Context(), f)
		},
	}
	f.register(cmd.Flags())
	a.rulesFlag(cmd)
	for _, required := range []string{"weights", "out"} {
		cmd.MarkFlagRequired(required) // fails only for a flag that was not defined
	}
	return cmd
}

func (f *attestFlags) register(flags *pflag.FlagSet) {
	flags.StringVar(&f.weights, "weights", "", "directory (or one file) of weights")
	flags.BoolVar(&f.readAll, "no-digest-cache", false, "read every byte again, also of files that did not change since they were last hashed")
	f.signer.add(flags)
	f.signer.addRoot(flags)
	flags.StringVar(&f.out, "out", "", "OCI image layout to write; an existing one is extended")
	flags.StringVar(&f.claims, "claims", "", "write the bundles to this file too, one per line, for recipients of the plain directory")
	flags.StringSliceVar(&f.include, "include", []string{"training-compute", "hardware"}, "statements to make: "+strings.Join(includable(), ", "))
	flags.StringVar(&f.facts, "facts", "", "for a determination: facts that the ledger cannot know (YAML or JSON)")
	flags.StringArrayVar(&f.weightsOf, "weights-of", nil, "another `MODEL` whose recorded output these weights are; a finding then says so; repeatable")
	flags.StringSliceVar(&f.disclose, "disclose", nil, "hide every figure but these `FIELDS` (none: every figure) behind salted digests; without the flag nothing is hidden")
	flags.StringVar(&f.disclosures, "disclosures", "", "with --disclose: the `FILE` that keeps what is hidden (default the layout's name and .disclosures.json)")
	flags.StringArrayVar(&f.checkpoints, "checkpoints", nil, "prove the logs to recipients by the checkpoints in this `FILE`, as ledger witness prints them; repeatable, the earlier ones bound times")
	flags.StringVar(&f.entries, "entries", entriesLast, "with --checkpoints: which entries of the logs are disclosed, last or all")
	flags.StringVar(&f.bom, "bom", "", "write a CycloneDX 1.7 ML-BOM to this `FILE`, and sign it into the shipment")
	flags.StringArrayVar(&f.purls, "purl", nil, "with --bom: the package URL of a model of the lineage, `MODEL=PURL`; repeatable")
	flags.StringVar(&f.asOf, "as-of", "", "for a determination: the date of the law (default today)")
	flags.StringVar(&f.regime, "regime", "us-4e091", "for a determination: the regime that is answered")
}

func (a *app) attest(ctx context.Context, f attestFlags) error {
	if err := errors.Join(f.check(), a.checkVerdictDate(f)); err != nil {
		return err
	}
	key, err := a.statementSigner(f.signer)
	if err != nil {
		return err
	}
	o, done := a.watched("reading the weights", weights.Options{Ignore: insideOnly(f.weights, defaultClaims(f.weights)), Cache: a.digestCache(f.readAll)})
	files, err := weights.Hash(ctx, f.weights, o)
	done()
	if err != nil {
		return err
	}
	if err := f.refuseSecond(files); err != nil {
		return err
	}
	stated, err := a.statable(f, files)
	if err != nil {
		return err
	}
	compute := stated.compute
	made, err := a.included(f, stated) // the ledger is closed: others may go on
	if err != nil {
		return err
	}
	if stated.proof != nil {
		made = append(made, *stated.proof)
	}
	signed, err := f.sign(ctx, key, files, made, stated.details)
	if err != nil {
		return err
	}
	kept, err := f.keep(signed)
	if err != nil {
		return err
	}
	result, err := a.ship(ctx, f, files, signed)
	if err != nil {
		return errors.Join(err, f.discard(kept))
	}
	if err := f.writeBOM(signed); err != nil {
		return err
	}
	result.Disclosures = kept
	result.Signer = key.ID()
	result.Findings = append([]meter.Finding{}, compute.Findings...)
	result.Corrections = append([]attest.Correction{}, compute.Corrections...)
	if a.json {
		return a.printJSON(result)
	}
	a.printAttested(result)
	return nil
}

// statable is what can be stated of the model now. Journals that dead processes
// left are folded in first; a run that goes on is refused, because what is signed
// of it would be wrong a moment later.
func (a *app) statable(f attestFlags, files attest.Manifest) (stated stated, err error) {
	points, err := a.checkpoints(f.checkpoints)
	if err == nil {
		err = a.foldLeftovers()
	}
	if err != nil {
		return stated, err
	}
	err = a.withHistory(func(h *history) (err error) {
		lineage, err := h.lineage(f.model)
		if err != nil {
			return err
		}
		for _, run := range h.runs {
			if slices.Contains(lineage.Models, run.records[0].Model) {
				return fmt.Errorf("%s: %s; attest when it has ended and is recorded", f.model, run.note)
			}
		}
		if stated.compute, stated.hardware, err = a.predicates(f, h, files); err != nil {
			return err
		}
		stated.details = h.details(stated.compute.Lineage)
		if len(f.checkpoints) > 0 {
			stated.proof, err = a.ledgerProof(f, h, stated.compute, points)
		}
		return err
	})
	return stated, err
}

// stated is what an attestation can state of a model.
type stated struct {
	compute  attest.TrainingCompute
	hardware attest.Hardware
	details  map[meter.ModelRef]attest.Detail
	proof    *attest.LedgerProof // nil: without --checkpoints
}

// check refuses what the command line itself gets wrong, before anything is
// read or written.
func (f attestFlags) check() error {
	for _, name := range f.include {
		if _, err := predicateTypeOf(name, includable()); err != nil {
			return usage("--include: %w", err)
		}
	}
	decides := slices.Contains(f.include, "determination") || slices.Contains(f.include, "svr")
	switch {
	case len(f.include) == 0:
		return usage("--include is empty: a shipment without a statement says nothing; expected %s", strings.Join(includable(), ", "))
	case !decides && (f.facts != "" || f.asOf != ""):
		return usage("--facts and --as-of are for a determination or its verdict: add determination or svr to --include, or leave them out")
	}
	if err := errors.Join(f.checkDisclose(decides), f.checkBOM(), f.checkProof()); err != nil {
		return err
	}
	if f.claims == "" {
		return nil
	}
	if _, err := os.Lstat(f.claims); !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("--claims %s is there already: nothing is overwritten; name another file or move it away", f.claims)
	}
	return nil
}
