package fdp

import (
	"fmt"
	"math/big"
	"slices"
	"time"
)

// limitRow is one limit on quantities of hardware (SPEC.md).
type limitRow struct {
	Name      string      `json:"name,omitzero" required:"yes"`
	Title     string      `json:"title,omitzero" required:"yes"`
	Per       string      `json:"per,omitzero" required:"yes" oneof:"consignee-year|consignee|consignee-country|shipment|shipment-place|country|country-assured|group-outside-aia|group-one-country|group-outside-us"`
	Authority string      `json:"authority,omitzero"`
	Is        string      `json:"is,omitzero" required:"yes" oneof:"<=|unstated|never"`
	Share     Share       `json:"share,omitzero"`
	Spans     []limitSpan `json:"spans,omitzero"`
	Notes     []string    `json:"notes,omitzero"`
	Cite      citation    `json:"cite,omitzero"`
}

type limitSpan struct {
	From blank  `json:"from,omitzero"`
	To   blank  `json:"to,omitzero"`
	TPP  string `json:"tpp,omitzero" required:"yes"`
}

// Limit is one limit that a regime sets on quantities of hardware, in TPP
// ('total processing performance', 3A090 Technical Notes) or as a share.
type Limit struct {
	Name      string // unique in the regime
	Title     string // a sentence
	Per       string // whose quantities are added up; SPEC.md lists the values
	Authority string // under what the shipments that count went; empty for a fleet
	Is        string // "<=": the limit itself is allowed; "unstated": the text has no comparison; "never": nothing is
	Share     Share  // of the total, where the limit is a share
	Notes     []string
	Cite      string // the paragraph
	Text      string // a quotation in quotation marks, or a paraphrase
	Grade     string
	spans     []limitSpan
}

// On returns the limit in TPP on a date, and false on a date for which the text
// states none.
func (l Limit) On(date time.Time) (*big.Int, bool) {
	day := date.Format(dateFormat)
	for _, s := range l.spans {
		if (s.From == "" || day >= string(s.From)) && (s.To == "" || day <= string(s.To)) {
			return new(big.Int).SetString(s.TPP, 10)
		}
	}
	return nil, false
}

// Begins returns the first day for which the text states an amount, "" when it
// states none or has always stated one.
func (l Limit) Begins() string {
	if len(l.spans) == 0 {
		return ""
	}
	return string(l.spans[0].From)
}

// Limits returns the limits of a regime in the order of its file.
func (r *Rules) Limits(regime string) []Limit {
	p, found := r.packs[regime]
	if !found {
		return nil
	}
	var out []Limit
	for _, row := range p.Limits {
		text := row.Cite.Paraphrase
		if row.Cite.Quote != "" {
			text = `"` + row.Cite.Quote + `"`
		}
		out = append(out, Limit{
			Name: row.Name, Title: row.Title, Per: row.Per, Authority: row.Authority, Is: row.Is, Share: row.Share,
			Notes: slices.Clone(row.Notes), Cite: row.Cite.Reference, Text: text, Grade: row.Cite.Grade, spans: slices.Clone(row.Spans),
		})
	}
	return out
}

// InGroup says whether a country was in a group of the regime on a date. The
// error is a regime or a group that the rules do not have.
func (r *Rules) InGroup(regime, name string, c Country, date time.Time) (Verdict, error) {
	p, found := r.packs[regime]
	if !found {
		return Undetermined, fmt.Errorf("rules: no regime %q", clip(regime))
	}
	g, found := p.group[name]
	if !found {
		return Undetermined, fmt.Errorf("rules: regime %s has no country group %q", regime, clip(name))
	}
	if c == "" {
		return Undetermined, nil
	}
	return g.member(c, date.Format(dateFormat)), nil
}

// StatusOn returns the standing of a regime's text on a date, and false for a
// regime that the rules do not have.
func (r *Rules) StatusOn(regime string, date time.Time) (Status, bool) {
	p, found := r.packs[regime]
	if !found {
		return Status{}, false
	}
	return p.statusOn(date.Format(dateFormat)), true
}
