package attest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"github.com/weighbridge/weighbridge/meter"
)

// Determination carries a determination together with everything that it was
// made from, so that a recipient recomputes it instead of believing it.
type Determination struct {
	Model     meter.ModelRef         `json:"model"`
	Question  Question               `json:"question"`
	Facts     json.RawMessage        `json:"facts"`            // the facts document in fdp's canonical JSON
	Grades    map[string]meter.Grade `json:"grades,omitempty"` // of facts, by path; what is not listed is declared
	Rules     Rules                  `json:"rules"`
	Catalogue string                 `json:"catalogue"`     // digest of the accelerator catalogue that was read, "sha256:<hex>"
	Result    json.RawMessage        `json:"determination"` // one determination in fdp's canonical JSON
	Tool      Tool                   `json:"tool"`
	CreatedAt time.Time              `json:"createdAt"`
}

// Question is what was asked of the rules.
type Question struct {
	Regime      string            `json:"regime"`
	AsOf        string            `json:"asOf"`                  // the date, as in 2026-11-24
	Destination string            `json:"destination,omitempty"` // overrides the recipient's location in the facts
	Options     map[string]string `json:"options,omitempty"`
}

// Rules identifies the rules that were applied. Rules that are not embedded in
// the tool travel in Files, by name.
type Rules struct {
	Digest   string            `json:"digest"` // of fdp.Rules, "sha256:<hex>"
	Embedded bool              `json:"embedded"`
	Files    map[string]string `json:"files,omitempty"`
}

func (d Determination) normal() Determination { return d }

// Validate returns the first rule of SPEC.md that d breaks. That the result
// follows from the facts is checked by [Determination.Recompute].
func (d Determination) Validate() error {
	return firstError("determination",
		validModel("model", d.Model),
		d.Question.validate(),
		validObject("facts", d.Facts),
		validGrades(d.Grades),
		d.Rules.validate(),
		d.validateCatalogue(),
		validObject("determination", d.Result),
		d.Tool.validate(),
		validTime("createdAt", d.CreatedAt))
}

func (q Question) validate() error {
	if q.Regime == "" {
		return fmt.Errorf("question.regime: expected the id of a regime, as in us-4e091")
	}
	if _, err := time.Parse(time.DateOnly, q.AsOf); err != nil {
		return fmt.Errorf("question.asOf: %q: expected a date, as in 2026-11-24", clip(q.AsOf))
	}
	return nil
}

func (d Determination) validateCatalogue() error {
	if !ValidDigest(d.Catalogue) {
		return fmt.Errorf("catalogue: %q: expected sha256: and 64 lower-case hexadecimal digits", clip(d.Catalogue))
	}
	return nil
}

func validGrades(grades map[string]meter.Grade) error {
	for path, grade := range grades {
		if _, err := meter.ParseGrade(string(grade)); err != nil || path == "" {
			return fmt.Errorf("grades[%q]: expected a path of the facts and a grade, found %q", clip(path), clip(string(grade)))
		}
	}
	return nil
}

func (r Rules) validate() error {
	switch {
	case !ValidDigest(r.Digest):
		return fmt.Errorf("rules.digest: %q: expected sha256: and 64 lower-case hexadecimal digits", clip(r.Digest))
	case r.Embedded && len(r.Files) > 0:
		return fmt.Errorf("rules.files: expected none for rules that are embedded in the tool")
	case !r.Embedded && len(r.Files) == 0:
		return fmt.Errorf("rules.files: expected the files of the rules: they are not embedded in the tool")
	}
	return nil
}

// validObject checks that raw is one JSON object without white space around its
// tokens.
func validObject(field string, raw json.RawMessage) error {
	var compact bytes.Buffer
	if len(raw) == 0 || raw[0] != '{' {
		return fmt.Errorf("%s: expected a JSON object, found %.40q", field, raw)
	}
	if err := json.Compact(&compact, raw); err != nil {
		return fmt.Errorf("%s: %w", field, err)
	}
	if !bytes.Equal(compact.Bytes(), raw) {
		return fmt.Errorf("%s: expected JSON without white space", field)
	}
	return nil
}
