package disclosure

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
)

// The schemas of the two files.
const (
	HoldingSchema      = "weighbridge.dev/disclosures/v1"
	PresentationSchema = "weighbridge.dev/presentation/v1"
)

// MaxFileBytes bounds a holding and a presentation.
const MaxFileBytes = 64 << 20

// Holding is the file of whoever signed: all disclosures of the statements of one
// shipment. It is as secret as the figures in it.
type Holding struct {
	Schema     string `json:"schema"`
	Model      string `json:"model"`
	Statements []Held `json:"statements"`
}

// Held are the disclosures of one statement.
type Held struct {
	PredicateType string   `json:"predicateType"`
	Statement     string   `json:"statement"` // SHA-256 of the signed payload, "sha256:<hex>"
	Disclosures   []Issued `json:"disclosures"`
}

// Presentation is what one recipient is shown: some disclosures, by statement. It
// holds nothing that was not chosen, and no word on what was not.
type Presentation struct {
	Schema     string      `json:"schema"`
	Statements []Presented `json:"statements"`
}

// Presented are disclosures of one statement.
type Presented struct {
	Statement   string   `json:"statement"`
	Disclosures []string `json:"disclosures"`
}

// Encode returns the one encoding of h: JSON, indented by one space, a line feed
// at its end.
func (h Holding) Encode() ([]byte, error) { return indented(h) }

// Encode returns the one encoding of p, as [Holding.Encode].
func (p Presentation) Encode() ([]byte, error) { return indented(p) }

// ParseHolding reads a holding in its one encoding.
func ParseHolding(data []byte) (Holding, error) {
	var h Holding
	if err := strict(data, &h); err != nil {
		return Holding{}, err
	}
	if h.Schema != HoldingSchema {
		return Holding{}, fmt.Errorf("schema %.60q: expected %s", h.Schema, HoldingSchema)
	}
	for _, s := range h.Statements {
		for _, d := range s.Disclosures {
			if _, err := Parse(d.Text); err != nil {
				return Holding{}, fmt.Errorf("%.100q: %w", d.Path, err)
			}
		}
	}
	return h, same(data, h)
}

// ParsePresentation reads a presentation in its one encoding. What its disclosures
// belong to is only known once they are opened.
func ParsePresentation(data []byte) (Presentation, error) {
	var p Presentation
	if err := strict(data, &p); err != nil {
		return Presentation{}, err
	}
	if p.Schema != PresentationSchema {
		return Presentation{}, fmt.Errorf("schema %.60q: expected %s", p.Schema, PresentationSchema)
	}
	seen := map[string]bool{}
	for _, s := range p.Statements {
		if seen[s.Statement] || len(s.Disclosures) == 0 {
			return Presentation{}, fmt.Errorf("statement %.80q: expected each once, with at least one disclosure", s.Statement)
		}
		seen[s.Statement] = true
	}
	if len(p.Statements) == 0 {
		return Presentation{}, fmt.Errorf("no statements: a presentation that shows nothing is none")
	}
	return p, same(data, p)
}

// Choose returns the presentation of the disclosures that are wanted. A field that
// chooses nothing is an error: whoever asked for it would think that it is shown.
func (h Holding) Choose(fields []string, chosen func(field string, d Issued) bool) (Presentation, error) {
	p := Presentation{Schema: PresentationSchema}
	used := map[string]bool{}
	for _, s := range h.Statements {
		out := Presented{Statement: s.Statement}
		for _, d := range s.Disclosures {
			if i := slices.IndexFunc(fields, func(f string) bool { return chosen(f, d) }); i >= 0 {
				out.Disclosures = append(out.Disclosures, d.Text)
			}
			for _, f := range fields {
				used[f] = used[f] || chosen(f, d)
			}
		}
		if len(out.Disclosures) > 0 {
			p.Statements = append(p.Statements, out)
		}
	}
	for _, f := range fields {
		if !used[f] {
			return Presentation{}, fmt.Errorf("%.100q is hidden nowhere in this file: it is shown already, or was not stated", f)
		}
	}
	return p, nil
}

func indented(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	err := enc.Encode(v)
	return b.Bytes(), err
}

func strict(data []byte, to any) error {
	if len(data) > MaxFileBytes {
		return fmt.Errorf("%d bytes: expected at most %d", len(data), MaxFileBytes)
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	return dec.Decode(to)
}

func same(data []byte, v any) error {
	again, err := indented(v)
	if err == nil && !bytes.Equal(again, data) {
		err = fmt.Errorf("not in its one encoding: it was edited, or not written by weighbridge")
	}
	return err
}
