package delivery

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/weighbridge/weighbridge/fdp"
	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/canonical"
	"github.com/weighbridge/weighbridge/provenance"
)

// DecisionSchema names the JSON of a [Decision].
const DecisionSchema = "weighbridge.dev/delivery-decision/v1"

// Outcome is what is decided. The zero value decides nothing.
type Outcome string

// The outcomes.
const (
	Release      Outcome = "release"
	Hold         Outcome = "hold"
	Undetermined Outcome = "undetermined"
)

// Standings are the words of a standing, in their order.
func Standings() []string { return []string{"codified", "due", "enforced"} }

// ByStanding is the decision under each standing of the rules.
type ByStanding struct {
	Codified Outcome `json:"codified"`
	Due      Outcome `json:"due"`
	Enforced Outcome `json:"enforced"`
}

// Under returns the decision under a standing, or "" for a word that is none.
func (b ByStanding) Under(standing string) Outcome {
	return map[string]Outcome{"codified": b.Codified, "due": b.Due, "enforced": b.Enforced}[standing]
}

// Decision is what the rules say of a delivery on a date. It is not legal advice.
type Decision struct {
	Schema      string             `json:"schema"`
	ID          string             `json:"id"` // empty: a what-if without a delivery
	Decision    Outcome            `json:"decision"`
	Standing    string             `json:"standing"` // the one that Decision goes by
	ByStanding  ByStanding         `json:"by_standing"`
	RedFlag28   fdp.Verdict        `json:"red_flag_28"`
	Customer    string             `json:"customer,omitempty"`
	Model       meter.ModelRef     `json:"model,omitempty"`
	Stage       string             `json:"stage,omitempty"`
	AsOf        string             `json:"as_of"`
	Options     map[string]string  `json:"options"`
	RulesDigest string             `json:"rules_digest"`
	Facts       string             `json:"facts"` // digest of the facts with their grades
	Regimes     []Regime           `json:"regimes"`
	Findings    []fdp.Finding      `json:"findings"`
	Actions     []fdp.Action       `json:"actions"` // those that the standing makes due
	Missing     []fdp.Missing      `json:"missing"` // what could change the decision
	Questions   []fdp.DeskQuestion `json:"questions"`
	Checklist   []fdp.CheckItem    `json:"checklist"`

	Alternatives []Alternative `json:"alternatives,omitempty"` // readings of ambiguous text under which it would be decided otherwise
	RestsOn      []Unstated    `json:"rests_on,omitempty"`     // of a release: what nobody stated and could turn it round
}

// Regime is what one regime contributes.
type Regime struct {
	Regime string      `json:"regime"`
	Status fdp.Status  `json:"status"`
	Flag   fdp.Verdict `json:"flag"`
	Gates  []fdp.Gate  `json:"gates"`
}

// Encode returns the one encoding of a decision.
func (d Decision) Encode() ([]byte, error) {
	if err := d.validate(); err != nil {
		return nil, err
	}
	return canonical.Encode(d)
}

// ParseDecision reads what [Decision.Encode] writes, and nothing else.
func ParseDecision(data []byte) (Decision, error) {
	var d Decision
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&d); err != nil {
		return Decision{}, fmt.Errorf("decision: %w", err)
	}
	if again, err := d.Encode(); err != nil || !bytes.Equal(again, data) {
		return Decision{}, fmt.Errorf("decision: found %.80q, which is not its one encoding (%v)", data, err)
	}
	return d, nil
}

func (d Decision) validate() error {
	known := []Outcome{Release, Hold, Undetermined}
	switch {
	case d.Schema != DecisionSchema:
		return fmt.Errorf("decision: schema %.60q: expected %q", d.Schema, DecisionSchema)
	case !slices.Contains(Standings(), d.Standing):
		return fmt.Errorf("decision: standing %.40q: expected codified, due or enforced", d.Standing)
	case !slices.Contains(known, d.ByStanding.Codified) || !slices.Contains(known, d.ByStanding.Due) || !slices.Contains(known, d.ByStanding.Enforced):
		return fmt.Errorf("decision: by_standing %+v: expected release, hold or undetermined", d.ByStanding)
	case d.Decision != d.ByStanding.Under(d.Standing):
		return fmt.Errorf("decision: found %s, under %s it is %s", d.Decision, d.Standing, d.ByStanding.Under(d.Standing))
	case len(d.RestsOn) > 0 && d.Decision != Release:
		return fmt.Errorf("decision: found rests_on beside %s, expected it of a release only", d.Decision)
	case !validDigest(d.RulesDigest) || !validDigest(d.Facts):
		return fmt.Errorf("decision: digests %.80q and %.80q: expected sha256: and 64 lower-case hexadecimal digits", d.RulesDigest, d.Facts)
	case d.Options == nil || d.Regimes == nil || d.Findings == nil || d.Actions == nil || d.Missing == nil || d.Questions == nil || d.Checklist == nil:
		return fmt.Errorf("decision: a list is null, expected [] for none")
	}
	return nil
}

