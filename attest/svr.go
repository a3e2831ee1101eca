package attest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/weighbridge/weighbridge/fdp"
)

// TypeSVR is the predicate type of in-toto's Simple Verification Result, version
// 0.2: the verdict of a determination in a form that other tools gate on.
const TypeSVR = "https://in-toto.io/attestation/svr/v0.2"

// verifierPrefix begins the id of the verifier in a result that Weighbridge made.
const verifierPrefix = typePrefix + "verifier/"

// VerificationResult is a Simple Verification Result. It lists what passed; what
// is not listed did not pass, or was not examined. It is recomputed from the
// determination beside it, where one is there ([VerificationResult.HoldTo]).
type VerificationResult struct {
	Verifier    Verifier  `json:"verifier"`
	TimeCreated time.Time `json:"timeCreated"`
	Properties  []string  `json:"properties"`
}

// Verifier says who verified, and by which rules.
type Verifier struct {
	ID       string   `json:"id"` // a URI, with the version of the logic
	Policies []Policy `json:"policies"`
}

// Policy is a resource descriptor of in-toto: the rules of a regime as of a date,
// by the digest of all rules that were used.
type Policy struct {
	Name   string            `json:"name"`
	Digest map[string]string `json:"digest"`
}

// NewVerificationResult says of d what passed: that the regime was evaluated, and
// each of these that surely holds, whoever receives the weights: they do not meet its
// test, are not subject to the EAR, need no licence. A result carries no recipient and
// no destination, so d's facts are evaluated again without those, under b or the rules
// that came with d. Nothing undetermined is ever listed. A determination of another
// day than it was made on has none: a tool that gates on one would take it for today's.
func NewVerificationResult(b Basis, d Determination) (VerificationResult, error) {
	asOf, err := time.Parse(time.DateOnly, d.Question.AsOf)
	if err != nil {
		return VerificationResult{}, fmt.Errorf("verification result: question.asOf: %w", err)
	}
	if made := d.CreatedAt.Format(time.DateOnly); d.Question.AsOf != made {
		return VerificationResult{}, fmt.Errorf("verification result: its determination is as of %s and was made on %s: tools that gate on it do not ask for the date; make it as of the day", d.Question.AsOf, made)
	}
	passed, err := d.passed(b, asOf)
	if err != nil {
		return VerificationResult{}, fmt.Errorf("verification result: %w", err)
	}
	return VerificationResult{
		Verifier: Verifier{ID: verifierPrefix + d.Tool.Version, Policies: []Policy{
			{Name: d.Question.Regime + "@" + d.Question.AsOf, Digest: map[string]string{"sha256": strings.TrimPrefix(d.Rules.Digest, "sha256:")}},
		}},
		TimeCreated: d.CreatedAt, Properties: passed,
	}, nil
}

// passed lists what surely holds on a day for every recipient.
func (d Determination) passed(b Basis, day time.Time) ([]string, error) {
	rules, _, err := d.rules(b.Rules)
	if err != nil {
		return nil, err
	}
	if rules == nil {
		return nil, fmt.Errorf("it was made under rules that this build does not carry (%s)", d.Rules.Digest)
	}
	facts, err := d.parseFacts()
	if err != nil {
		return nil, err
	}
	facts.Recipient, facts.Service = fdp.Recipient{}, fdp.Service{}
	if d.Facts, err = facts.Encode(); err != nil {
		return nil, err
	}
	result, err := d.AsOf(Basis{rules, b.Catalogue}, day)
	if err != nil {
		return nil, err
	}
	passed := []string{property(result.Regime, evaluated)}
	add := func(v fdp.Verdict, name string) {
		if v == fdp.DoesNotApply {
			passed = append(passed, property(result.Regime, name))
		}
	}
	add(result.Controlled, notControlled)
	if result.Export != nil {
		add(result.SubjectToEAR, notSubject)
		if result.Controlled == fdp.DoesNotApply { // of controlled weights it is the destination that decides
			add(result.Licence.Required, noLicence)
		}
	}
	return passed, nil
}

