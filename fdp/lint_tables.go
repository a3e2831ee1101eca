package fdp

import (
	"fmt"
	"slices"

	"github.com/weighbridge/weighbridge/meter"
)

func (l *linter) options() {
	seen := map[string]bool{}
	for i, o := range l.pack.Options {
		at := fmt.Sprintf("options[%d]", i)
		if seen[o.Name] {
			l.report(at+".name", "option-twice", "option %s stands twice.", o.Name)
		}
		seen[o.Name] = true
		if len(o.Values) < 2 {
			l.report(at, "option-values", "option %s has %d values: expected at least two readings.", o.Name, len(o.Values))
		}
		if o.Default != "" && !slices.Contains(o.Values, o.Default) {
			l.report(at+".default", "option-default", "default %q of %s is none of its values.", o.Default, o.Name)
		}
		l.cite(at+".cite", o.Cite)
		l.sentence(at+".question", o.Question)
	}
}

func (l *linter) optionValue(path, name, value string) {
	o, found := l.pack.option[name]
	l.used[name] = true
	switch {
	case !found:
		l.report(path, "option-unknown", "option %q is not in options.", name)
	case !slices.Contains(o.Values, value):
		l.report(path, "option-value", "%q is none of the values of option %s.", value, name)
	}
}

func (l *linter) unusedOptions() {
	for _, name := range l.pack.optionsAsked() {
		l.used[name] = true
		if _, found := l.pack.option[name]; !found {
			l.report("options", "option-unknown", "option %q, which the counting of Technical Note 3 asks for, is not in options.", name)
		}
	}
	for i, o := range l.pack.Options {
		if !l.used[o.Name] && o.Note == "" {
			l.report(fmt.Sprintf("options[%d]", i), "option-unused", "nothing uses option %s: use it, or say in a note why it changes nothing.", o.Name)
		}
	}
}

// optionsAsked are the options that code asks for in this pack.
func (p *pack) optionsAsked() []string {
	var out []string
	if p.technicalNote3() {
		out = append(out, optionsOfCode...)
	}
	if _, found := p.named["modification_operations"]; found {
		out = append(out, aggregationOption)
	}
	return out
}

// weighs reports whether the regime has a threshold.
func (p *pack) weighs() bool { return p.Threshold != nil }

// counts reports whether a threshold or a clause asks for a number of operations,
// which comes from the tables.
func (l *linter) counts() bool {
	for name := range l.asked {
		if name != "revenue_usd" {
			return true
		}
	}
	return l.pack.weighs()
}

// measure: what is added up, and from which paragraph.
func (l *linter) measure() {
	if l.pack.Measure.Quantity == "" {
		l.report("measure", "measure-missing", "measure.quantity is missing: expected cumulative, direct or own.")
	}
	l.cite("measure.cite", l.pack.Measure.Cite)
	l.asked["operations"] = true
	for i, r := range l.pack.Reports {
		l.cite(fmt.Sprintf("reports[%d].cite", i), r.Cite)
		if r.Where != "" {
			l.rule(fmt.Sprintf("reports[%d].where", i), r.Where)
		}
		if r.Figures < 0 || r.Figures > 38 {
			l.report(fmt.Sprintf("reports[%d]", i), "report-figures", "significant_figures %d: expected 1 to 38, or none for the order of magnitude.", r.Figures)
		}
	}
}

// notices: a duty to notify hangs on a clause and has a time; or it is said that
// none is known.
func (l *linter) notices() {
	n := l.pack.Notice
	switch {
	case n.None != "" && (n.Rule != "" || n.Days != 0):
		l.report("notification", "notification", "a duty to notify, and that none is known: keep one.")
	case n.None != "":
		l.sentence("notification.none", n.None)
		l.cite("notification.cite", n.Cite)
	case n.Rule != "":
		l.rule("notification.rule", n.Rule)
		if n.Where != "" {
			l.rule("notification.where", n.Where)
		}
		l.sentence("notification.duty", n.Duty)
		l.cite("notification.cite", n.Cite)
		if n.Days <= 0 {
			l.report("notification", "notification", "a duty to notify needs its days.")
		}
	case l.pack.weighs():
		l.report("notification", "notification", "neither a duty to notify nor that none is known.")
	}
}

