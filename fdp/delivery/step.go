package delivery

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/weighbridge/weighbridge/fdp"
	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/canonical"
)

// Kind is that of the notes in which steps are kept.
const Kind = "delivery-step"

// Entry is one step as it was kept: by whom, when, and on what evidence.
type Entry struct {
	Index    uint64
	Author   string
	Time     time.Time
	Evidence []meter.Evidence
	Step     Step
}

// Step is what was done: exactly one of its fields is set.
type Step struct {
	Opened    *Opened    `json:"opened,omitempty"`
	Answered  *Answered  `json:"answered,omitempty"`
	Decided   *Decided   `json:"decided,omitempty"`
	Approved  *Approved  `json:"approved,omitempty"`
	Withdrawn *Withdrawn `json:"withdrawn,omitempty"`
}

// Opened begins a delivery.
type Opened struct {
	Delivery string          `json:"delivery"` // its id
	Customer string          `json:"customer"` // its name
	Model    meter.ModelRef  `json:"model,omitempty"`
	Facts    json.RawMessage `json:"facts"`             // what is known at the beginning, in the canonical encoding of a facts document
	Plan     *Plan           `json:"plan,omitempty"`    // before training: stands until the ledger has records of the model
	Weights  string          `json:"weights,omitempty"` // OMS root of the weights, "sha256:<hex>"

	ComponentRoot string `json:"component_root,omitempty"` // their root in path-component order, where it differs
}

// Plan is the work that is intended.
type Plan struct {
	Activity   meter.Activity `json:"activity"`
	Operations meter.Interval `json:"operations"`
	Source     string         `json:"source"` // how the number was obtained
}

// Answered adds facts, or says a fact anew: the later answer counts, the earlier
// one stays.
type Answered struct {
	Answers []Answer `json:"answers"`
	Source  string   `json:"source"` // who said so, and how
}

// Answer is one fact of the facts document by its path.
type Answer struct {
	Path  string          `json:"path"`
	Value json.RawMessage `json:"value"`
}

// Decided is a decision. With a signature it is prepared for release.
type Decided struct {
	Decision  Decision     `json:"decision"`
	Question  fdp.Question `json:"question"`
	Facts     string       `json:"facts"` // digest of the evidence that holds the facts and their grades
	Signature *Signature   `json:"signature,omitempty"`
}

// Signature names evidence: a statement signed by a key, and the key itself.
type Signature struct {
	Key       string `json:"key"`        // "sha256:<hex>" of its DER
	PublicKey string `json:"public_key"` // digest of the evidence that holds it, PEM
	Bundle    string `json:"bundle"`     // digest of the evidence that holds the Sigstore bundle
}

// Approved lets a prepared release go.
type Approved struct {
	Decided   uint64    `json:"decided"` // index of the step that is approved
	Signature Signature `json:"signature"`
}

// Withdrawn ends a delivery.
type Withdrawn struct {
	Reason string `json:"reason"`
}

// Encode returns the one encoding of a step. The error names what is wrong in it.
func (s Step) Encode() ([]byte, error) {
	if err := s.validate(); err != nil {
		return nil, fmt.Errorf("delivery step: %w", err)
	}
	return canonical.Encode(s)
}

// ParseStep reads what [Step.Encode] writes, and nothing else.
func ParseStep(data []byte) (Step, error) {
	var s Step
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&s); err != nil {
		return Step{}, fmt.Errorf("delivery step: %w", err)
	}
	again, err := s.Encode()
	if err != nil {
		return Step{}, err
	}
	if !bytes.Equal(again, data) {
		return Step{}, fmt.Errorf("delivery step: found %.80q, which is not its one encoding", data)
	}
	return s, nil
}

// validate holds a step against SPEC.md.
func (s Step) validate() error {
	set := 0
	for _, given := range []bool{s.Opened != nil, s.Answered != nil, s.Decided != nil, s.Approved != nil, s.Withdrawn != nil} {
		if given {
			set++
		}
	}
	switch {
	case set != 1:
		return fmt.Errorf("found %d of opened, answered, decided, approved and withdrawn, expected one", set)
	case s.Opened != nil:
		return s.Opened.validate()
	case s.Answered != nil:
		return s.Answered.validate()
	case s.Decided != nil:
		return s.Decided.validate()
	case s.Approved != nil:
		return s.Approved.Signature.validate()
	}
	return validLine("withdrawn.reason", s.Withdrawn.Reason, 2000)
}

