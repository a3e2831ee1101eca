package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/weighbridge/weighbridge/attest"
	"github.com/weighbridge/weighbridge/attest/bom"
	"github.com/weighbridge/weighbridge/meter"
)

// checkBOM refuses what the command line gets wrong about a bill of materials.
func (f attestFlags) checkBOM() error {
	switch {
	case f.bom == "" && len(f.purls) > 0:
		return usage("--purl is for --bom: name the file to write")
	case f.bom == "":
		return nil
	case !slices.Contains(f.include, "training-compute"):
		return usage("--bom says what training-compute states: include that too")
	}
	if _, err := f.packageURLs(); err != nil {
		return err
	}
	if _, err := os.Lstat(f.bom); !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("--bom %s is there already: nothing is overwritten; name another file or move it away", f.bom)
	}
	return nil
}

func (f attestFlags) packageURLs() (map[meter.ModelRef]string, error) {
	urls := map[meter.ModelRef]string{}
	for _, text := range f.purls {
		model, url, found := strings.Cut(text, "=")
		parsed, err := meter.ParseModel(model)
		if !found || err != nil {
			return nil, usage("--purl %q: expected MODEL=PURL, as in acme/base@1=pkg:huggingface/acme/base@COMMIT", text)
		}
		if err := bom.ValidPURL(url); err != nil {
			return nil, usage("--purl %s: %w", model, err)
		}
		urls[parsed] = url
	}
	return urls, nil
}

// withBOM adds the bill of materials as a statement of its own, made from the
// statements as their recipients read them.
func (f attestFlags) withBOM(ctx context.Context, key signer, subjects []attest.Subject, signed []signedStatement) ([]signedStatement, error) {
	if f.bom == "" {
		return signed, nil
	}
	var o bom.Options
	var err error
	if o.PURLs, err = f.packageURLs(); err != nil {
		return nil, err
	}
	for _, s := range signed {
		switch {
		case s.statement.TrainingCompute != nil:
			o.Compute = s.statement
		case s.statement.Hardware != nil:
			o.Hardware = s.statement
		}
	}
	for model := range o.PURLs {
		if !o.Compute.TrainingCompute.Lineage.Names(model) {
			return nil, fmt.Errorf("--purl %s: it is no model of this lineage, so the package URL would stand nowhere", model)
		}
	}
	document, err := bom.Make(o)
	if err != nil {
		return nil, err
	}
	payload, err := json.Marshal(struct {
		Type          string           `json:"_type"`
		Subjects      []attest.Subject `json:"subject"`
		PredicateType string           `json:"predicateType"`
		Predicate     json.RawMessage  `json:"predicate"`
	}{attest.StatementType, subjects, bom.PredicateType, document})
	if err != nil {
		return nil, err
	}
	statement, err := attest.ParseStatement(payload)
	if err != nil {
		return nil, err
	}
	bundle, err := key.Sign(ctx, payload)
	if err != nil {
		return nil, err
	}
	return append(signed, signedStatement{predicateType: bom.PredicateType, bundle: bundle, statement: statement}), nil
}

// writeBOM writes the document that was signed.
func (f attestFlags) writeBOM(signed []signedStatement) error {
	for _, s := range signed {
		if s.predicateType == bom.PredicateType {
			return writeNew(f.bom, append(slices.Clone(s.statement.Raw), '\n'), 0o644)
		}
	}
	return nil
}
