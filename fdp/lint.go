package fdp

import (
	"cmp"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/weighbridge/weighbridge/meter"
)

// Problem is one thing that is wrong in a rule pack.
type Problem struct {
	Where   string // file:line:column
	Code    string // a stable word
	Message string // a sentence
}

// String returns "file:line:column: code: message".
func (p Problem) String() string { return fmt.Sprintf("%s: %s: %s", p.Where, p.Code, p.Message) }

// Lint returns everything that is wrong in the packs, in the order of regimes. A
// wrong rule file is a wrong legal answer, so rules with a problem are not used.
func (r *Rules) Lint() []Problem {
	var out []Problem
	for _, regime := range r.Regimes() {
		l := &linter{pack: r.packs[regime]}
		l.all()
		out = append(out, l.problems...)
	}
	return out
}

type linter struct {
	pack     *pack
	problems []Problem
	used     map[string]bool // options that a condition or a table names
}

// report notes a problem at a path such as clauses[3].when; what is not there at
// all is missing from the file that names the regime.
func (l *linter) report(path, code, format string, args ...any) {
	where := cmp.Or(l.place(path), l.place("regime"), l.pack.Regime)
	l.problems = append(l.problems, Problem{where, code, fmt.Sprintf(format, args...)})
}

// place is the file:line:column of a path, or of the nearest thing around it.
func (l *linter) place(path string) string {
	for p := path; p != ""; p = p[:max(strings.LastIndexAny(p, ".["), 0)] {
		for _, name := range sortedKeys(l.pack.files) {
			if n, found := l.pack.files[name].places[p]; found {
				return fmt.Sprintf("%s:%d:%d", name, n.Line, n.Column)
			}
		}
	}
	return ""
}

func (l *linter) all() {
	l.used = map[string]bool{}
	l.regime()
	l.standings()
	l.sources()
	l.options()
	l.groups()
	l.tables()
	l.clauses()
	l.outcomes()
	l.facts()
	l.unusedOptions()
}

func (l *linter) regime() {
	for _, d := range []struct{ path, date string }{{"facts_date", l.pack.FactsDate}, {"text_last_seen", l.pack.TextLastSeen}} {
		l.date(d.path, d.date)
	}
	l.comparison("threshold", l.pack.Threshold)
	if l.pack.Synthetic.ShareMoreThan == "" {
		l.report("synthetic_data", "share-missing", "synthetic_data.share_more_than is missing: without it Technical Note 3 has no threshold.")
	}
	l.cite("synthetic_data.cite", l.pack.Synthetic.Cite)
	l.cite("plant.cite", l.pack.Plant.Cite)
	for i, eccn := range l.pack.Plant.ECCNs {
		if !eccnForm.MatchString(eccn) {
			l.report(fmt.Sprintf("plant.eccns[%d]", i), "eccn-form", "%q is no ECCN: expected a form like 3A090 or 5A992.z.", eccn)
		}
	}
	if by := l.pack.Plant.ByOption; by.ECCN != "" {
		l.optionValue("plant.by_option", by.Option, by.Value)
	}
}

var eccnForm = regexp.MustCompile(`^[0-9][A-E][0-9]{3}(\.[a-z](\.[0-9]+)?)?$`)

func (l *linter) date(path, date string) {
	if _, err := ParseDate(date); err != nil {
		l.report(path, "date-form", "%v.", err)
	}
}

// standings: intervals of dates without gap or overlap, from the beginning of
// time to its end.
func (l *linter) standings() {
	if len(l.pack.Standing) == 0 {
		l.report("standing", "standing-missing", "no standing by date is given: every determination states one.")
		return
	}
	spans := make([][2]blank, len(l.pack.Standing))
	for i, s := range l.pack.Standing {
		spans[i] = [2]blank{s.From, s.To}
		if s.Enforced && !s.Codified {
			l.report(fmt.Sprintf("standing[%d]", i), "standing-order", "a text that is not codified cannot be enforced.")
		}
	}
	l.contiguous("standing", spans, true)
}

