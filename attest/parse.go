package attest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/weighbridge/weighbridge/meter/canonical"
)

// UnknownVersionError reports a predicate type of Weighbridge that this build
// does not read: another version, or a later invention.
type UnknownVersionError struct {
	PredicateType string
}

func (e *UnknownVersionError) Error() string {
	return fmt.Sprintf("statement: predicate type %q is one of Weighbridge's that this build does not read (it reads %s, %s, %s, %s and %s): verify with the version of weighbridge that made it, or a newer one",
		clip(e.PredicateType), TypeTrainingCompute, TypeHardware, TypeDetermination, TypeReleaseNote, TypeLedgerProof)
}

// ParseStatement reads the payload of an envelope whose signature has been
// verified. A statement of ours is accepted only in its one encoding: unknown
// fields, keys written twice or in another case, white space, other spellings of
// a number, trailing bytes are errors. A foreign statement must be an in-toto
// statement v1 or v0.1 in unambiguous JSON; its predicate is kept in Raw. An
// unknown predicate type of ours is an [*UnknownVersionError].
func ParseStatement(payload []byte) (Statement, error) {
	if err := scanJSON(payload, MaxFactsDepth); err != nil {
		return Statement{}, fmt.Errorf("statement: %w", err)
	}
	s, err := parseHeader(payload)
	if err != nil {
		return Statement{}, err
	}
	if s.PredicateType != TypeDetermination {
		if err := ScanJSON(payload); err != nil { // only facts go deeper
			return Statement{}, fmt.Errorf("statement: %w", err)
		}
	}
	if strings.HasPrefix(s.PredicateType, typePrefix) && concealed(s.Raw) {
		return parseConcealed(s, payload)
	}
	switch s.PredicateType {
	case TypeTrainingCompute:
		s.TrainingCompute, err = decode[TrainingCompute](s.Raw)
	case TypeHardware:
		s.Hardware, err = decode[Hardware](s.Raw)
	case TypeDetermination:
		s.Determination, err = decode[Determination](s.Raw)
	case TypeReleaseNote:
		s.ReleaseNote, err = decode[ReleaseNote](s.Raw)
	case TypeLedgerProof:
		s.LedgerProof, err = decode[LedgerProof](s.Raw)
	case TypeSVR:
		if !madeHere(s.Raw) {
			return s.foreign(payload), nil
		}
		s.VerificationResult, err = decode[VerificationResult](s.Raw)
	default:
		if strings.HasPrefix(s.PredicateType, typePrefix) {
			return Statement{}, &UnknownVersionError{s.PredicateType}
		}
		return s.foreign(payload), nil
	}
	if err != nil {
		return Statement{}, fmt.Errorf("statement: predicate: %w", err)
	}
	return s, encodesTo(s, payload)
}

// foreign keeps a statement as it was read.
func (s Statement) foreign(payload []byte) Statement {
	s.payload = bytes.Clone(payload)
	return s
}

// parseHeader reads everything but the predicate. Keys are compared exactly:
// encoding/json alone would take "Subject" for "subject".
func parseHeader(payload []byte) (Statement, error) {
	fields, err := object(payload)
	if err != nil {
		return Statement{}, fmt.Errorf("statement: %w", err)
	}
	s := Statement{Raw: fields["predicate"]}
	if s.Type, err = text(fields, "_type"); err != nil {
		return Statement{}, fmt.Errorf("statement: %w", err)
	}
	if s.Type != StatementType && s.Type != statementTypeOld {
		return Statement{}, fmt.Errorf("statement: _type %q: expected %s or %s", clip(s.Type), StatementType, statementTypeOld)
	}
	if s.PredicateType, err = text(fields, "predicateType"); err != nil || s.PredicateType == "" {
		return Statement{}, fmt.Errorf("statement: predicateType: expected a type URI, found %.40q", fields["predicateType"])
	}
	s.Subjects, err = parseSubjects(fields["subject"])
	return s, err
}

func parseSubjects(raw json.RawMessage) ([]Subject, error) {
	var elements []json.RawMessage
	if err := json.Unmarshal(raw, &elements); err != nil || len(elements) == 0 || len(elements) > maxSubjects {
		return nil, fmt.Errorf("statement: subject: expected a list of 1 to %d subjects", maxSubjects)
	}
	subjects := make([]Subject, len(elements))
	for i, element := range elements {
		fields, err := object(element)
		if err != nil {
			return nil, fmt.Errorf("statement: subject[%d]: %w", i, err)
		}
		if fields["name"] != nil { // optional in v1
			if subjects[i].Name, err = text(fields, "name"); err != nil {
				return nil, fmt.Errorf("statement: subject[%d]: %w", i, err)
			}
		}
		if err := json.Unmarshal(fields["digest"], &subjects[i].Digest); err != nil || len(subjects[i].Digest) == 0 {
			return nil, fmt.Errorf("statement: subject[%d]: digest: expected an object of algorithm and digits", i)
		}
	}
	return subjects, nil
}

func object(raw json.RawMessage) (map[string]json.RawMessage, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(raw, &fields); err != nil || fields == nil {
		return nil, fmt.Errorf("expected a JSON object, found %.40q", raw)
	}
	return fields, nil
}

func text(fields map[string]json.RawMessage, key string) (string, error) {
	var s *string
	if err := json.Unmarshal(fields[key], &s); err != nil || s == nil {
		return "", fmt.Errorf("%s: expected a string, found %.40q", key, fields[key])
	}
	return *s, nil
}

func decode[T any](raw json.RawMessage) (*T, error) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	out := new(T)
	return out, dec.Decode(out)
}

// encodesTo returns an error unless s encodes to payload.
func encodesTo(s Statement, payload []byte) error {
	again, err := s.Encode()
	if err != nil {
		return err
	}
	if err := canonical.Compare(payload, again); err != nil {
		return fmt.Errorf("statement: %w", err)
	}
	return nil
}
