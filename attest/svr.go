package attest

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/weighbridge/weighbridge/fdp"
	"github.com/weighbridge/weighbridge/meter/canonical"
)

// TypeSVR is the predicate type of in-toto's Simple Verification Result, version
// 0.2: the verdict of a determination in a form that other tools gate on.
const TypeSVR = "https://in-toto.io/attestation/svr/v0.2"

// verifierPrefix begins the id of the verifier in a result that Weighbridge made.
const verifierPrefix = typePrefix + "verifier/"

// VerificationResult is a Simple Verification Result. It lists what passed; what
// is not listed did not pass, or was not examined. It cannot be recomputed: the
// determination beside it can.
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

// statement is the foreign statement that says r of the two subjects.
func (r VerificationResult) statement(subjects []Subject) (Statement, error) {
	predicate, err := canonical.Encode(r)
	if err != nil {
		return Statement{}, err
	}
	payload, err := canonical.Encode(struct {
		Type          string          `json:"_type"`
		Subjects      []Subject       `json:"subject"`
		PredicateType string          `json:"predicateType"`
		Predicate     json.RawMessage `json:"predicate"`
	}{StatementType, subjects, TypeSVR, predicate})
	if err != nil {
		return Statement{}, err
	}
	return ParseStatement(payload)
}
