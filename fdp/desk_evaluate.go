package fdp

import (
	"fmt"
	"slices"

	"github.com/weighbridge/weighbridge/provenance"
)

// Desk is what the rules of one regime say of a service that a provider gives to
// a customer (the field service of a facts document). It is not legal advice.
type Desk struct {
	Regime      string            `json:"regime"`
	AsOf        string            `json:"as_of"`
	RulesDigest string            `json:"rules_digest"`
	Options     map[string]string `json:"options"` // the readings that were taken
	Status      Status            `json:"status"`
	Flag        Verdict           `json:"flag"`      // the red flag itself
	FlagRule    string            `json:"flag_rule"` // the finding that says so
	Gates       []Gate            `json:"gates"`
	Findings    []Finding         `json:"findings"` // of the clauses that gates and actions rest on
	Actions     []Action          `json:"actions"`  // of those, the ones that are due
	Questions   []DeskQuestion    `json:"questions"`
	Checklist   []CheckItem       `json:"checklist"`
}

// Gate is one reason to hold a delivery. Holds applies when its rule does and
// nothing lets the delivery go; it does not when its rule does not, or something
// does; and is undetermined otherwise.
type Gate struct {
	Rule    string    `json:"rule"`
	Unless  string    `json:"unless,omitempty"`
	Always  bool      `json:"always"` // whatever the standing of the text
	Holds   Verdict   `json:"holds"`
	Missing []Missing `json:"missing"` // what could change Holds
}

// Action is something that the text wants done.
type Action struct {
	Action   string `json:"action"`
	Rule     string `json:"rule"`   // the finding that makes it due
	Always   bool   `json:"always"` // whatever the standing of the text
	Sentence string `json:"sentence"`
	Cite     string `json:"cite"`
}

// DeskQuestion is what the rules want asked, and whether the facts answer it.
type DeskQuestion struct {
	Fact     string `json:"fact"`
	Of       string `json:"of"` // customer or provider
	Question string `json:"question"`
	Cite     string `json:"cite"`
	Answer   string `json:"answer,omitempty"` // empty: nobody has said
}

// CheckItem is a paragraph of an authorisation. Met is undetermined also where
// only documents can show it.
type CheckItem struct {
	ID       string  `json:"id"`
	Of       string  `json:"of"` // uveu, nveu, veu (both) or aia
	Met      Verdict `json:"met"`
	By       string  `json:"by"` // facts or documents
	Sentence string  `json:"sentence"`
	Cite     string  `json:"cite"`
}

// EvaluateDesk answers q for the service in the facts: one desk for each regime
// that has one, in the order asked or of name. It is pure, like [Evaluate], and
// has its errors.
func EvaluateDesk(r *Rules, c *provenance.Catalogue, f Facts, q Question) ([]Desk, error) {
	if r == nil || c == nil {
		return nil, fmt.Errorf("evaluate: without rules or without a catalogue: use Embedded of fdp and of provenance")
	}
	if err := q.Validate(r); err != nil {
		return nil, err
	}
	if c := f.contradiction(); c != nil {
		return nil, fmt.Errorf("facts: %s: %s", c.path, c.message)
	}
	f = f.flat()
	models, _ := f.models() // contradictions were refused
	desks := []Desk{}
	for _, regime := range q.regimes(r) {
		p := r.packs[regime]
		if p.Delivery == nil {
			continue
		}
		e := newEvaluationOf(models, p, c, f, q)
		d := e.desk(r.digest)
		if e.numbers.err != nil {
			return nil, fmt.Errorf("evaluate %s: %w", regime, e.numbers.err)
		}
		desks = append(desks, d)
	}
	return desks, nil
}

func (e *evaluation) desk(digest string) Desk {
	in := e.pack.Delivery
	d := Desk{Regime: e.pack.Regime, AsOf: e.asOf, RulesDigest: digest, Options: map[string]string{}, Status: e.status, Flag: e.rule(in.Flag).verdict, FlagRule: in.Flag,
		Gates: []Gate{}, Findings: []Finding{}, Actions: []Action{}, Questions: []DeskQuestion{}, Checklist: []CheckItem{}}
	for _, g := range in.Gates {
		d.Gates = append(d.Gates, e.gate(g))
	}
	for _, c := range append([]*clause{e.pack.byID[e.pack.Outcomes.Controlled]}, e.pack.deskClauses()...) {
		o := e.rule(c.ID)
		d.Findings = append(d.Findings, Finding{Rule: c.ID, Verdict: o.verdict, Sentence: c.Sentence, Cite: c.Cite.Reference,
			Trace: atLeast(o.steps), Missing: atLeast(e.deskHints(o.couldChange()))})
	}
	for _, a := range in.Actions {
		if e.rule(a.Rule).verdict == Applies {
			d.Actions = append(d.Actions, Action{a.ID, a.Rule, a.Always, a.Sentence, a.Cite.Reference})
		}
	}
	for _, q := range in.Questions {
		d.Questions = append(d.Questions, DeskQuestion{q.Fact, q.Of, q.Question, q.Cite.Reference, e.answerTo(q.Fact)})
	}
	for _, item := range in.Checklist {
		out := CheckItem{ID: item.ID, Of: item.Of, By: "documents", Sentence: item.Sentence, Cite: item.Cite.Reference}
		if item.Rule != "" {
			out.Met, out.By = e.rule(item.Rule).verdict, "facts"
		}
		d.Checklist = append(d.Checklist, out)
	}
	for _, o := range e.pack.Options {
		_, set := e.question.Options[o.Name]
		if value := e.reading(o.Name); value != "" && (set || e.consulted[o.Name]) {
			d.Options[o.Name] = value
		}
	}
	return d
}

// gate: what releases must be shown, so that "cannot tell" on that side holds.
func (e *evaluation) gate(g gate) Gate {
	rule := e.rule(g.Rule)
	out := Gate{Rule: g.Rule, Unless: g.Unless, Always: g.Always, Holds: rule.verdict}
	missing := rule.couldChange()
	if g.Unless != "" {
		unless := e.rule(g.Unless)
		missing = slices.Concat(missing, unless.couldChange())
		if unless.verdict == Applies {
			out.Holds = DoesNotApply
		}
	}
	if out.Holds != DoesNotApply {
		out.Missing = e.deskHints(missing)
	}
	out.Missing = atLeast(out.Missing)
	return out
}

// deskHints are hints, with the questions of the desk for what a service lacks.
func (e *evaluation) deskHints(list []Missing) []Missing {
	list = slices.Clone(list)
	for i, m := range list {
		for _, q := range e.pack.Delivery.Questions {
			if m.Hint == "" && q.Fact == m.Path && e.hint(m.Path) == unhinted {
				list[i].Hint = fmt.Sprintf("Ask the %s: %s", q.Of, q.Question)
			}
		}
	}
	return e.hints(list)
}

// unhinted is the hint for a fact of which a pack does not say where to get it.
const unhinted = "State it in the facts document."

// answerTo is what the facts say to a question, or "".
func (e *evaluation) answerTo(fact string) string {
	if fact == "is_informed" {
		if o := e.notice(""); e.facts.IsInformed != nil {
			return o.steps[0].Value
		}
		return ""
	}
	if v := e.value(fact); v.known {
		return v.text()
	}
	return ""
}