func (l *linter) contiguous(path string, spans [][2]blank, whole bool) {
	for i, s := range spans {
		at := fmt.Sprintf("%s[%d]", path, i)
		for end, date := range s {
			open := date == "" && (end == 0 && i == 0 || end == 1 && i == len(spans)-1)
			if !open {
				l.date(at, string(date))
			}
		}
		if s[0] != "" && s[1] != "" && s[1] < s[0] {
			l.report(at, "span-backwards", "the span ends on %s before it begins on %s.", s[1], s[0])
		}
		if i > 0 && nextDay(spans[i-1][1]) != s[0] {
			l.report(at, "span-gap", "the span begins on %q, but the one before ends on %q: expected the day after.", s[0], spans[i-1][1])
		}
	}
	if whole && (spans[0][0] != "" || spans[len(spans)-1][1] != "") {
		l.report(path, "span-ends", "the first span must have no beginning and the last no end.")
	}
}

func nextDay(date blank) blank {
	t, err := ParseDate(string(date))
	if err != nil {
		return date
	}
	return blank(t.AddDate(0, 0, 1).Format(dateFormat))
}

func (l *linter) sources() {
	seen := map[string]bool{}
	for i, s := range l.pack.Sources {
		at := fmt.Sprintf("sources[%d]", i)
		if seen[s.ID] {
			l.report(at+".id", "source-twice", "source %s stands twice.", s.ID)
		}
		seen[s.ID] = true
		l.date(at+".date", s.Date)
		if !strings.HasPrefix(s.URL, "https://") {
			l.report(at+".url", "source-url", "found %q, expected an https URL.", s.URL)
		}
	}
}

const maxQuote = 160 // a quotation is a phrase, not a page

// cite: a reference, a source, and either a short quotation or a paraphrase,
// with the grade of its evidence.
func (l *linter) cite(path string, c citation) {
	switch {
	case c.Reference == "":
		l.report(path, "cite-missing", "the citation has no reference: expected the paragraph, as in 15 CFR 742.6(a)(13).")
	case l.pack.source(c.Source).ID == "":
		l.report(path, "cite-source", "source %q is not in sources.", c.Source)
	case c.Quote == "" && c.Paraphrase == "":
		l.report(path, "cite-text", "neither quotation nor paraphrase: a reader must be able to compare.")
	case c.Quote != "" && c.Paraphrase != "":
		l.report(path, "cite-both", "quotation and paraphrase: keep the quotation.")
	case len(c.Quote) > maxQuote:
		l.report(path, "cite-long", "a quotation of %d bytes: expected at most %d.", len(c.Quote), maxQuote)
	case c.Grade == "":
		l.report(path, "cite-grade", "no evidence grade: expected CONFIRMED, UNCONFIRMED or DERIVED.")
	}
}

