package attest

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"

	"github.com/weighbridge/weighbridge/attest/disclosure"
	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/canonical"
)

// Disclosed is what the reader of a concealed statement knows of it beyond the
// figures: which of them are hidden, and what was disclosed that an open statement
// does not have. A hidden figure stands in the statement's predicate as the bounds
// that are known of it: at least 0, at least 1 record or device, never as zero.
type Disclosed struct {
	Hidden     []string        // what is hidden, each with its path
	Shown      int             // disclosures that were opened
	Thresholds map[string]bool // those that were shown and answered; one that cannot be told is in neither form here
	Details    map[meter.ModelRef]Detail
	JSON       json.RawMessage // the predicate with what was disclosed in its place

	hiddenPaths map[string]bool
}

// Hides reports whether the figure at a path of the predicate is hidden, as in
// "devices[0].count". It is false of nil, an open statement.
func (d *Disclosed) Hides(path string) bool { return d != nil && d.hiddenPaths[path] }

func (d *Disclosed) hide(path string) {
	d.Hidden, d.hiddenPaths[path] = append(d.Hidden, path), true
}

// concealed reports whether a predicate of ours hides figures behind digests.
func concealed(raw json.RawMessage) bool {
	fields, err := object(raw)
	return err == nil && fields[disclosure.KeyAlgorithm] != nil
}

// Disclose returns s with the disclosures opened in place (RFC 9901, section 7.1).
// Of the original statement only what its signature covers is used, so opening
// twice never adds up. It is an error for an open statement to be given any, and
// what was disclosed must not contradict itself or what is shown.
func (s Statement) Disclose(disclosures []string) (Statement, error) {
	if s.Disclosed == nil {
		if len(disclosures) == 0 {
			return s, nil
		}
		return Statement{}, fmt.Errorf("statement: it hides nothing, and %d disclosures were given: they belong to another statement", len(disclosures))
	}
	for _, text := range disclosures {
		data, err := base64.RawURLEncoding.DecodeString(text)
		if err == nil {
			err = ScanJSON(data)
		}
		if err != nil {
			return Statement{}, fmt.Errorf("statement: a disclosure: %w", err)
		}
	}
	opened, err := disclosure.Open(s.Raw, disclosures)
	if err != nil {
		return Statement{}, fmt.Errorf("statement: %w", err)
	}
	d := &Disclosed{Shown: len(opened.Shown), Thresholds: map[string]bool{}, Details: map[meter.ModelRef]Detail{}, JSON: opened.JSON, hiddenPaths: map[string]bool{}}
	out := s
	out.Disclosed = d
	switch s.PredicateType {
	case TypeTrainingCompute:
		out.TrainingCompute, err = viewCompute(opened, d)
	case TypeHardware:
		out.Hardware, err = viewHardware(opened, d)
	}
	if err == nil {
		err = out.validateSubjects()
	}
	if err != nil {
		return Statement{}, fmt.Errorf("statement: concealed predicate: %w", err)
	}
	return out, nil
}

// parseConcealed reads a statement of ours that hides figures, with nothing opened.
func parseConcealed(s Statement, payload []byte) (Statement, error) {
	if s.PredicateType != TypeTrainingCompute && s.PredicateType != TypeHardware {
		return Statement{}, fmt.Errorf("statement: a predicate of type %s hides nothing: %s is not known in it", clip(s.PredicateType), disclosure.KeyAlgorithm)
	}
	predicate, err := tree(s.Raw)
	if err != nil {
		return Statement{}, fmt.Errorf("statement: predicate: %w", err)
	}
	again, err := canonical.Encode(struct {
		Type          string         `json:"_type"`
		Subjects      []Subject      `json:"subject"`
		PredicateType string         `json:"predicateType"`
		Predicate     map[string]any `json:"predicate"` // a concealed one: keys sorted
	}{s.Type, s.Subjects, s.PredicateType, predicate})
	if err != nil {
		return Statement{}, err
	}
	if err := canonical.Compare(payload, again); err != nil {
		return Statement{}, fmt.Errorf("statement: %w", err)
	}
	s.payload, s.Disclosed = bytes.Clone(payload), &Disclosed{}
	return s.Disclose(nil)
}

type concealedCompute struct {
	Model        meter.ModelRef   `json:"model"`
	Weights      Weights          `json:"weights"`
	Convention   Convention       `json:"convention"`
	Methods      []meter.Method   `json:"methods"`
	Completeness string           `json:"completeness"`
	Tool         Tool             `json:"tool"`
	CreatedAt    time.Time        `json:"createdAt"`
	Corrections  []Correction     `json:"corrections"`
	Findings     []meter.Finding  `json:"findings"`
	Period       json.RawMessage  `json:"period"`
	Ledger       json.RawMessage  `json:"ledger"`
	Thresholds   map[string]*bool `json:"thresholds"`
	Lineage      struct {
		Models     []concealedModel `json:"models"`
		Missing    []meter.ModelRef `json:"missing"`
		Generators []concealedModel `json:"generators"`
	} `json:"lineage"`
}

type concealedModel struct {
	Model        meter.ModelRef  `json:"model"`
	Parents      []meter.Parent  `json:"parents"`
	Work         []concealedWork `json:"work"`
	Tokens       json.RawMessage `json:"tokens"`
	Derivation   []string        `json:"derivation"`
	Architecture []string        `json:"architecture"`
}

