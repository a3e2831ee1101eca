package main

import (
	"context"
	"fmt"

	"github.com/spf13/pflag"

	"github.com/weighbridge/weighbridge/attest"
	"github.com/weighbridge/weighbridge/attest/policy"
	"github.com/weighbridge/weighbridge/attest/verify"
	"github.com/weighbridge/weighbridge/fdp"
	"github.com/weighbridge/weighbridge/meter"
)

// ownFlags ask what the attested compute means under facts of the recipient's own.
type ownFlags struct {
	evaluate    evaluateOptions
	destination string
}

func (o *ownFlags) add(flags *pflag.FlagSet) {
	e := &o.evaluate
	flags.StringVar(&e.facts, "facts", "", "evaluate the attested compute under these facts of your own too (YAML or JSON; - reads standard input)")
	flags.StringArrayVar(&e.regimes, "regime", nil, "evaluate the attested compute under this regime (default with --facts: all); repeatable")
	flags.StringVar(&e.asOf, "as-of", "", "for --facts and --regime: the date of the question (default today, UTC)")
	flags.StringVar(&o.destination, "destination", "", "for --facts and --regime: the country that the weights go to")
	flags.StringArrayVar(&e.options, "option", nil, "for --facts and --regime: a reading of ambiguous text, NAME=VALUE; repeatable")
}

func (o ownFlags) given() bool { return o.evaluate.facts != "" || len(o.evaluate.regimes) > 0 }

// ownQuestion is what is evaluated after verification; nil: nothing is.
type ownQuestion struct {
	question fdp.Question
	document fdp.Facts
	basis    attest.Basis
	shown    bool         // by flags; else for the policy alone
	today    fdp.Question // without flags: what a policy's limit is held to in any case
	embedded attest.Basis
}

func (a *app) ownQuestion(o ownFlags, k *asked) (*ownQuestion, error) {
	e := o.evaluate
	if !o.given() && (e.asOf != "" || o.destination != "" || len(e.options) > 0) {
		return nil, usage("--as-of, --destination and --option are for an evaluation: add --facts FILE or --regime REGIME")
	}
	if !o.given() && k.file == nil {
		return nil, nil
	}
	asOf, err := a.asOf(e.asOf)
	if err != nil {
		return nil, err
	}
	today, err := a.asOf("")
	if err != nil {
		return nil, err
	}
	out := &ownQuestion{shown: o.given(), today: fdp.Question{AsOf: today}}
	if out.question, err = e.question(asOf); err != nil {
		return nil, err
	}
	out.question.Destination = o.destination
	if out.embedded, err = attest.EmbeddedBasis(); err != nil {
		return nil, err
	}
	out.basis = out.embedded
	if k.rules != nil {
		out.basis.Rules = k.rules
	}
	if err := out.question.Validate(out.basis.Rules); err != nil {
		return nil, usage("%w", err)
	}
	if err := knownRegimes(k, out); err != nil {
		return nil, err
	}
	out.document, err = a.factsDocument(e.facts)
	return out, err
}

// judgeFully is judge with the verdicts that a policy limits.
func (a *app) judgeFully(ctx context.Context, target string, f verifyFlags, k *asked) (verify.Result, error) {
	question, err := a.ownQuestion(ownFlags{}, k)
	if err != nil {
		return verify.Result{}, err
	}
	judged := verifyResult{Result: a.judge(ctx, target, f, k)}
	a.evaluateOwn(&judged, question, k)
	return judged.Result, nil
}

// knownRegimes refuses a policy that speaks of regimes which this build has no
// rules of.
func knownRegimes(k *asked, q *ownQuestion) error {
	if k.file == nil {
		return nil
	}
	for _, rule := range k.file.Rules {
		for _, g := range rule.Regimes {
			asked := q.question
			asked.Regimes, asked.Options = []string{g.Regime}, nil
			if err := asked.Validate(q.basis.Rules); err != nil {
				return fmt.Errorf("--policy: rule %q: %w", rule.Name, err)
			}
		}
	}
	return nil
}

// evaluateOwn evaluates the attested compute of a shipment that was accepted so
// far, under the recipient's own facts, and holds the verdicts to the policy. What
// cannot be evaluated is a problem: nothing is then known, and that never passes.
func (a *app) evaluateOwn(r *verifyResult, q *ownQuestion, k *asked) {
	if q == nil || !r.OK || !q.shown && (k.rule == nil || len(k.rule.Regimes) == 0) {
		return
	}
	if q.shown {
		determinations, model, err := q.evaluate(r.Result, q.question.Regimes)
		if err != nil {
			r.add(verify.Problem{Code: "facts", Message: err.Error(), Hint: "your facts may add what was not attested, and not overwrite what was"})
			return
		}
		r.Evaluation = &evaluateResult{"weighbridge.dev/evaluate/v1", model, determinations, []string{}, nil, nil}
	}
	if k.rule == nil {
		return
	}
	for _, g := range k.rule.Regimes {
		if p := q.exceeds(r.Result, g); p != nil {
			r.add(*p)
		}
	}
}

