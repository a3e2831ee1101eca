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

// NewVerificationResult says of a determination what passed: that the regime was
// evaluated, and each of these that surely holds: the weights do not meet its test,
// are not subject to the EAR, need no licence. Nothing undetermined is ever listed.
func NewVerificationResult(d Determination) (VerificationResult, error) {
	result, err := fdp.ParseDetermination(d.Result)
	if err != nil {
		return VerificationResult{}, fmt.Errorf("verification result: %w", err)
	}
	prefix := "WEIGHBRIDGE_" + strings.ToUpper(strings.ReplaceAll(result.Regime, "-", "_"))
	passed := []string{prefix + "_EVALUATED"}
	add := func(v fdp.Verdict, property string) {
		if v == fdp.DoesNotApply {
			passed = append(passed, prefix+property)
		}
	}
	add(result.Controlled, "_NOT_CONTROLLED")
	if result.Export != nil {
		add(result.SubjectToEAR, "_NOT_SUBJECT_TO_EAR")
		add(result.Licence.Required, "_NO_LICENCE_REQUIRED")
	}
	return VerificationResult{
		Verifier: Verifier{ID: typePrefix + "verifier/" + d.Tool.Version, Policies: []Policy{
			{Name: d.Question.Regime + "@" + d.Question.AsOf, Digest: map[string]string{"sha256": strings.TrimPrefix(d.Rules.Digest, "sha256:")}},
		}},
		TimeCreated: d.CreatedAt, Properties: passed,
	}, nil
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