type concealedWork struct {
	Activity      meter.Activity  `json:"activity"`
	Weights       string          `json:"weights"`
	Generator     meter.ModelRef  `json:"generator"`
	DataPublished *bool           `json:"dataPublished"`
	NeverStarted  bool            `json:"neverStarted"`
	Grade         meter.Grade     `json:"grade"`
	Operations    *meter.Interval `json:"operations"`
	AtLeast       *meter.Ops      `json:"atLeast"`
	AtMost        json.RawMessage `json:"atMost"`
	Records       *uint64         `json:"records"`
}

// viewCompute returns the predicate with bounds for what is hidden.
func viewCompute(opened disclosure.Opened, d *Disclosed) (*TrainingCompute, error) {
	c, err := decode[concealedCompute](opened.JSON)
	if err != nil {
		return nil, err
	}
	out := TrainingCompute{Model: c.Model, Weights: c.Weights, Convention: c.Convention, Methods: c.Methods, Completeness: c.Completeness,
		Tool: c.Tool, CreatedAt: c.CreatedAt, Corrections: c.Corrections, Findings: c.Findings}
	if out.Period, err = optional[meter.Period](c.Period, "period", d); err != nil {
		return nil, err
	}
	if out.Ledger, err = optional[Head](c.Ledger, "ledger", d); err != nil {
		return nil, err
	}
	out.Lineage.Missing = c.Lineage.Missing
	if out.Lineage.Models, err = viewModels("lineage.models", c.Lineage.Models, d); err != nil {
		return nil, err
	}
	if out.Lineage.Generators, err = viewModels("lineage.generators", c.Lineage.Generators, d); err != nil {
		return nil, err
	}
	if err := out.bounded(c.Thresholds, d); err != nil {
		return nil, err
	}
	if err := out.sum(); err != nil {
		return nil, err
	}
	if err := out.agrees(d); err != nil {
		return nil, err
	}
	d.closed(opened)
	if err := inOneEncoding(opened.JSON, c); err != nil {
		return nil, err
	}
	return &out, out.normal().Validate()
}

// optional reads a member that is hidden when it is not there, and not stated when
// it is null.
func optional[T any](raw json.RawMessage, path string, d *Disclosed) (*T, error) {
	switch string(raw) {
	case "":
		d.hide(path)
		return nil, nil
	case "null":
		return nil, nil
	}
	out, err := decode[T](raw)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return out, nil
}

func viewModels(at string, models []concealedModel, d *Disclosed) ([]LineageModel, error) {
	var out []LineageModel
	for i, m := range models {
		path := fmt.Sprintf("%s[%d]", at, i)
		view := LineageModel{Model: m.Model, Parents: m.Parents}
		for j, w := range m.Work {
			line, err := w.view(fmt.Sprintf("%s.work[%d]", path, j), d)
			if err != nil {
				return nil, err
			}
			view.Work = append(view.Work, line)
		}
		detail := Detail{Derivation: m.Derivation, Architecture: m.Architecture}
		var err error
		if detail.Tokens, err = optional[meter.Ops](m.Tokens, path+".tokens", d); err != nil {
			return nil, err
		}
		if m.Derivation == nil {
			d.hide(path + ".derivation")
		}
		if m.Architecture == nil {
			d.hide(path + ".architecture")
		}
		d.Details[m.Model] = detail
		out = append(out, view)
	}
	return out, nil
}

func (w concealedWork) view(path string, d *Disclosed) (Work, error) {
	out := Work{Activity: w.Activity, Weights: w.Weights, Generator: w.Generator, DataPublished: w.DataPublished, NeverStarted: w.NeverStarted, Grade: w.Grade, Records: 1}
	if w.Records != nil {
		out.Records = *w.Records
	} else {
		d.hide(path + ".records")
	}
	var least meter.Ops
	var most meter.Bound
	if w.AtLeast != nil {
		least = *w.AtLeast
	} else {
		d.hide(path + ".atLeast")
	}
	if w.AtMost == nil {
		d.hide(path + ".atMost")
	} else if err := json.Unmarshal(w.AtMost, &most); err != nil {
		return out, fmt.Errorf("%s.atMost: %w", path, err)
	}
	if w.Operations == nil {
		d.hide(path + ".operations")
		out.Interval = meter.Interval{Low: least, High: most}
		return out, nil
	}
	out.Interval = *w.Operations
	if err := out.Interval.Validate(); err != nil {
		return out, fmt.Errorf("%s.operations: %w", path, err)
	}
	if w.AtLeast != nil && powerBelow(out.Low) != least || w.AtMost != nil && powerAbove(out.High) != most {
		return out, fmt.Errorf("%s: atLeast and atMost are not the powers of ten around operations %s", path, out.Interval)
	}
	return out, nil
}

// closed notes the digests that were not opened: elements of lists cannot be told
// from decoys.
func (d *Disclosed) closed(opened disclosure.Opened) {
	if opened.Closed > 0 {
		d.Hidden = append(d.Hidden, fmt.Sprintf("%d digests that were not opened: figures above, elements of lists, or decoys", opened.Closed))
	}
}