// optionsOfCode are the options that counting.go, note3.go and additions.go ask for.
var optionsOfCode = []string{
	"tn3_share_denominator", "tn3_multi_generator_share", "tn3_multi_generator_generation_ops", "tn3_multi_generator_data", "restricted_release_treatment", "rl_rollouts",
}

func (l *linter) groups() {
	seen := map[string]bool{}
	for i, g := range l.pack.Groups {
		at := fmt.Sprintf("groups[%d]", i)
		if seen[g.Name] {
			l.report(at+".name", "group-twice", "group %s stands twice.", g.Name)
		}
		seen[g.Name] = true
		l.cite(at+".cite", g.Cite)
		if len(g.Spans) == 0 {
			l.report(at, "group-empty", "group %s has no span of dates.", g.Name)
		}
		spans := make([][2]blank, len(g.Spans))
		for j, s := range g.Spans {
			spans[j] = [2]blank{s.From, s.To}
			l.members(fmt.Sprintf("%s.spans[%d]", at, j), g.Name, s)
		}
		l.contiguous(at+".spans", spans, false)
	}
}

func (l *linter) members(path, name string, s span) {
	if len(s.Members) == 0 {
		l.report(path, "group-empty", "group %s has no members in this span.", name)
	}
	seen := map[Country]bool{}
	for _, c := range slices.Concat(s.Members, s.Uncertain) {
		if seen[c] {
			l.report(path, "group-member-twice", "%s stands twice in group %s.", c, name)
		}
		seen[c] = true
	}
}

// quantities: every number that is asked for has a name in the law's words.
func (l *linter) quantities() {
	rows := map[string]int{}
	for i, q := range l.pack.Quantities {
		rows[q.Quantity]++
		l.cite(fmt.Sprintf("quantities[%d].cite", i), q.Cite)
	}
	for _, name := range quantities {
		if rows[name] > 1 || rows[name] == 0 && l.asked[name] {
			l.report("quantities", "quantity-row", "quantity %s has %d rows: expected one, with its name in the law's words.", name, rows[name])
		}
	}
}

// tables: every activity and every relation of the closed lists has one row.
func (l *linter) tables() {
	activities := map[meter.Activity]int{}
	for i, row := range l.pack.Activities {
		at := fmt.Sprintf("activities[%d]", i)
		activities[row.Activity]++
		l.cite(at+".cite", row.Cite)
		l.sentence(at+".why", row.Why)
		l.cell(at, row.cell())
		if row.Systemic != nil {
			l.cell(at, *row.Systemic)
		}
		if row.Data != "" && !generating(row.Activity) {
			l.report(at, "table-data", "%s makes no data that could be published: only synthetic-data, teacher-inference, teacher-training and rollout do.", row.Activity)
		}
	}
	for _, a := range meter.Activities() {
		if activities[a] != 1 {
			l.report("activities", "table-activity", "activity %s has %d rows: expected one.", a, activities[a])
		}
	}
	relations := map[meter.Relation]int{}
	for i, row := range l.pack.Relations {
		at := fmt.Sprintf("relations[%d]", i)
		relations[row.Relation]++
		l.cite(at+".cite", row.Cite)
		l.sentence(at+".why", row.Why)
		l.cell(at, row.cell())
		if row.Another != nil {
			l.cell(at, *row.Another)
		}
	}
	for _, r := range meter.Relations() {
		if relations[r] != 1 {
			l.report("relations", "table-relation", "relation %s has %d rows: expected one.", r, relations[r])
		}
	}
	l.cite("discarded.cite", l.pack.Discarded.Cite)
	if l.pack.Discarded.Counts == "" {
		l.report("discarded", "table-discarded", "discarded.counts is missing: expected yes, no, option or open.")
	}
	l.cell("discarded", cell{Counts: l.pack.Discarded.Counts, Option: l.pack.Discarded.Option, When: l.pack.Discarded.When})
}

// cell: an option where the cell goes by one, and nowhere else.
func (l *linter) cell(at string, k cell) {
	switch {
	case k.Counts == "generation" && !l.pack.technicalNote3():
		l.report(at, "table-generation", "generation counts through Technical Note 3, and this pack has no synthetic_data.share_more_than.")
	case k.Counts != "option" && (k.Option != "" || k.When != "" || k.And != nil):
		l.report(at, "table-option", "the cell names an option and is %q: expected option.", k.Counts)
	}
	for _, r := range k.requirements() {
		l.optionValue(at, r.Option, r.Value)
	}
}
