package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/weighbridge/weighbridge/fdp"
	"github.com/weighbridge/weighbridge/meter"
)

type compareResult struct {
	Schema   string           `json:"schema"`
	Model    meter.ModelRef   `json:"model,omitempty"`
	With     string           `json:"with"` // the file
	Compared []comparedRegime `json:"compared"`
	Pending  []string         `json:"pending"`
}

type comparedRegime struct {
	Regime    string       `json:"regime"`
	OldAsOf   string       `json:"old_as_of"` // empty: it was not evaluated then
	NewAsOf   string       `json:"new_as_of"` // empty: it is not evaluated now
	OldRules  string       `json:"old_rules"`
	NewRules  string       `json:"new_rules"`
	OldAnswer *fdp.Verdict `json:"old_controlled"`
	NewAnswer *fdp.Verdict `json:"new_controlled"`
	Changes   []fdp.Change `json:"changes"`
}

// compareDeterminations evaluates the regimes of old determinations again and says
// what differs.
func (a *app) compareDeterminations(o evaluateOptions, q inquiry, old []fdp.Determination) error {
	if len(q.question.Regimes) == 0 {
		for _, d := range old {
			if slices.Contains(q.rules.Regimes(), d.Regime) {
				q.question.Regimes = append(q.question.Regimes, d.Regime)
			}
		}
	}
	current, err := q.evaluate()
	if err != nil {
		return err
	}
	result := compareResult{"weighbridge.dev/evaluate-compare/v1", q.facts.Model, o.compare, []comparedRegime{}, q.pending}
	for _, d := range old {
		result.Compared = append(result.Compared, compareRegime(&d, determinationOf(current, d.Regime)))
	}
	for _, d := range current {
		if determinationOf(old, d.Regime) == nil {
			result.Compared = append(result.Compared, compareRegime(nil, &d))
		}
	}
	return a.print(result)
}

func determinationOf(all []fdp.Determination, regime string) *fdp.Determination {
	for i := range all {
		if all[i].Regime == regime {
			return &all[i]
		}
	}
	return nil
}

func compareRegime(old, current *fdp.Determination) comparedRegime {
	var r comparedRegime
	if old != nil {
		r.Regime, r.OldAsOf, r.OldRules, r.OldAnswer = old.Regime, old.AsOf, old.RulesDigest, &old.Controlled
	}
	if current != nil {
		r.Regime, r.NewAsOf, r.NewRules, r.NewAnswer = current.Regime, current.AsOf, current.RulesDigest, &current.Controlled
	}
	r.Changes = []fdp.Change{}
	if old != nil && current != nil {
		r.Changes = append(r.Changes, fdp.Diff(*old, *current)...)
	}
	return r
}

func (r compareResult) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s, evaluated again and compared with %s\n", orTheModel(string(r.Model)), printable(r.With))
	for _, c := range r.Compared {
		switch {
		case c.OldAnswer == nil:
			fmt.Fprintf(&b, "%s: %s on %s; it was not evaluated then\n", printable(c.Regime), c.NewAnswer, c.NewAsOf)
			continue
		case c.NewAnswer == nil:
			fmt.Fprintf(&b, "%s: was %s on %s; it is not evaluated now\n", printable(c.Regime), c.OldAnswer, printable(c.OldAsOf))
			continue
		}
		fmt.Fprintf(&b, "%s: %s on %s, was %s on %s; %s\n", printable(c.Regime), c.NewAnswer, c.NewAsOf, c.OldAnswer, printable(c.OldAsOf), rulesWords(c))
		if len(c.Changes) == 0 {
			b.WriteString("  nothing else differs\n")
		}
		writeChanges(&b, "  ", c.Changes)
	}
	for _, note := range r.Pending {
		fmt.Fprintf(&b, "included: %s\n", note)
	}
	b.WriteString("What is compared with is read as it stands: its signature is verify's business. Not legal advice.\n")
	return b.String()
}

func rulesWords(c comparedRegime) string {
	if c.OldRules == c.NewRules {
		return "the same rules"
	}
	return "other rules (" + printable(c.OldRules) + " then)"
}