func (r *verifyResult) add(p verify.Problem) { r.OK, r.Problems = false, append(r.Problems, p) }

// evaluate answers the question for the compute that was accepted.
func (q *ownQuestion) evaluate(r verify.Result, regimes []string) (determinations []fdp.Determination, model meter.ModelRef, err error) {
	compute, hardware := attestedOf(r)
	if compute == nil {
		return nil, "", errNoCompute
	}
	facts, err := attest.AttestedFacts(*compute, hardware)
	if err != nil {
		return nil, "", err
	}
	if facts, err = facts.Merge(q.document); err != nil {
		return nil, "", fmt.Errorf("your facts and the attested ones together: %w", err)
	}
	asked := q.question
	asked.Regimes = regimes
	determinations, err = fdp.Evaluate(q.basis.Rules, q.basis.Catalogue, facts, asked)
	return determinations, facts.Model, err
}

func attestedOf(r verify.Result) (compute *attest.TrainingCompute, hardware *attest.Hardware) {
	for _, s := range r.Verified {
		if s.TrainingCompute != nil {
			compute = s.TrainingCompute
		}
		if s.Hardware != nil {
			hardware = s.Hardware
		}
	}
	return compute, hardware
}

// limited is the highest verdict of a regime that a policy's limit is held to: what
// the flags ask, and what is so today under the rules of this build. Flags can ask
// for more, never for less; a regime that only --rules has goes by those.
func (q *ownQuestion) limited(r verify.Result, regime string) (highest fdp.Verdict, err error) {
	questions := []*ownQuestion{q}
	plain := &ownQuestion{question: q.today, document: q.document, basis: q.embedded}
	plain.question.Regimes = []string{regime}
	if plain.question.Validate(q.embedded.Rules) == nil {
		questions = append(questions, plain)
	}
	for i, asked := range questions {
		determinations, _, err := asked.evaluate(r, []string{regime})
		if err != nil {
			return highest, err
		}
		if found := determinations[0].Controlled; i == 0 || severity(found) > severity(highest) {
			highest = found
		}
	}
	return highest, nil
}

// exceeds returns the problem of a verdict above what the policy lets pass.
func (q *ownQuestion) exceeds(r verify.Result, g policy.Regime) *verify.Problem {
	whose := "evaluated here"
	var verdict fdp.Verdict
	if g.BySigner {
		whose = "attested and recomputed"
		found, ok := q.signersVerdict(r, g.Regime)
		if !ok {
			return &verify.Problem{Code: "verdict", Message: fmt.Sprintf("no determination of %s was accepted: the policy asks for one that says at most %s", g.Regime, g.Maximum),
				Hint: "ask the signer for it (`weighbridge attest --include determination`), or let the policy go by your own evaluation (by: recipient)"}
		}
		verdict = found
	} else {
		var err error
		if verdict, err = q.limited(r, g.Regime); err != nil {
			return &verify.Problem{Code: "verdict", Message: fmt.Sprintf("%s cannot be evaluated: %v", g.Regime, err), Hint: "nothing is known of the verdict that the policy limits: it does not pass"}
		}
	}
	if severity(verdict) <= severityOf(g.Maximum) {
		return nil
	}
	return &verify.Problem{Code: "verdict", Message: fmt.Sprintf("%s: controlled %s, %s: the policy lets pass at most %s", g.Regime, verdict, whose, g.Maximum),
		Hint: "add the facts that decide with --facts (`--regime " + g.Regime + "` shows what is missing), or do not take these weights under this policy"}
}

// signersVerdict is the highest verdict of the determinations that were accepted:
// as the signer asked, and of the signer's facts today under the rules of this
// build, where those have the regime. A signer does not choose the day.
func (q *ownQuestion) signersVerdict(r verify.Result, regime string) (verdict fdp.Verdict, found bool) {
	known := fdp.Question{Regimes: []string{regime}, AsOf: q.today.AsOf}.Validate(q.embedded.Rules) == nil
	for _, s := range r.Verified {
		if s.Determination == nil || s.Determination.Question.Regime != regime {
			continue
		}
		parsed, err := fdp.ParseDetermination(s.Determination.Result)
		if err != nil {
			return fdp.Applies, true
		}
		if !found || severity(parsed.Controlled) > severity(verdict) {
			verdict, found = parsed.Controlled, true
		}
		if !known {
			continue
		}
		today, err := s.Determination.AsOf(q.embedded, q.today.AsOf)
		if err != nil {
			return fdp.Applies, true
		}
		if severity(today.Controlled) > severity(verdict) {
			verdict = today.Controlled
		}
	}
	return verdict, found
}

func severity(v fdp.Verdict) int { return severityOf(v.String()) }

func severityOf(word string) int {
	return map[string]int{"does-not-apply": 0, "undetermined": 1, "applies": 2}[word]
}
