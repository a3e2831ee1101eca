package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/pflag"

	"github.com/weighbridge/weighbridge/attest"
	"github.com/weighbridge/weighbridge/attest/verify"
	"github.com/weighbridge/weighbridge/meter"
)

// verifyParents name shipments of the models that the weights came from.
type verifyParents struct {
	shipments []string
	trust     parentFlags
}

func (p *verifyParents) add(flags *pflag.FlagSet) {
	flags.StringArrayVar(&p.shipments, "parent", nil, "the `SHIPMENT` of a model that these weights came from: what the two say of the lineage is compared; repeatable")
	p.trust.add(flags)
}

// verifiedParent is a parent whose own signer says of it what these statements say.
type verifiedParent struct {
	Model     meter.ModelRef `json:"model"`
	Shipment  string         `json:"shipment"`
	Statement string         `json:"statement"` // digest of the signed payload
	Signer    string         `json:"signer"`
	Weights   string         `json:"weights"` // from which the work started, as the lineage names them
}

func (a *app) attestedParents(ctx context.Context, p verifyParents) ([]attestedParent, error) {
	if len(p.shipments) > 0 != (len(p.trust.keys) > 0 || p.trust.policy != "") {
		return nil, usage("--parent SHIPMENT goes with --parent-key FILE or --parent-policy FILE: a shipment is believed under a key or a policy only")
	}
	var out []attestedParent
	for _, shipment := range p.shipments {
		parent, err := a.verifyParent(ctx, shipment, p.trust)
		if err != nil {
			return nil, &exitError{exitVerification, err}
		}
		out = append(out, parent)
	}
	return out, nil
}

// compareParents holds the lineage that was accepted to what the parents' own
// signers say.
func (r *verifyResult) compareParents(parents []attestedParent) {
	compute, _ := attestedOf(r.Result)
	if compute == nil {
		return // refused already
	}
	for _, p := range parents {
		problems, weights := p.disagrees(compute.Lineage)
		if p.compute.Model == compute.Model {
			problems = []string{fmt.Sprintf("%s attests %s itself: expected a model that it came from", p.shipment, compute.Model)}
		}
		for _, message := range problems {
			r.add(verify.Problem{Code: "parent-contradicted", Message: message, Hint: "ask both signers which of the two holds: the totals of this lineage rest on it"})
		}
		if len(problems) == 0 {
			r.Parents = append(r.Parents, verifiedParent{p.compute.Model, p.shipment, p.opened.Digest, p.opened.Signer.ID(), weights})
		}
	}
}

// disagrees says in what a lineage differs from what is attested of a parent and of
// its ancestors.
func (p attestedParent) disagrees(child attest.Lineage) (problems []string, weights string) {
	models := map[meter.ModelRef]attest.LineageModel{}
	for _, m := range child.Models {
		models[m.Model] = m
	}
	for _, theirs := range p.compute.Lineage.Models {
		ours, named := models[theirs.Model]
		if !named {
			problems = append(problems, fmt.Sprintf("the lineage leaves out %s, which the statement %s by %s names", theirs.Model, p.opened.Digest, p.opened.Signer.ID()))
			continue
		}
		have, haveErr := ours.Activities()
		want, wantErr := theirs.Activities()
		if haveErr != nil || wantErr != nil || !sameWork(have, want) {
			problems = append(problems, fmt.Sprintf("of %s the lineage says %s, the statement %s by %s says %s",
				theirs.Model, workText(have), p.opened.Digest, p.opened.Signer.ID(), workText(want)))
		}
		problems = append(problems, p.otherEdges(ours, theirs)...)
	}
	weights = "that it does not name"
	for _, m := range child.Models {
		for _, edge := range m.Parents {
			switch {
			case edge.Model != p.compute.Model || edge.Input == "":
			case edge.Input != p.compute.Weights.Root:
				problems = append(problems, fmt.Sprintf("%s started from the weights %s, the statement %s is about %s: they are not those of %s", m.Model, edge.Input, p.opened.Digest, p.compute.Weights.Root, edge.Model))
			default:
				weights = edge.Input
			}
		}
	}
	return problems, weights
}

// otherEdges says which parents of a model its signer names and the lineage does
// not, or by another relation: which operations count turns on it.
func (p attestedParent) otherEdges(ours, theirs attest.LineageModel) (problems []string) {
	for _, edge := range theirs.Parents {
		same := func(have meter.Parent) bool {
			return have.Model == edge.Model && have.Relation == edge.Relation && (have.Input == edge.Input || have.Input == "" || edge.Input == "")
		}
		if !slices.ContainsFunc(ours.Parents, same) {
			problems = append(problems, fmt.Sprintf("the lineage does not say that %s %s %s, which the statement %s by %s does", theirs.Model, edge.Relation, edge.Model, p.opened.Digest, p.opened.Signer.ID()))
		}
	}
	return problems
}

// sameWork compares operations by activity; records and grades are each signer's own.
func sameWork(a, b []attest.ActivityTotal) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].Activity != b[i].Activity || a[i].Interval != b[i].Interval {
			return false
		}
	}
	return true
}

func workText(totals []attest.ActivityTotal) string {
	list := make([]meter.ActivityTotal, len(totals))
	for i, t := range totals {
		list[i] = meter.ActivityTotal{Activity: t.Activity, Operations: t.Interval}
	}
	return totalsText(list)
}
