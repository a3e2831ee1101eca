package fdp

import (
	"fmt"
	"slices"
	"time"
)

// Regime is a rule pack in short.
type Regime struct {
	ID           string `json:"id"`
	Title        string `json:"title"`
	Threshold    string `json:"threshold"` // in words; empty: the regime has none
	FactsDate    string `json:"facts_date"`
	TextLastSeen string `json:"text_last_seen"`
	Clauses      int    `json:"clauses"`
	Options      int    `json:"options"`
	Status       Status `json:"status"` // on the date asked for
}

// Regime returns a regime in short, with its standing on a date; false for one
// that the rules do not hold.
func (r *Rules) Regime(id string, on time.Time) (Regime, bool) {
	p, found := r.packs[id]
	if !found {
		return Regime{}, false
	}
	out := Regime{ID: id, Title: p.Title, FactsDate: p.FactsDate, TextLastSeen: p.TextLastSeen, Clauses: len(p.Clauses), Options: len(p.Options), Status: p.statusOn(on.Format(dateFormat))}
	if p.weighs() {
		out.Threshold = p.comparisonText(*p.Threshold)
	}
	return out, true
}

// Text is a rule pack for a reader: what it says, and from which paragraph.
type Text struct {
	Regime
	Measure   string       `json:"measure,omitempty"` // what is added up, and what of it decides
	Clauses   []ClauseText `json:"clauses"`
	Counting  []Cell       `json:"counting"`  // activities, then work whose weights were discarded
	Relations []Cell       `json:"relations"` // whether a parent's operations are carried
	Options   []OptionText `json:"options"`
	Duties    []Passage    `json:"duties"` // reporting and notification
	Standing  []Passage    `json:"standing"`
	Groups    []Passage    `json:"groups"`
	Sources   []Source     `json:"sources"`
}

// Source is where a text was read.
type Source struct {
	ID        string `json:"id"`
	Title     string `json:"title"`
	URL       string `json:"url"`
	Date      string `json:"date,omitempty"`
	Retrieved string `json:"retrieved,omitempty"`
}

// Passage is a sentence of the rules with its citation.
type Passage struct {
	Sentence string `json:"sentence"`
	Cite     Cite   `json:"cite"`
}

// Cite is a citation for a reader.
type Cite struct {
	Reference string `json:"reference"`
	Text      string `json:"text"` // a quotation in quotation marks, or a paraphrase
	Grade     string `json:"grade"`
	Source    string `json:"source"`
}

// ClauseText is a clause, and its condition in words, one line per node.
type ClauseText struct {
	ID       string   `json:"id"`
	Sentence string   `json:"sentence"`
	Cite     Cite     `json:"cite"`
	When     []string `json:"when"`
}

// Cell is one row of a table.
type Cell struct {
	What    string `json:"what"`
	Counts  string `json:"counts"` // in words
	Open    bool   `json:"open"`   // ambiguous, and no option covers it
	Why     string `json:"why"`
	Cite    Cite   `json:"cite"`
	options []string
}

// OptionText is an option, and every place that goes by it.
type OptionText struct {
	Option
	Note   string   `json:"note,omitempty"`
	Cite   Cite     `json:"citation"`
	Covers []string `json:"covers"`
}

// Text returns what a regime's rules say; false for one that the rules do not hold.
func (r *Rules) Text(id string, on time.Time) (Text, bool) {
	short, found := r.Regime(id, on)
	if !found {
		return Text{}, false
	}
	p := r.packs[id]
	out := Text{Regime: short, Clauses: []ClauseText{}, Counting: p.countingText(), Relations: p.relationText(), Options: []OptionText{}, Duties: p.dutyText(), Standing: []Passage{}, Groups: []Passage{}}
	if p.weighs() {
		out.Measure = p.measureText()
	}
	for _, c := range p.whole() {
		out.Clauses = append(out.Clauses, ClauseText{c.ID, c.Sentence, c.Cite.text(), p.conditionText(c.When, "")})
	}
	for i, o := range r.Options(id) {
		out.Options = append(out.Options, OptionText{o, p.Options[i].Note, p.Options[i].Cite.text(), p.covers(o.Name, out)})
	}
	for _, s := range p.Standing {
		out.Standing = append(out.Standing, Passage{s.text(), s.Cite.text()})
	}
	for _, g := range p.Groups {
		out.Groups = append(out.Groups, Passage{g.text(), g.Cite.text()})
	}
	for _, s := range p.Sources {
		out.Sources = append(out.Sources, Source(s))
	}
	return out, true
}

func (c citation) text() Cite {
	text := c.Paraphrase
	if c.Quote != "" {
		text = `"` + c.Quote + `"`
	}
	return Cite{c.Reference, text, c.Grade, c.Source}
}

func (p *pack) measureText() string {
	out := p.Measure.Quantity + " compute"
	if p.Measure.Decides == "estimate" {
		return out + "; the estimate decides, the range around it sets near"
	}
	return out + "; the whole range decides"
}

func (s standing) text() string {
	word := map[bool]string{true: "yes", false: "no"}
	return fmt.Sprintf("%s to %s: codified %s, compliance due %s, enforced %s. %s", orOpen(s.From, "the beginning"), orOpen(s.To, "now"), word[s.Codified], word[s.ComplianceDue], word[s.Enforced], s.Why)
}

func orOpen(date blank, open string) string {
	if date == "" {
		return open
	}
	return string(date)
}

func (g group) text() string {
	out := g.Title + ":"
	for _, s := range g.Spans {
		out += fmt.Sprintf(" from %s to %s %v", orOpen(s.From, "the beginning"), orOpen(s.To, "now"), s.Members)
		if len(s.Uncertain) > 0 {
			out += fmt.Sprintf(", perhaps %v", s.Uncertain)
		}
		out += ";"
	}
	return out[:len(out)-1] + "."
}

func (p *pack) dutyText() []Passage {
	out := []Passage{}
	for _, r := range p.Reports {
		exactly := fmt.Sprintf("with %d significant figures", r.Figures)
		if r.Figures == 0 {
			exactly = "to its order of magnitude"
		}
		if r.Where != "" {
			exactly += fmt.Sprintf(", unless %s does not apply", r.Where)
		}
		out = append(out, Passage{fmt.Sprintf("Reported to %s: %s.", r.To, exactly), r.Cite.text()})
	}
	switch n := p.Notice; {
	case n.Rule != "":
		out = append(out, Passage{fmt.Sprintf("When %s applies, within %d days after it is met or becomes known that it will be: %s", n.Rule, n.Days, n.Duty), n.Cite.text()})
	case n.None != "":
		out = append(out, Passage{n.None, n.Cite.text()})
	}
	return out
}

// covers lists the places of a pack that go by an option.
func (p *pack) covers(option string, t Text) []string {
	out := []string{}
	for _, table := range [][]Cell{t.Counting, t.Relations} {
		for _, c := range table {
			if slices.Contains(c.options, option) {
				out = append(out, c.What)
			}
		}
	}
	for _, c := range p.whole() {
		c.When.walk(func(n condition) {
			if n.ByOption != nil && n.ByOption.Option == option && !slices.Contains(out, c.ID) {
				out = append(out, c.ID)
			}
		})
	}
	if p.Plant.ByOption.Option == option {
		out = append(out, "the plant's "+p.Plant.ByOption.ECCN)
	}
	if slices.Contains(p.optionsAsked(), option) {
		out = append(out, "the arithmetic of the count")
	}
	return out
}
