package fdp

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/weighbridge/weighbridge/meter/canonical"
)

// Question is what an evaluation is asked: under which regimes, on which date,
// for which destination, under which readings.
type Question struct {
	Regimes     []string          // none: every regime of the rules
	AsOf        time.Time         // a date, midnight UTC; it chooses text, standing and groups, never which operations count
	Destination string            // a country code that overrides recipient.location; empty: that one
	Options     map[string]string // by name; one not named has its default, or is evaluated under every reading
}

// QuestionError reports a question that cannot be asked of these rules.
type QuestionError struct{ Field, Message string }

func (e *QuestionError) Error() string { return e.Field + ": " + e.Message }

// dateFormat is how dates stand everywhere.
const dateFormat = "2006-01-02"

// ParseDate reads a date, "2026-11-25".
func ParseDate(s string) (time.Time, error) {
	t, err := time.Parse(dateFormat, s)
	if err != nil || t.Format(dateFormat) != s {
		return time.Time{}, fmt.Errorf("date %q: expected year-month-day, as in 2026-11-25", clip(s))
	}
	return t, nil
}

// Validate returns a [*QuestionError] when r does not know a regime, an option
// or a value, the destination is no country, or the date is not a date.
func (q Question) Validate(r *Rules) error {
	if !q.AsOf.Equal(q.AsOf.UTC().Truncate(24*time.Hour)) || q.AsOf.Location() != time.UTC {
		return &QuestionError{"as-of", fmt.Sprintf("found %s, expected a date at midnight UTC", q.AsOf.Format(time.RFC3339Nano))}
	}
	if y := q.AsOf.Year(); y < 1 || y > 9999 {
		return &QuestionError{"as-of", "expected a year from 1 to 9999"}
	}
	if q.Destination != "" {
		if _, err := ParseCountry(q.Destination); err != nil {
			return &QuestionError{"destination", err.Error()}
		}
	}
	for i, regime := range q.Regimes {
		if r.packs[regime] == nil {
			return &QuestionError{"regime", fmt.Sprintf("found %q, expected one of %s", clip(regime), strings.Join(r.Regimes(), ", "))}
		}
		if slices.Contains(q.Regimes[:i], regime) {
			return &QuestionError{"regime", fmt.Sprintf("%s stands twice", regime)}
		}
	}
	if q.AsOf.IsZero() {
		regime, first := r.firstDate(q.regimes(r))
		return &QuestionError{"as-of", fmt.Sprintf("found %s, which also stands for no date and is before the first that the packs hold: %s, of %s; expected a date from 0001-01-02", q.AsOf.Format(dateFormat), first, regime)}
	}
	for _, name := range sortedKeys(q.Options) {
		if err := r.validOption(q.regimes(r), name, q.Options[name]); err != nil {
			return err
		}
	}
	return nil
}

// firstDate is the first on which a text of the regimes changed its standing, and whose.
func (r *Rules) firstDate(regimes []string) (regime, first string) {
	for _, name := range regimes {
		for _, s := range r.packs[name].Standing {
			if from := string(s.From); from != "" && (first == "" || from < first) {
				regime, first = name, from
			}
		}
	}
	return regime, first
}

func (q Question) regimes(r *Rules) []string {
	if len(q.Regimes) == 0 {
		return r.Regimes()
	}
	return q.Regimes
}

func (r *Rules) validOption(regimes []string, name, value string) error {
	var known []string
	for _, regime := range regimes {
		if o, found := r.packs[regime].option[name]; found {
			if !slices.Contains(o.Values, value) {
				return &QuestionError{"option", fmt.Sprintf("%s: found %q, expected one of %s", name, clip(value), strings.Join(o.Values, ", "))}
			}
			return nil
		}
		known = append(known, sortedKeys(r.packs[regime].option)...)
	}
	if name == "note2_evidence" {
		return &QuestionError{"option", "note2_evidence is a fact, not a reading: state most_advanced_published.evidence in the facts document"}
	}
	slices.Sort(known) // regimes share names
	return &QuestionError{"option", fmt.Sprintf("found %q, expected one of %s", clip(name), strings.Join(slices.Compact(known), ", "))}
}

// questionJSON is the form in which a question travels.
type questionJSON struct {
	Regimes     []string          `json:"regimes,omitzero"`
	AsOf        string            `json:"as_of"`
	Destination string            `json:"destination,omitempty"`
	Options     map[string]string `json:"options,omitempty"`
}

// MarshalJSON writes the one encoding: fields in order, options sorted by name.
func (q Question) MarshalJSON() ([]byte, error) {
	regimes := q.Regimes
	if len(regimes) == 0 {
		regimes = nil
	}
	return canonical.Encode(questionJSON{regimes, q.AsOf.Format(dateFormat), q.Destination, q.Options})
}

// UnmarshalJSON reads what MarshalJSON writes, and nothing else.
func (q *Question) UnmarshalJSON(data []byte) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	var read questionJSON
	if err := dec.Decode(&read); err != nil {
		return fmt.Errorf("question: %w", err)
	}
	asOf, err := ParseDate(read.AsOf)
	if err != nil {
		return fmt.Errorf("question: %w", err)
	}
	parsed := Question{read.Regimes, asOf, read.Destination, read.Options}
	again, err := parsed.MarshalJSON()
	var compact bytes.Buffer
	if err != nil || json.Compact(&compact, data) != nil || !bytes.Equal(again, compact.Bytes()) {
		return fmt.Errorf("question: not in canonical encoding: expected %s", clip(string(again)))
	}
	*q = parsed
	return nil
}
