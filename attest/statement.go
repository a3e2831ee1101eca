package attest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/canonical"
)

// The in-toto statement types: v1 is written; v0.1, which cosign still writes, is
// read as well.
const (
	StatementType    = "https://in-toto.io/Statement/v1"
	statementTypeOld = "https://in-toto.io/Statement/v0.1"
)

// PayloadType is the DSSE payload type of an in-toto statement.
const PayloadType = "application/vnd.in-toto+json"

// The predicate types of Weighbridge. SPEC.md documents them.
const (
	TypeTrainingCompute = typePrefix + "training-compute/v1"
	TypeHardware        = typePrefix + "hardware/v1"
	TypeDetermination   = typePrefix + "determination/v1"
	TypeReleaseNote     = typePrefix + "release-note/v1"
	TypeLedgerProof     = typePrefix + "ledger-proof/v1"

	typePrefix = "https://weighbridge.dev/"
)

// TypeBOM is the predicate type of a statement whose predicate is a CycloneDX
// document; cosign calls it cyclonedx.
const TypeBOM = "https://cyclonedx.org/bom"

// maxSubjects bounds the subjects of a foreign statement, as sigstore-go does.
const maxSubjects = 1024

// Subject is something that a statement is about. Only digests identify it; the
// name is information.
type Subject struct {
	Name   string            `json:"name"`
	Digest map[string]string `json:"digest"` // algorithm to lower-case hexadecimal digits
}

// RootSuffix ends the name of the subject that is the OMS root digest.
const RootSuffix = "#oms-root"

// Subjects returns the two subjects that every statement of ours has: the OCI
// manifest of the shipment under the model's name, and the OMS root digest of
// the weights under the model's name and [RootSuffix]. Both digests are
// "sha256:<hex>".
func Subjects(model meter.ModelRef, manifestDigest, root string) []Subject {
	return []Subject{
		{Name: string(model), Digest: map[string]string{"sha256": strings.TrimPrefix(manifestDigest, "sha256:")}},
		{Name: string(model) + RootSuffix, Digest: map[string]string{"sha256": strings.TrimPrefix(root, "sha256:")}},
	}
}

// SHA256 returns the subject's digest as "sha256:<hex>", or "" when it has none.
func (s Subject) SHA256() string {
	if s.Digest["sha256"] == "" {
		return ""
	}
	return "sha256:" + s.Digest["sha256"]
}

// Statement is an in-toto statement. At most one of the predicates is set;
// none is when the predicate type is not ours, and what the predicate says is
// then kept in Raw and not understood.
type Statement struct {
	Type          string
	Subjects      []Subject
	PredicateType string

	TrainingCompute *TrainingCompute
	Hardware        *Hardware
	Determination   *Determination
	ReleaseNote     *ReleaseNote
	LedgerProof     *LedgerProof

	// VerificationResult is set where Weighbridge is the verifier; one of another
	// verifier is foreign.
	VerificationResult *VerificationResult

	// Disclosed says what a concealed statement hides, and what was disclosed of
	// it ([Statement.Disclose]). Nil: the statement is open, nothing is hidden.
	Disclosed *Disclosed

	// Raw is the predicate as it was read. Empty in a statement that was made
	// here.
	Raw json.RawMessage

	payload []byte // a foreign statement as it was read
}

// NewStatement returns the statement that says predicate, a [TrainingCompute], a
// [Hardware], a [Determination], a [ReleaseNote], a [LedgerProof] or a
// [VerificationResult], of the two subjects that [Subjects] returns.
// The error names the field that breaks a rule of SPEC.md.
func NewStatement(subjects []Subject, predicate any) (Statement, error) {
	s := Statement{Type: StatementType, Subjects: subjects}
	switch p := predicate.(type) {
	case TrainingCompute:
		s.PredicateType, s.TrainingCompute = TypeTrainingCompute, &p
	case Hardware:
		s.PredicateType, s.Hardware = TypeHardware, &p
	case Determination:
		s.PredicateType, s.Determination = TypeDetermination, &p
	case ReleaseNote:
		s.PredicateType, s.ReleaseNote = TypeReleaseNote, &p
	case LedgerProof:
		s.PredicateType, s.LedgerProof = TypeLedgerProof, &p
	case VerificationResult:
		s.PredicateType, s.VerificationResult = TypeSVR, &p
	default:
		return Statement{}, fmt.Errorf("statement: predicate of type %T: expected one of attest.TrainingCompute, Hardware, Determination, ReleaseNote, LedgerProof and VerificationResult", predicate)
	}
	payload, err := s.Encode()
	if err != nil {
		return Statement{}, err
	}
	return ParseStatement(payload) // what leaves here can be read by every recipient
}

// Ours reports whether the predicate is one of Weighbridge's and was understood.
func (s Statement) Ours() bool {
	return s.TrainingCompute != nil || s.Hardware != nil || s.Determination != nil || s.ReleaseNote != nil || s.LedgerProof != nil || s.VerificationResult != nil
}