// flagRegime is the regime of Red Flag 28.
const flagRegime = "us-4e091"

// Decide decides on facts. It is a pure function: the id and the customer's name
// are only repeated, and digest is that of the facts as [Keep] writes them. The
// errors are those of [fdp.Evaluate], and of a standing that is none.
func Decide(r *fdp.Rules, c *provenance.Catalogue, f fdp.Facts, q fdp.Question, standing, digest string) (Decision, error) {
	d, desks, err := decide(r, c, f, q, standing, digest)
	if err == nil {
		d.Alternatives, err = d.alternatives(r, c, f, q, desks)
	}
	if err == nil {
		d.RestsOn, err = d.restsOn(r, c, f, q)
	}
	return d, err
}

// Outcomes is [Decide] without alternatives and what a release rests on, to hold against an earlier decision.
func Outcomes(r *fdp.Rules, c *provenance.Catalogue, f fdp.Facts, q fdp.Question, standing, digest string) (Decision, error) {
	d, _, err := decide(r, c, f, q, standing, digest)
	return d, err
}

func decide(r *fdp.Rules, c *provenance.Catalogue, f fdp.Facts, q fdp.Question, standing, digest string) (Decision, []fdp.Desk, error) {
	if !slices.Contains(Standings(), standing) {
		return Decision{}, nil, fmt.Errorf("standing %.40q: expected codified, due or enforced", standing)
	}
	desks, err := fdp.EvaluateDesk(r, c, f, q)
	if err != nil {
		return Decision{}, nil, err
	}
	if !slices.ContainsFunc(desks, func(d fdp.Desk) bool { return d.Regime == flagRegime }) {
		return Decision{}, nil, fmt.Errorf("the rules say nothing of services under %s (the field delivery of its pack): nothing there would hold a delivery; use rules that do", flagRegime)
	}
	d := Decision{Schema: DecisionSchema, Standing: standing, Model: f.Model, Stage: f.Service.Stage, RulesDigest: r.Digest(), Facts: digest,
		AsOf: q.AsOf.Format("2006-01-02"), Options: map[string]string{}, Regimes: []Regime{}, Findings: []fdp.Finding{}, Actions: []fdp.Action{},
		Missing: []fdp.Missing{}, Questions: []fdp.DeskQuestion{}, Checklist: []fdp.CheckItem{}}
	for _, desk := range desks {
		d.take(desk)
	}
	d.ByStanding = byStanding(desks)
	d.Decision = d.ByStanding.Under(standing)
	if d.Decision == Undetermined {
		d.Actions = append(d.Actions, fdp.Action{Action: "find-out", Sentence: "Find out what is missing; what cannot be told is not released."})
	}
	return d, desks, nil
}

// take adds what one desk says.
func (d *Decision) take(desk fdp.Desk) {
	if desk.Regime == flagRegime {
		d.RedFlag28 = desk.Flag
	}
	d.Regimes = append(d.Regimes, Regime{desk.Regime, desk.Status, desk.Flag, desk.Gates})
	d.Findings = append(d.Findings, desk.Findings...)
	for _, a := range desk.Actions {
		if a.Always || stands(desk, d.Standing) {
			d.Actions = append(d.Actions, a)
		}
	}
	for _, g := range desk.Gates {
		for _, m := range g.Missing {
			counts := (g.Always || stands(desk, d.Standing)) && !slices.ContainsFunc(d.Missing, func(have fdp.Missing) bool { return have.Path == m.Path })
			if counts {
				d.Missing = append(d.Missing, m)
			}
		}
	}
	for name, value := range desk.Options {
		d.Options[name] = value
	}
	for _, question := range desk.Questions {
		if !slices.ContainsFunc(d.Questions, func(have fdp.DeskQuestion) bool { return have.Fact == question.Fact }) {
			d.Questions = append(d.Questions, question)
		}
	}
	d.Checklist = append(d.Checklist, desk.Checklist...)
}

func stands(d fdp.Desk, standing string) bool {
	return fdp.Determination{Status: d.Status}.StandsUnder(standing)
}

// outcome joins the gates that count under a standing: one that holds suffices.
func outcome(desks []fdp.Desk, standing string) Outcome {
	verdict := fdp.DoesNotApply
	for _, d := range desks {
		for _, g := range d.Gates {
			if g.Always || stands(d, standing) {
				verdict = verdict.Or(g.Holds)
			}
		}
	}
	switch verdict {
	case fdp.Applies:
		return Hold
	case fdp.DoesNotApply:
		return Release
	}
	return Undetermined
}