var idForm = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}$`)

// ValidID reports an error unless s can name a delivery: 1 to 100 letters,
// digits, points, hyphens and underscores, not beginning with a point or a hyphen.
func ValidID(s string) error {
	if !idForm.MatchString(s) {
		return fmt.Errorf("delivery %.120q: expected 1 to 100 letters, digits, points, hyphens and underscores, not beginning with a point or a hyphen", s)
	}
	return nil
}

func (o Opened) validate() error {
	if err := ValidID(o.Delivery); err != nil {
		return err
	}
	if err := validLine("opened.customer", o.Customer, 200); err != nil {
		return err
	}
	if o.Model != "" {
		if _, err := meter.ParseModel(string(o.Model)); err != nil {
			return fmt.Errorf("opened.model: %w", err)
		}
	}
	if err := validFacts(o.Facts); err != nil {
		return fmt.Errorf("opened.facts: %w", err)
	}
	if p := o.Plan; p != nil {
		if _, err := meter.ParseActivity(string(p.Activity)); err != nil {
			return fmt.Errorf("opened.plan: %w", err)
		}
		if err := p.Operations.Validate(); err != nil {
			return fmt.Errorf("opened.plan: %w", err)
		}
		if err := validLine("opened.plan.source", p.Source, 1000); err != nil {
			return err
		}
	}
	if o.Weights != "" && !validDigest(o.Weights) {
		return fmt.Errorf("opened.weights %.80q: expected sha256: and 64 lower-case hexadecimal digits", o.Weights)
	}
	if o.ComponentRoot != "" && (o.Weights == "" || o.ComponentRoot == o.Weights || !validDigest(o.ComponentRoot)) {
		return fmt.Errorf("opened.component_root %.80q: expected the digest of the weights in path-component order, where it is another than opened.weights", o.ComponentRoot)
	}
	return nil
}

// validFacts: a facts document in its one encoding.
func validFacts(data []byte) error {
	facts, err := fdp.ParseFacts(data, "facts")
	if err != nil {
		return plainError(err)
	}
	again, err := facts.Encode()
	if err == nil && !bytes.Equal(again, data) {
		err = fmt.Errorf("found %.80q, which is not the canonical encoding of a facts document", data)
	}
	return err
}

func (a Answered) validate() error {
	if len(a.Answers) == 0 || len(a.Answers) > 100 {
		return fmt.Errorf("answered: found %d answers, expected 1 to 100", len(a.Answers))
	}
	for i, answer := range a.Answers {
		if _, err := answer.facts(); err != nil {
			return fmt.Errorf("answered[%d]: %w", i, err)
		}
		if slices.ContainsFunc(a.Answers[:i], func(b Answer) bool { return b.Path == answer.Path }) {
			return fmt.Errorf("answered[%d]: %s stands twice", i, answer.Path)
		}
	}
	return validLine("answered.source", a.Source, 1000)
}

func (d Decided) validate() error {
	if err := d.Decision.validate(); err != nil {
		return fmt.Errorf("decided: %w", err)
	}
	if !validDigest(d.Facts) {
		return fmt.Errorf("decided.facts %.80q: expected sha256: and 64 lower-case hexadecimal digits", d.Facts)
	}
	if d.Signature != nil {
		return d.Signature.validate()
	}
	return nil
}

func (s Signature) validate() error {
	for _, digest := range []string{s.Key, s.PublicKey, s.Bundle} {
		if !validDigest(digest) {
			return fmt.Errorf("signature: digest %.80q: expected sha256: and 64 lower-case hexadecimal digits", digest)
		}
	}
	return nil
}

func validDigest(s string) bool {
	hex, found := strings.CutPrefix(s, "sha256:")
	return found && len(hex) == 64 && strings.Trim(hex, "0123456789abcdef") == ""
}

func validLine(field, s string, limit int) error {
	control := strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 })
	if s == "" || len(s) > limit || control || strings.ToValidUTF8(s, "") != s {
		return fmt.Errorf("%s %.80q: expected one line of 1 to %d bytes", field, s, limit)
	}
	return nil
}