// Model returns the model that the predicate names, or the first subject of a
// verification result, "" for a foreign one.
func (s Statement) Model() meter.ModelRef {
	switch {
	case s.TrainingCompute != nil:
		return s.TrainingCompute.Model
	case s.Hardware != nil:
		return s.Hardware.Model
	case s.Determination != nil:
		return s.Determination.Model
	case s.ReleaseNote != nil:
		return s.ReleaseNote.Model
	case s.LedgerProof != nil:
		return s.LedgerProof.Model
	case s.VerificationResult != nil:
		return meter.ModelRef(s.Subjects[0].Name)
	}
	return ""
}

// CreatedAt returns when the predicate says that it was made, zero for a foreign
// one.
func (s Statement) CreatedAt() time.Time {
	switch {
	case s.TrainingCompute != nil:
		return s.TrainingCompute.CreatedAt
	case s.Hardware != nil:
		return s.Hardware.CreatedAt
	case s.Determination != nil:
		return s.Determination.CreatedAt
	case s.ReleaseNote != nil:
		return s.ReleaseNote.CreatedAt
	case s.LedgerProof != nil:
		return s.LedgerProof.CreatedAt
	case s.VerificationResult != nil:
		return s.VerificationResult.TimeCreated
	}
	return time.Time{}
}

// predicate returns the predicate with its lists in the form that is written.
func (s Statement) predicate() (interface{ Validate() error }, error) {
	switch {
	case s.TrainingCompute != nil && s.PredicateType == TypeTrainingCompute:
		return s.TrainingCompute.normal(), nil
	case s.Hardware != nil && s.PredicateType == TypeHardware:
		return s.Hardware.normal(), nil
	case s.Determination != nil && s.PredicateType == TypeDetermination:
		return s.Determination.normal(), nil
	case s.ReleaseNote != nil && s.PredicateType == TypeReleaseNote:
		return s.ReleaseNote.normal(), nil
	case s.LedgerProof != nil && s.PredicateType == TypeLedgerProof:
		return s.LedgerProof.normal(), nil
	case s.VerificationResult != nil && s.PredicateType == TypeSVR:
		return s.VerificationResult.normal(), nil
	}
	return nil, fmt.Errorf("statement: predicate type %q without its predicate: use NewStatement", clip(s.PredicateType))
}

// Encode returns the one encoding of s: for a statement of ours, JSON in the
// order of SPEC.md without white space; for a foreign one, the bytes that were
// read. It fails when the statement breaks a rule of SPEC.md.
func (s Statement) Encode() ([]byte, error) {
	if s.payload != nil {
		return bytes.Clone(s.payload), nil
	}
	predicate, err := s.predicate()
	if err != nil {
		return nil, err
	}
	if err := predicate.Validate(); err != nil {
		return nil, err
	}
	if err := s.validateSubjects(); err != nil {
		return nil, err
	}
	payload, err := canonical.Encode(struct {
		Type          string    `json:"_type"`
		Subjects      []Subject `json:"subject"`
		PredicateType string    `json:"predicateType"`
		Predicate     any       `json:"predicate"`
	}{s.Type, s.Subjects, s.PredicateType, predicate})
	if err == nil && len(payload) > MaxStatementBytes {
		err = fmt.Errorf("statement: %d bytes: expected at most %d", len(payload), MaxStatementBytes)
	}
	return payload, err
}

// validateSubjects holds the subjects of a statement of ours to SPEC.md S5.
func (s Statement) validateSubjects() error {
	if s.Type != StatementType && s.Type != statementTypeOld {
		return fmt.Errorf("statement: _type %q: expected %s", clip(s.Type), StatementType)
	}
	if n := s.ReleaseNote; n != nil {
		return n.validateSubjects(s.Subjects)
	}
	if len(s.Subjects) != 2 {
		return fmt.Errorf("statement: %d subjects: expected two, the OCI manifest digest and the OMS root digest", len(s.Subjects))
	}
	if err := validModel("subject[0]", s.Model()); err != nil {
		return fmt.Errorf("statement: %w", err)
	}
	model := string(s.Model())
	for i, name := range []string{model, model + RootSuffix} {
		subject := s.Subjects[i]
		if subject.Name != name {
			return fmt.Errorf("statement: subject[%d]: name %q: expected %q", i, clip(subject.Name), name)
		}
		if len(subject.Digest) != 1 || !ValidDigest(subject.SHA256()) {
			return fmt.Errorf("statement: subject[%d]: expected one digest, sha256, of 64 lower-case hexadecimal digits", i)
		}
	}
	if c := s.TrainingCompute; c != nil && c.Weights.Root != s.Subjects[1].SHA256() {
		return fmt.Errorf("statement: subject[1] is %s and weights.root %s: expected one digest", s.Subjects[1].SHA256(), c.Weights.Root)
	}
	return nil
}
