package main

import (
	"context"
	"errors"

	"github.com/weighbridge/weighbridge/attest"
	"github.com/weighbridge/weighbridge/attest/oci"
	"github.com/weighbridge/weighbridge/attest/verify"
	"github.com/weighbridge/weighbridge/attest/weights"
)

// verifyShipment verifies a layout, an archive or what a registry holds. From a
// registry the weights are only fetched when all else holds: what its manifest
// says of them is then what was signed, and is compared with the bytes.
func (a *app) verifyShipment(ctx context.Context, target string, f verifyFlags, asked *asked) (verify.Result, []verify.Problem, error) {
	layout, err := a.openShipment(ctx, target, f.shipmentFlags)
	if err != nil {
		return verify.Result{}, nil, err
	}
	defer layout.Close()
	f.reference = f.wanted.chosen(f.reference, len(layout.Models()))
	model, err := f.model(layout)
	if err != nil {
		return verify.Result{}, nil, err
	}
	input := verify.Input{ManifestDigest: model.Manifest.Digest.String(), Found: model.Declared, Unread: unread(layout, model)}
	if _, input.Disclosures, err = f.presented(); err != nil {
		return verify.Result{}, nil, err
	}
	for _, b := range model.Bundles {
		input.Bundles = append(input.Bundles, b.Data)
	}
	policy, err := asked.of(repositoryOf(target), input.Bundles)
	if err != nil {
		return verify.Result{}, nil, err
	}
	remote, unpack := isRemote(target), f.unpack.wanted()
	if remote || unpack { // nothing is written, and no weights are fetched, for statements that do not hold
		result, err := verify.Verify(input, policy)
		holds := err == nil && result.OK
		if remote && (!holds || f.statementsOnly) {
			return result, nil, err
		}
		unpack = unpack && holds
	}
	found, err := f.weigh(ctx, model, unpack, remote)
	problems, err := blobProblems(f.part.present(err))
	if err != nil || len(found.Files) == 0 && !f.part.given() {
		return refusedResult(), problems, err
	}
	input.Found = found
	result, err := f.part.verify(input, policy)
	return result, problems, err
}

// weigh hashes the weights, and keeps them where that was asked for.
func (f verifyFlags) weigh(ctx context.Context, model *oci.Model, unpack, remote bool) (attest.Manifest, error) {
	if f.out == "" {
		if model, err := f.part.of(model); err != nil || f.part.given() {
			return f.part.files(ctx, model, err)
		}
		o, done := f.reading(weights.Options{})
		defer done()
		if o.Total != nil {
			o.Total(model.Declared.Bytes())
		}
		if unpack {
			return f.unpack.stage(ctx, model, o, remote)
		}
		return model.Files(ctx, o)
	}
	_, err := model.Store(ctx, f.out, oci.TransferOptions{})
	return model.Declared, err // each blob was compared with its digest, or err says otherwise
}

// reading are options for a long read, shown on a terminal.
func (f verifyFlags) reading(o weights.Options) (weights.Options, func()) {
	if f.watch == nil {
		return o, func() {}
	}
	return f.watch(o)
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
