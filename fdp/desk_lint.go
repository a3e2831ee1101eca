package fdp

import (
	"fmt"
	"slices"
	"strings"
)

// desk checks the field delivery.
func (l *linter) desk() {
	d := l.pack.Delivery
	if d == nil {
		return
	}
	l.rule("delivery.flag", d.Flag)
	if d.FineTuning != (fineTuning{}) {
		if d.FineTuning.Percent < 1 || d.FineTuning.Percent > 100 {
			l.report("delivery.fine_tuning", "percent", "fine_tuning.percent is %d: expected 1 to 100.", d.FineTuning.Percent)
		}
		l.cite("delivery.fine_tuning.cite", d.FineTuning.Cite)
	}
	l.deskConditions(d.Clauses)
	if len(d.Gates) == 0 {
		l.report("delivery", "gate-missing", "no gates: nothing would ever hold a delivery.")
	}
	for i, g := range d.Gates {
		at := fmt.Sprintf("delivery.gates[%d]", i)
		l.rule(at, g.Rule)
		if g.Unless != "" {
			l.rule(at, g.Unless)
		}
	}
	ids := map[string]bool{}
	once := func(at, id string) {
		if ids[id] {
			l.report(at+".id", "id-twice", "id %s is used twice: an id belongs to one thing for ever.", id)
		}
		ids[id] = true
	}
	for i, a := range d.Actions {
		at := fmt.Sprintf("delivery.actions[%d]", i)
		once(at, a.ID)
		l.rule(at, a.Rule)
		l.sentence(at+".sentence", a.Sentence)
		l.cite(at+".cite", a.Cite)
	}
	for i, item := range d.Checklist {
		at := fmt.Sprintf("delivery.checklist[%d]", i)
		once(at, item.ID)
		if item.Rule != "" {
			l.rule(at, item.Rule)
		}
		l.sentence(at+".sentence", item.Sentence)
		l.cite(at+".cite", item.Cite)
	}
	l.deskQuestions(d)
}

func (l *linter) deskConditions(clauses []clause) {
	last := 0
	for _, c := range l.pack.Clauses {
		last = max(last, c.Order)
	}
	seen := map[string]bool{}
	for i, c := range clauses {
		at := fmt.Sprintf("delivery.clauses[%d]", i)
		if seen[c.ID] || slices.ContainsFunc(l.pack.Clauses, func(other clause) bool { return other.ID == c.ID }) {
			l.report(at+".id", "id-twice", "id %s is used twice: an id belongs to one clause for ever.", c.ID)
		}
		seen[c.ID] = true
		if !strings.HasPrefix(c.ID, l.pack.Regime+".") || !idForm.MatchString(c.ID) {
			l.report(at+".id", "id-form", "id %q: expected %s. and lower-case words with hyphens.", c.ID, l.pack.Regime)
		}
		if c.Order <= last {
			l.report(at+".order", "order-twice", "order %d does not come after %d: the order of findings would not be fixed.", c.Order, last)
		}
		last = max(last, c.Order)
		l.sentence(at+".sentence", c.Sentence)
		l.cite(at+".cite", c.Cite)
		l.condition(at+".when", c.When)
		l.size(at+".when", c.ID)
	}
}

// deskQuestions: whatever a clause asks of a service has a question that asks it.
func (l *linter) deskQuestions(d *desk) {
	asked := map[string]bool{}
	for i, q := range d.Questions {
		at := fmt.Sprintf("delivery.questions[%d]", i)
		if asked[q.Fact] {
			l.report(at+".fact", "question-twice", "fact %s is asked for twice.", q.Fact)
		}
		asked[q.Fact] = true
		l.sentence(at+".question", q.Question)
		l.cite(at+".cite", q.Cite)
	}
	for i, c := range d.Clauses {
		c.When.walk(func(n condition) {
			for _, fact := range n.factsOf() {
				if known := l.hinted(fact); strings.HasPrefix(fact, "service.") && !asked[fact] && !known {
					l.report(fmt.Sprintf("delivery.clauses[%d].when", i), "question-missing", "no question asks for %s.", fact)
				}
			}
		})
	}
}

func (l *linter) hinted(fact string) bool {
	return slices.ContainsFunc(l.pack.Facts, func(f factSource) bool { return f.Fact == fact })
}
