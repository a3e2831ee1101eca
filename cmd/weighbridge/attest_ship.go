package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/weighbridge/weighbridge/attest"
	"github.com/weighbridge/weighbridge/attest/disclosure"
	"github.com/weighbridge/weighbridge/attest/oci"
	"github.com/weighbridge/weighbridge/meter"
)

// refuseSecond refuses to state the same thing twice of the same weights in one
// layout: a recipient could not tell which of two statements holds.
func (f attestFlags) refuseSecond(files attest.Manifest) error {
	if !oci.IsLayout(f.out) {
		return nil
	}
	described, err := oci.Describe(f.pack(files))
	if err != nil {
		return err
	}
	layout, err := oci.Open(f.out)
	if err != nil {
		return err
	}
	defer layout.Close()
	for _, model := range layout.Models() {
		if model.Manifest.Digest == described.Digest && len(model.Bundles) > 0 {
			return fmt.Errorf("--out %s holds %d statements about these very weights already: a second set would leave it open which one holds; name another layout, or remove this one", f.out, len(model.Bundles))
		}
	}
	return nil
}

func (f attestFlags) pack(files attest.Manifest) oci.PackOptions {
	return oci.PackOptions{Weights: f.weights, Files: files, Layout: f.out, Reference: reference(f.model), Description: oci.Description{Name: string(f.model)}}
}

// signedStatement is a statement in its bundle, ready to be attached.
type signedStatement struct {
	predicateType string
	bundle        []byte
	held          *disclosure.Held // what it hides, for its signer
	statement     attest.Statement // as its recipients read it
}

// sign makes one statement per predicate about the shipment that will be packed,
// and signs it. All that can fail in a statement fails here, before anything is
// written.
func (f attestFlags) sign(ctx context.Context, key signer, files attest.Manifest, made []any, details map[meter.ModelRef]attest.Detail) ([]signedStatement, error) {
	described, err := oci.Describe(f.pack(files))
	if err != nil {
		return nil, err
	}
	subjects := attest.Subjects(f.model, described.Digest.String(), files.Root())
	var signed []signedStatement
	for _, predicate := range made {
		statement, err := attest.NewStatement(subjects, predicate)
		if err != nil {
			return nil, err
		}
		statement, held, err := f.conceal(statement, details)
		if err != nil {
			return nil, err
		}
		payload, err := statement.Encode()
		if err != nil {
			return nil, err
		}
		bundle, err := key.Sign(ctx, payload)
		if err != nil {
			return nil, err
		}
		signed = append(signed, signedStatement{statement.PredicateType, bundle, held, statement})
	}
	return f.withBOM(ctx, key, subjects, signed)
}

// ship packs the weights and attaches the bundles.
func (a *app) ship(ctx context.Context, f attestFlags, files attest.Manifest, signed []signedStatement) (attestResult, error) {
	packed, err := oci.Pack(ctx, f.pack(files))
	if err != nil {
		return attestResult{}, err
	}
	result := attestResult{Schema: "weighbridge.dev/attested/v1", Linked: packed.Linked, Model: f.model, Layout: f.out, Manifest: packed.Manifest.Digest.String(),
		Root: files.Root(), Files: len(files.Files), Bytes: files.Bytes(), Copied: packed.BytesCopied}
	layout, err := oci.Open(f.out)
	if err != nil {
		return result, err
	}
	defer layout.Close()
	var bundles [][]byte
	for _, s := range signed {
		referrer, err := layout.Attach(ctx, oci.Attachment{Subject: packed.Manifest, Bundle: s.bundle, PredicateType: s.predicateType, Created: a.env.now()})
		if err != nil {
			return result, err
		}
		bundles = append(bundles, s.bundle)
		result.Statements = append(result.Statements, attestStatement{s.predicateType, referrer.Digest.String()})
	}
	if f.claims != "" {
		return result, writeClaims(f.claims, bundles)
	}
	return result, nil
}

// reference is the model as a tag, one for each model: ORG.NAME.VERSION where
// that can be read back in one way only and is in the alphabet of tags (OCI
// distribution specification, <reference>; image specification, ref.name), else
// the words of the name and a part of its SHA-256.
func reference(model meter.ModelRef) string {
	org, rest, _ := strings.Cut(string(model), "/")
	name, version, _ := strings.Cut(rest, "@")
	plain := org + "." + name + "." + version
	if len(plain) <= maxTag && !strings.ContainsRune(org+name, '.') && tagWords.MatchString(plain) {
		return plain
	}
	words := strings.FieldsFunc(string(model), func(r rune) bool { return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9') })
	readable := strings.Join(words, "-")
	sum := sha256.Sum256([]byte(model))
	return strings.TrimRight(readable[:min(len(readable), maxTag-17)], "-") + "-" + hex.EncodeToString(sum[:8])
}

// maxTag is the longest tag of a registry.
const maxTag = 128

var tagWords = regexp.MustCompile(`^[A-Za-z0-9]+([-._][A-Za-z0-9]+)*$`)

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
	if r.Linked > 0 {
		a.printf("  linked    %d files share their bytes with the originals: replace those, never edit them in place\n", r.Linked)
	}
	if r.Disclosures != "" {
		a.printf("  hidden    what --disclose does not name; %s can show it: keep it to yourself (weighbridge present)\n", r.Disclosures)
	}
	states := func(predicateType string) bool {
		return slices.ContainsFunc(r.Statements, func(s attestStatement) bool { return s.PredicateType == predicateType })
	}
	if states(attest.TypeLedgerProof) {
		a.printf("  disclosed entries of the logs, to the byte, for everybody who gets the shipment (--checkpoints)\n")
	}
	if !states(attest.TypeDetermination) {
		a.printf("  not stated: a determination (--include training-compute,hardware,determination states one beside the others)\n")
	}
	for _, c := range r.Corrections {
		a.printf("  corrected %s\n", describeCorrection(c))
	}
	for _, finding := range r.Findings {
		a.printf("  finding   %s: %s\n", printable(finding.Code), printable(finding.Message))
	}
}
