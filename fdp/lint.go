package fdp

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Problem is one thing that is wrong in a rule pack.
type Problem struct {
	Where   string `json:"where"`   // file:line:column
	Code    string `json:"code"`    // a stable word
	Message string `json:"message"` // a sentence
	Line    string `json:"line"`    // the line that it stands in
}

// String returns "file:line:column: code: message", and the line below it.
func (p Problem) String() string {
	out := fmt.Sprintf("%s: %s: %s", p.Where, p.Code, p.Message)
	if strings.TrimSpace(p.Line) != "" {
		out += "\n  " + p.Line
	}
	return out
}

// LintError reports rules that do not pass the linter, which are not used.
type LintError struct{ Problems []Problem }

// Error names every problem, up to ten.
func (e *LintError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "rules: %d problem(s); rules that do not pass the linter are not used", len(e.Problems))
	for i, p := range e.Problems {
		if i == 10 {
			fmt.Fprintf(&b, "\nand %d more: weighbridge rules lint lists all", len(e.Problems)-10)
			break
		}
		fmt.Fprintf(&b, "\n%s", p)
	}
	return b.String()
}

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
	asked    map[string]bool // quantities that a comparison names
	sizes    map[string]int  // of clauses, as written counts them
}

// report notes a problem at a path such as clauses[3].when; what is not there at
// all is missing from the file that names the regime.
func (l *linter) report(path, code, format string, args ...any) {
	where, line := l.place(path)
	if where == "" {
		where, line = l.place("regime")
	}
	l.problems = append(l.problems, Problem{cmp.Or(where, l.pack.Regime), code, fmt.Sprintf(format, args...), line})
}

// place is the file:line:column of a path, or of the nearest thing around it, and
// the line.
func (l *linter) place(path string) (where, line string) {
	for p := path; p != ""; p = p[:max(strings.LastIndexAny(p, ".["), 0)] {
		for _, name := range sortedKeys(l.pack.files) {
			if n, found := l.pack.files[name].places[p]; found {
				return fmt.Sprintf("%s:%d:%d", name, n.Line, n.Column), l.pack.files[name].line(n.Line)
			}
		}
	}
	return "", ""
}

func (l *linter) all() {
	l.used, l.asked, l.sizes = map[string]bool{}, map[string]bool{}, map[string]int{}
	l.regime()
	l.standings()
	l.sources()
	l.options()
	l.groups()
	l.limits()
	l.clauses()
	if l.counts() {
		l.tables()
	}
	l.quantities()
	l.notices()
	l.outcomes()
	l.threshold()
	l.desk()
	l.facts()
	l.unusedOptions()
}

func (l *linter) regime() {
	for _, d := range []struct{ path, date string }{{"facts_date", l.pack.FactsDate}, {"text_last_seen", l.pack.TextLastSeen}} {
		l.date(d.path, d.date)
	}
	if l.pack.weighs() {
		l.comparison("threshold", *l.pack.Threshold)
		l.measure()
	}
	if l.pack.Synthetic != (synthetic{}) {
		if l.pack.Synthetic.ShareMoreThan == "" {
			l.report("synthetic_data", "share-missing", "synthetic_data.share_more_than is missing: without it Technical Note 3 has no threshold.")
		}
		l.cite("synthetic_data.cite", l.pack.Synthetic.Cite)
	}
	if len(l.pack.Plant.ECCNs) > 0 {
		l.cite("plant.cite", l.pack.Plant.Cite)
	}
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
		l.cite(fmt.Sprintf("standing[%d].cite", i), s.Cite)
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
		if (s.Date == "") == (s.Retrieved == "") {
			l.report(at, "source-date", "source %s needs either the date of its text or, where that is not known, when it was retrieved.", s.ID)
		}
		l.date(at+".date", cmp.Or(s.Date, s.Retrieved))
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
		l.report(path, "cite-grade", "no evidence grade: expected CONFIRMED, UNCONFIRMED, DERIVED, P, P-quote, S or U.")
	}
}

func (l *linter) sentence(path, text string) {
	if !strings.HasSuffix(text, ".") && !strings.HasSuffix(text, "?") || strings.Contains(text, "\n") {
		l.report(path, "sentence", "%q is no sentence: expected one, on one line, with a full stop.", clip(text))
	}
}

func (l *linter) outcomes() {
	o := l.pack.Outcomes
	l.rule("outcomes", o.Controlled)
	if o.SubjectToEAR != "" || o.LicenceRequired != "" { // an export control has both
		l.rule("outcomes", o.SubjectToEAR)
		l.rule("outcomes", o.LicenceRequired)
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
	case c.Compare != nil && c.Compare.Quantity == "revenue_usd":
		return []string{"developer.revenue_usd"}
	}
	return nil
}