// What a result can say of a regime.
const (
	evaluated     = "EVALUATED"
	notControlled = "NOT_CONTROLLED"
	notSubject    = "NOT_SUBJECT_TO_EAR"
	noLicence     = "NO_LICENCE_REQUIRED"
)

func property(regime, name string) string {
	return "WEIGHBRIDGE_" + strings.ToUpper(strings.ReplaceAll(regime, "-", "_")) + "_" + name
}

func (r VerificationResult) normal() VerificationResult { return r }

// Validate returns the first rule of SPEC.md, section 5b, that r breaks. That it
// follows from a determination is checked by [VerificationResult.HoldTo].
func (r VerificationResult) Validate() error {
	if len(r.Verifier.Policies) != 1 {
		return fmt.Errorf("verification result: %d policies: expected one, the regime", len(r.Verifier.Policies))
	}
	p := r.Verifier.Policies[0]
	regime, day, _ := strings.Cut(p.Name, "@")
	switch {
	case !strings.HasPrefix(r.Verifier.ID, verifierPrefix) || r.Verifier.ID == verifierPrefix:
		return fmt.Errorf("verification result: verifier.id %q: expected %s and a version", clip(r.Verifier.ID), verifierPrefix)
	case regime == "" || r.TimeCreated.Format(time.DateOnly) != day:
		return fmt.Errorf("verification result: policy %q: expected a regime, @ and the day of timeCreated, %s", clip(p.Name), r.TimeCreated.Format(time.DateOnly))
	case len(p.Digest) != 1 || !ValidDigest("sha256:"+p.Digest["sha256"]):
		return fmt.Errorf("verification result: policy digest: expected one, sha256, of 64 lower-case hexadecimal digits")
	}
	return firstError("verification result", validTime("timeCreated", r.TimeCreated), validProperties(regime, r.Properties))
}

// validProperties demands the properties of one regime in their order.
func validProperties(regime string, found []string) error {
	rest := found
	for _, name := range []string{evaluated, notControlled, notSubject, noLicence} {
		if len(rest) > 0 && rest[0] == property(regime, name) {
			rest = rest[1:]
		}
	}
	if len(rest) > 0 || !slices.Contains(found, property(regime, evaluated)) {
		return fmt.Errorf("properties %q: expected %s and then some of %s, %s and %s", shorten(strings.Join(found, " ")),
			property(regime, evaluated), notControlled, notSubject, noLicence)
	}
	if slices.Contains(found, property(regime, noLicence)) && !slices.Contains(found, property(regime, notControlled)) {
		return fmt.Errorf("properties: %s without %s: of controlled weights the destination decides", noLicence, notControlled)
	}
	return nil
}

// HoldTo makes r again from the facts of d, under b or the rules that came with d,
// and returns whether d is about r's regime at all. The error says what differs.
func (r VerificationResult) HoldTo(b Basis, d Determination) (bool, error) {
	policy := r.Verifier.Policies[0]
	regime, _, _ := strings.Cut(policy.Name, "@")
	if regime != d.Question.Regime {
		return false, nil
	}
	if rules := "sha256:" + policy.Digest["sha256"]; rules != d.Rules.Digest {
		return true, fmt.Errorf("verification result: it was made under the rules %s, the determination beside it under %s", rules, d.Rules.Digest)
	}
	want, err := d.passed(b, r.TimeCreated)
	if err != nil {
		return true, fmt.Errorf("verification result: %w", err)
	}
	if !slices.Equal(want, r.Properties) {
		return true, fmt.Errorf("verification result: it says %s, from the determination beside it follows %s", shorten(strings.Join(r.Properties, " ")), strings.Join(want, " "))
	}
	return true, nil
}

// madeHere reports whether a Simple Verification Result names Weighbridge as its
// verifier; that of another verifier is a foreign statement.
func madeHere(predicate json.RawMessage) bool {
	fields, err := object(predicate)
	if err != nil {
		return false
	}
	verifier, err := object(fields["verifier"])
	if err != nil {
		return false
	}
	id, err := text(verifier, "id")
	return err == nil && strings.HasPrefix(id, typePrefix)
}
