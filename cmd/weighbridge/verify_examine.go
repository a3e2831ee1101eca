package main

import (
	"context"
	"errors"
	"os"

	"github.com/weighbridge/weighbridge/attest/verify"
	"github.com/weighbridge/weighbridge/attest/weights"
)

// judge always comes to a result: what cannot be read or used is refused, and
// the damage that was found on the way is in it.
func (a *app) judge(ctx context.Context, target string, f verifyFlags, asked *asked) verify.Result {
	result, problems, err := a.examine(ctx, target, f, asked)
	if err != nil {
		result = refusedResult()
		problems = append(problems, unusable(err))
	}
	if !isShipment(target) {
		result.NotChecked = append(result.NotChecked, "top-level .git, .gitattributes, .github and .gitignore: OMS leaves them out of the weights; nothing is said of them")
	}
	result.OK = result.OK && len(problems) == 0
	result.Problems = append(problems, result.Problems...)
	return result
}

// unusable is an error as a problem of the result.
func unusable(err error) verify.Problem {
	var signature *signatureError
	var rule *ruleError
	if errors.As(err, &rule) {
		return verify.Problem{Code: rule.code, Message: err.Error(), Hint: "see that this is what you meant to verify; if it is, a rule of the policy must speak of it: absence is never a pass"}
	}
	if errors.As(err, &signature) {
		return verify.Problem{Code: "model-signature", Message: err.Error(), Hint: "do not use the model on the strength of this file"}
	}
	return verify.Problem{Code: "unreadable", Message: err.Error(), Hint: "see that the path is right and the shipment complete; what cannot be read is never verified"}
}

// examine verifies a shipment, wherever it is, or a plain directory (or single
// file) of weights with its claims or a signature. Damage in single blobs is
// returned beside the result, so that one flipped byte does not hide the rest.
func (a *app) examine(ctx context.Context, target string, f verifyFlags, asked *asked) (verify.Result, []verify.Problem, error) {
	if isShipment(target) {
		return a.verifyShipment(ctx, target, f, asked)
	}
	if _, err := os.Stat(target); err != nil {
		return verify.Result{}, nil, err
	}
	if f.signature != "" {
		result, err := a.verifyModel(ctx, target, f, asked.policy)
		return result, nil, err
	}
	input, err := f.readDirectory(ctx, target)
	if err == nil {
		_, input.Disclosures, err = f.presented()
	}
	if err != nil {
		return verify.Result{}, nil, err
	}
	policy, err := asked.of("", input.Bundles)
	if err != nil {
		return verify.Result{}, nil, err
	}
	result, err := f.part.verify(input, policy)
	return result, nil, err
}

// refusedResult is that of a shipment about which nothing could be shown.
func refusedResult() verify.Result {
	return verify.Result{Schema: verify.ResultSchema, Subjects: []verify.Subject{}, Statements: []verify.Statement{}, NotChecked: []string{}, Problems: []verify.Problem{}, Signers: []verify.SignedBy{}}
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
	o, done := f.reading(weights.Options{Ignore: insideOnly(target, claims)})
	found, err := f.part.hash(ctx, target, o)
	done()
	if err != nil {
		return verify.Input{}, err
	}
	return verify.Input{Bundles: bundles, Found: found}, nil
}