func (l *linter) sentence(path, text string) {
	if !strings.HasSuffix(text, ".") && !strings.HasSuffix(text, "?") || strings.Contains(text, "\n") {
		l.report(path, "sentence", "%q is no sentence: expected one, on one line, with a full stop.", clip(text))
	}
}

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
	for _, name := range optionsOfCode {
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

// tables: every activity and every relation of the closed lists has one row.
func (l *linter) tables() {
	activities := map[meter.Activity]int{}
	for i, row := range l.pack.Activities {
		at := fmt.Sprintf("activities[%d]", i)
		activities[row.Activity]++
		l.cite(at+".cite", row.Cite)
		l.sentence(at+".why", row.Why)
		if row.Counts == "option" {
			l.optionValue(at, row.Option, row.When)
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
	}
	for _, r := range meter.Relations() {
		if relations[r] != 1 {
			l.report("relations", "table-relation", "relation %s has %d rows: expected one.", r, relations[r])
		}
	}
	l.cite("discarded.cite", l.pack.Discarded.Cite)
	if l.pack.Discarded.Counts == "" {
		l.report("discarded", "table-discarded", "discarded.counts is missing: expected yes, no or open.")
	}
}

func (l *linter) clauses() {
	ids, orders := map[string]bool{}, map[int]string{}
	for i, c := range l.pack.Clauses {
		at := fmt.Sprintf("clauses[%d]", i)
		if ids[c.ID] {
			l.report(at+".id", "id-twice", "id %s is used twice: an id belongs to one clause for ever.", c.ID)
		}
		ids[c.ID] = true
		if !strings.HasPrefix(c.ID, l.pack.Regime+".") || !idForm.MatchString(c.ID) {
			l.report(at+".id", "id-form", "id %q: expected %s. and lower-case words with hyphens.", c.ID, l.pack.Regime)
		}
		if other, taken := orders[c.Order]; taken {
			l.report(at+".order", "order-twice", "order %d is that of %s too: the order of findings would not be fixed.", c.Order, other)
		}
		orders[c.Order] = c.ID
		l.sentence(at+".sentence", c.Sentence)
		l.cite(at+".cite", c.Cite)
		l.condition(at+".when", c.When)
	}
	for i, c := range l.pack.Clauses {
		if l.cyclic(c.ID, nil) {
			l.report(fmt.Sprintf("clauses[%d].when", i), "rule-cycle", "clause %s depends on itself.", c.ID)
		}
	}
}

var idForm = regexp.MustCompile(`^[a-z0-9-]+\.[a-z0-9]+(-[a-z0-9]+)*$`)

func (l *linter) cyclic(id string, path []string) bool {
	if slices.Contains(path, id) {
		return true
	}
	c, found := l.pack.byID[id]
	if !found {
		return false
	}
	cyclic := false
	c.When.walk(func(n condition) {
		if n.Rule != "" && !cyclic {
			cyclic = l.cyclic(n.Rule, append(slices.Clone(path), id))
		}
	})
	return cyclic
}

// condition checks one node and all below it. Paths below the clause's
// condition are not followed: the place of the clause is near enough.
func (l *linter) condition(path string, c condition) {
	c.walk(func(n condition) {
		if kinds := n.kinds(); len(kinds) != 1 {
			l.report(path, "condition-kind", "a condition has %d kinds (%s): expected exactly one of all, any, not, is, in, compare, by_option, earned, flag, never, rule.", len(kinds), strings.Join(kinds, ", "))
			return
		}
		switch {
		case n.All != nil && len(n.All) == 0, n.Any != nil && len(n.Any) == 0:
			l.report(path, "condition-empty", "an empty list of conditions decides without facts: write never, or a condition.")
		case n.Is != nil:
			l.isTest(path, *n.Is)
		case n.In != nil:
			l.fact(path, n.In.Fact)
			if _, found := l.pack.group[n.In.Group]; !found {
				l.report(path, "group-unknown", "group %q is not in groups.", n.In.Group)
			}
		case n.Compare != nil:
			l.comparison(path, *n.Compare)
		case n.ByOption != nil:
			l.readings(path, *n.ByOption)
		case n.Earned != nil:
			for _, fact := range n.Earned.Facts {
				l.fact(path, fact)
			}
		case n.Never != "":
			l.sentence(path, n.Never)
		case n.Rule != "":
			l.rule(path, n.Rule)
		}
	})
}

func (l *linter) isTest(path string, t isTest) {
	l.fact(path, t.Fact)
	switch {
	case (t.Value == "") == (t.OneOf == nil):
		l.report(path, "is-value", "the test of %s needs either value or one_of.", t.Fact)
	case slices.Contains(derivedFacts, t.Fact) && t.Value != "true" && t.Value != "false":
		l.report(path, "is-value", "%s is true or false, and is tested for %q.", t.Fact, t.Value)
	}
	for _, value := range append(slices.Clone(t.OneOf), t.Value) {
		if list, closed := closedList(t.Fact); closed && value != "" && !oneOf(value, list) {
			l.report(path, "is-value", "%s can never be %q: expected one of %s.", t.Fact, value, strings.ReplaceAll(list, "|", ", "))
		}
	}
}

// closedList returns the values that a fact of the document can have.
func closedList(path string) (string, bool) {
	t := reflect.TypeFor[Facts]()
	var field reflect.StructField
	for _, name := range strings.Split(path, ".") {
		if t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		if t.Kind() != reflect.Struct {
			return "", false
		}
		f, found := fieldsOf(t)[name]
		if !found {
			return "", false
		}
		field, t = f, f.Type
	}
	switch {
	case t == reflect.TypeFor[*bool]():
		return "true|false", true
	case t == reflect.TypeFor[Publication]():
		return "published|restricted|unpublished", true
	}
	return field.Tag.Get("oneof"), field.Tag.Get("oneof") != ""
}

// fact: a condition may only name what a document or the code can supply.
func (l *linter) fact(path, name string) {
	if _, found := lookup(reflect.ValueOf(Facts{}), name); !found && !slices.Contains(derivedFacts, name) {
		l.report(path, "fact-unknown", "nobody supplies the fact %q: expected a path of the facts document, or one of %s.", name, strings.Join(derivedFacts, ", "))
	}
}

func (l *linter) rule(path, id string) {
	if _, found := l.pack.byID[id]; !found {
		l.report(path, "rule-unknown", "there is no clause %q.", id)
	}
}

func (l *linter) readings(path string, b byOption) {
	o, found := l.pack.option[b.Option]
	l.used[b.Option] = true
	if !found {
		l.report(path, "option-unknown", "option %q is not in options.", b.Option)
		return
	}
	for _, value := range o.Values {
		if _, given := b.Readings[value]; !given {
			l.report(path, "reading-missing", "option %s has no reading for its value %s.", b.Option, value)
		}
	}
	for _, value := range sortedKeys(b.Readings) {
		if !slices.Contains(o.Values, value) {
			l.report(path, "option-value", "%q is none of the values of option %s.", value, b.Option)
		}
	}
}

func (l *linter) comparison(path string, c comparison) {
	quantity := func(name string) {
		if !slices.Contains(quantities, name) {
			l.report(path, "quantity-unknown", "nobody supplies the quantity %q: expected one of %s.", name, strings.Join(quantities, ", "))
		}
	}
	number := func(text string) {
		if _, err := meter.ParseOps(text); err != nil {
			l.report(path, "threshold", "%v.", err)
		}
	}
	quantity(c.Quantity)
	if (c.Value == "") == (len(c.HighestOf) == 0) {
		l.report(path, "threshold", "a comparison needs either value or highest_of.")
	}
	if c.Value != "" {
		number(c.Value)
	}
	for _, b := range c.HighestOf {
		switch {
		case (b.Value == "") == (b.Of == ""), b.Value != "" && b.Percent != 0, b.Percent < 0:
			l.report(path, "threshold", "a bound is either a value, or a quantity (of) with or without percent.")
		case b.Value != "":
			number(b.Value)
		default:
			quantity(b.Of)
		}
	}
}

func (l *linter) outcomes() {
	o := l.pack.Outcomes
	for _, id := range []string{o.Controlled, o.SubjectToEAR, o.LicenceRequired} {
		l.rule("outcomes", id)
	}
	for _, a := range slices.Concat(o.Exceptions, o.Policies) {
		l.rule("outcomes", a.Rule)
	}
}

// facts: whatever can be missing has a sentence on where to get it.
func (l *linter) facts() {
	have := map[string]bool{}
	for i, f := range l.pack.Facts {
		at := fmt.Sprintf("facts[%d]", i)
		if have[f.Fact] {
			l.report(at, "where-twice", "fact %s stands twice.", f.Fact)
		}
		have[f.Fact] = true
		l.sentence(at+".where", f.Where)
	}
	for i, c := range l.pack.Clauses {
		c.When.walk(func(n condition) {
			for _, fact := range n.factsOf() {
				if !have[fact] && !slices.Contains(derivedFacts, fact) {
					l.report(fmt.Sprintf("clauses[%d].when", i), "where-missing", "no sentence in facts says where to get %s.", fact)
				}
			}
		})
	}
}

// factsOf returns the facts that the node itself names.
func (c condition) factsOf() []string {
	switch {
	case c.Is != nil:
		return []string{c.Is.Fact}
	case c.In != nil:
		return []string{c.In.Fact}
	case c.Earned != nil:
		return c.Earned.Facts
	}
	return nil
}
