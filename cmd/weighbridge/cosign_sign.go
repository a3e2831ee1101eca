package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/weighbridge/weighbridge/attest/oci"
	"github.com/weighbridge/weighbridge/attest/verify"
)

// newBundle is a bundle that is not attached yet.
type newBundle struct {
	predicateType string
	bundle        []byte
}

// sign signs all that is wanted before anything is attached, and notes what the key
// has signed before.
func (r *cosignResult) sign(ctx context.Context, wanted []verify.Statement, there []oci.Bundle, key signer) ([]newBundle, error) {
	var all []newBundle
	for _, s := range wanted {
		if slices.Contains(s.Signers, key.ID()) {
			r.Already = append(r.Already, s.PredicateType)
			continue
		}
		bundle, err := key.Sign(ctx, s.Payload)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(there, func(b oci.Bundle) bool { return sameSignature(b.Data, bundle) }) {
			r.Already = append(r.Already, s.PredicateType)
			continue
		}
		all = append(all, newBundle{s.PredicateType, bundle})
	}
	return all, nil
}

// toCosign returns the statements to sign: all that were accepted and understood, or
// those of the types asked for, every one of them. What is not understood is nothing
// to put a name to.
func toCosign(r verify.Result, types []string) ([]verify.Statement, error) {
	var wanted []verify.Statement
	for _, s := range r.Statements {
		if s.OK && s.Understood && (len(types) == 0 || slices.Contains(types, s.PredicateType)) {
			wanted = append(wanted, s)
		}
	}
	for _, t := range types {
		if !slices.ContainsFunc(wanted, func(s verify.Statement) bool { return s.PredicateType == t }) {
			return nil, fmt.Errorf("no %s statement was accepted that could be signed: nothing was signed; leave it out of --statements, or ask the sender for it", shortType(t))
		}
	}
	if len(wanted) == 0 {
		return nil, errors.New("none of its statements was accepted and understood: nothing was signed")
	}
	return wanted, nil
}

func shortTypes(types []string) []string {
	var short []string
	for _, t := range types {
		short = append(short, shortType(t))
	}
	return short
}

// sameSignature reports whether two bundles hold one signature; timestamps may differ.
func sameSignature(a, b []byte) bool {
	type bundle struct {
		DSSEEnvelope struct {
			Signatures []struct{ Sig []byte }
		}
	}
	var left, right bundle
	if json.Unmarshal(a, &left) != nil || json.Unmarshal(b, &right) != nil {
		return false
	}
	l, r := left.DSSEEnvelope.Signatures, right.DSSEEnvelope.Signatures
	return len(l) == 1 && len(r) == 1 && bytes.Equal(l[0].Sig, r[0].Sig)
}
