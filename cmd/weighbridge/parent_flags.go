package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/weighbridge/weighbridge/attest"
	"github.com/weighbridge/weighbridge/attest/oci"
	"github.com/weighbridge/weighbridge/attest/verify"
	"github.com/weighbridge/weighbridge/meter"
)

// parentFlags say who may attest a parent that is a shipment.
type parentFlags struct {
	keys         []string
	policy       string
	presentation string
}

func (p *parentFlags) register(cmd *cobra.Command) { p.add(cmd.Flags()) }

func (p *parentFlags) add(flags *pflag.FlagSet) {
	flags.StringArrayVar(&p.keys, "parent-key", nil, "public key `FILE` of who may attest a --parent that is a shipment; repeatable")
	flags.StringVar(&p.presentation, "parent-presentation", "", "a `FILE` with figures that the statements of the one --parent that is a shipment hide, as weighbridge present wrote it")
	flags.StringVar(&p.policy, "parent-policy", "", "policy `FILE` for a --parent that is a shipment, instead of --parent-key")
}

// attestedParent is a parent whose shipment was verified.
type attestedParent struct {
	shipment string
	relation meter.Relation
	compute  attest.TrainingCompute
	hardware *attest.Hardware
	opened   verify.Opened  // the statement of the compute
	beside   *verify.Opened // that of the hardware
	bundles  [][]byte       // around them

	presentation []byte              // what of them was shown, where they hide figures; nil: nothing was
	shown        map[string][]string // the same, by the digest of the statement
}

// withAttested verifies the parents that are shipments and puts the models that
// they attest in their place. A name of the form org/name@version is a model of the
// ledger; a path that looks like one is written with ./ in front. The network is
// used only for a shipment in a registry, and then for its statements alone.
func (a *app) withAttested(ctx context.Context, w workFlags) (workFlags, error) {
	out := w
	out.parents = nil
	for _, text := range w.parents {
		shipment, relation, is := shipmentParent(text)
		if !is {
			out.parents = append(out.parents, text)
			continue
		}
		if len(w.trust.keys) == 0 && w.trust.policy == "" {
			return w, usage("--parent %s: a shipment is believed under a key or a policy only: name its signer's with --parent-key, or a policy with --parent-policy", text)
		}
		parent, err := a.verifyParent(ctx, shipment, w.trust)
		if err != nil {
			return w, err
		}
		if parent.relation, err = meter.ParseRelation(relation); err != nil {
			return w, usage("--parent %s: %w", text, err)
		}
		out.parents = append(out.parents, string(parent.compute.Model)+":"+relation)
		out.attested = append(out.attested, parent)
	}
	if w.trust.presentation != "" && len(out.attested) != 1 {
		return w, usage("--parent-presentation is for one --parent that is a shipment: found %d", len(out.attested))
	}
	if len(out.attested) == 0 && (len(w.trust.keys) > 0 || w.trust.policy != "") {
		return w, usage("--parent-key and --parent-policy are for a --parent that is a shipment: found none")
	}
	return out, nil
}

// shipmentParent separates a shipment and the relation. What can be read as a
// model's name is one.
func shipmentParent(text string) (shipment, relation string, is bool) {
	at := strings.LastIndexByte(text, ':')
	if at < 0 {
		return "", "", false
	}
	shipment, relation = text[:at], text[at+1:]
	if _, err := meter.ParseModel(shipment); err == nil {
		return "", "", false
	}
	return shipment, relation, oci.IsLayout(shipment) || oci.IsArchive(shipment) || isRemote(shipment)
}

func (a *app) verifyParent(ctx context.Context, shipment string, trust parentFlags) (attestedParent, error) {
	none := attestedParent{}
	f := verifyFlags{keys: trust.keys, trust: policyFlags{file: trust.policy}, statementsOnly: true, require: []string{"training-compute"}, presentation: trust.presentation}
	if err := f.check(shipment); err != nil {
		return none, err
	}
	asked, err := f.asked(a.env.now())
	if err != nil {
		return none, err
	}
	result, err := a.judgeFully(ctx, shipment, f, asked)
	if err != nil {
		return none, err
	}
	if !result.OK {
		return none, parentRefused(shipment, result)
	}
	compute, hardware := attestedOf(result)
	if compute == nil {
		return none, fmt.Errorf("--parent %s: it attests no training compute: nothing of its making is known from it", shipment)
	}
	parent := attestedParent{shipment: shipment, compute: *compute, hardware: hardware}
	if parent.presentation, parent.shown, err = f.presented(); err != nil {
		return none, err
	}
	return parent, parent.keep(result.Bundles, asked.believed())
}

func parentRefused(shipment string, r verify.Result) error {
	lines := []string{fmt.Sprintf("--parent %s: the shipment is not verified, and nothing was recorded", shipment)}
	for _, p := range r.Problems {
		lines = append(lines, p.Code+": "+printable(p.Message))
	}
	return errors.New(strings.Join(lines, "\n  "))
}

// believed are the keys whose statements count.
func (k *asked) believed() []*verify.PublicKey {
	if k.rule != nil {
		return k.rule.Verify().Keys
	}
	return k.policy.Keys
}

// keep takes the bundles of the two statements that are believed, as evidence: of
// each the first by a key that is believed.
func (p *attestedParent) keep(bundles [][]byte, keys []*verify.PublicKey) error {
	for _, data := range bundles {
		opened, err := verify.Open(data, keys)
		if err != nil {
			continue // another's, which was not needed
		}
		s := opened.Statement
		switch {
		case s.TrainingCompute != nil && p.opened.Signer == nil:
			p.opened = opened
		case s.Hardware != nil && p.hardware != nil && p.beside == nil:
			p.beside = &opened
		default:
			continue
		}
		p.bundles = append(p.bundles, data)
	}
	if p.opened.Signer == nil || p.opened.Statement.Model() != p.compute.Model {
		return fmt.Errorf("--parent %s: none of its statements that were verified is signed with a key: the ledger keeps those of keys only, not of identities; ask for one by a key (`weighbridge co-sign`)", p.shipment)
	}
	return nil
}
