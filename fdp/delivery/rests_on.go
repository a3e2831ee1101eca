package delivery

import (
	"encoding/json"
	"strings"

	"github.com/weighbridge/weighbridge/fdp"
	"github.com/weighbridge/weighbridge/provenance"
)

// Unstated is a fact that nobody has stated and whose statement could turn a release
// round.
type Unstated struct {
	Fact     string          `json:"fact"`
	TakenAs  string          `json:"taken_as"` // none, false, or not stated
	Value    json.RawMessage `json:"value"`    // with this one
	Decision Outcome         `json:"decision"` // it would be
}

// restsOn states each unanswered question of a release in turn, with each value that it
// can have, and returns those under which it would be decided otherwise, in the order of
// the questions. One fact is stated at a time, so that two that hold only together are
// not found.
func (d Decision) restsOn(r *fdp.Rules, c *provenance.Catalogue, f fdp.Facts, q fdp.Question) ([]Unstated, error) {
	if d.Decision != Release {
		return nil, nil
	}
	var out []Unstated
	for _, question := range d.Questions {
		if question.Answer != "" {
			continue
		}
		values := fdp.StatedValues(question.Fact)
		turned := map[string]Outcome{}
		for _, value := range values {
			decision, err := d.stating(r, c, f, q, Answer{question.Fact, json.RawMessage(value)})
			if err != nil {
				return nil, err
			}
			if decision != Release {
				turned[value] = decision
			}
		}
		for _, value := range values {
			if decision, found := turned[value]; found {
				out = append(out, Unstated{question.Fact, takenAs(values, turned), json.RawMessage(value), decision})
			}
		}
	}
	return out, nil
}

// stating decides with one fact more. What does not fit the others cannot be stated, and
// turns nothing round.
func (d Decision) stating(r *fdp.Rules, c *provenance.Catalogue, f fdp.Facts, q fdp.Question, a Answer) (Outcome, error) {
	more, err := a.facts()
	if err != nil {
		return "", err
	}
	with, err := f.Merge(more)
	if err != nil {
		return Release, nil
	}
	desks, err := fdp.EvaluateDesk(r, c, with, q)
	if err != nil {
		return "", err
	}
	return byStanding(desks).Under(d.Standing), nil
}

// takenAs is what silence comes to: a value under which it stays a release.
func takenAs(values []string, turned map[string]Outcome) string {
	for _, value := range values {
		if _, found := turned[value]; !found && (value == "false" || value == `"none"`) {
			return strings.Trim(value, `"`)
		}
	}
	if values[0][0] == '[' {
		return "none"
	}
	return "not stated"
}
