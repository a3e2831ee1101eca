package main

import (
	"fmt"
	"strings"

	"github.com/weighbridge/weighbridge/fdp"
)

// markdown renders the result for a file that people keep: every step of every
// answer, where the text on a terminal stops at a screen.
func (r evaluateResult) markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\n", md(orTheModel(string(r.Model))))
	for _, line := range r.WhatIf {
		fmt.Fprintf(&b, "what-if: %s\n\n", md(line))
	}
	mdTable(&b, r.mdRows())
	for _, d := range r.Determinations {
		fmt.Fprintf(&b, "\n## %s: %s\n\n", md(d.Regime), d.Controlled)
		mdDetermination(&b, d)
	}
	if len(r.Pending) > 0 {
		b.WriteString("\n## Included, and not in the ledger yet\n\n")
		for _, note := range r.Pending {
			fmt.Fprintf(&b, "- %s\n", md(note))
		}
	}
	b.WriteString("\nNot legal advice: a finding under the rules named above, from the facts as stated.\n")
	return b.String()
}

func (r evaluateResult) mdRows() [][]string {
	rows := [][]string{{"regime", "verdict", "counts", "threshold", "left", "standing"}}
	for _, d := range r.Determinations {
		rows = append(rows, tableRow(d))
	}
	return rows
}

// md escapes what Markdown or a browser would act on.
func md(s string) string {
	var b strings.Builder
	for _, r := range printable(s) {
		switch {
		case r == '<':
			b.WriteString("&lt;")
		case r == '&':
			b.WriteString("&amp;")
		case strings.ContainsRune("\\`*_|[]#>~!", r):
			b.WriteRune('\\')
			b.WriteRune(r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// mdTable writes a table whose first row is its head.
func mdTable(b *strings.Builder, rows [][]string) {
	for i, row := range rows {
		cells := make([]string, len(row))
		for j, cell := range row {
			cells[j] = md(cell)
		}
		fmt.Fprintf(b, "| %s |\n", strings.Join(cells, " | "))
		if i == 0 {
			fmt.Fprintf(b, "|%s\n", strings.Repeat("---|", len(row)))
		}
	}
}

func mdDetermination(b *strings.Builder, d fdp.Determination) {
	mdList(b, answersOf(d))
	b.WriteString("\n### Why\n\n")
	steps, seen := [][]string{{"fact", "value", "grade", "paragraph"}}, map[string]bool{}
	for _, f := range d.Findings {
		for _, s := range f.Trace {
			row := []string{s.Fact, s.Value, string(s.Grade), s.Cite}
			if key := strings.Join(row, "\x00"); f.Answers != "" && !seen[key] {
				seen[key] = true
				steps = append(steps, row)
			}
		}
	}
	mdTable(b, steps)
	b.WriteString("\n### Every clause\n\n")
	clauses := [][]string{{"clause", "verdict", "sentence", "paragraph"}}
	for _, f := range d.Findings {
		clauses = append(clauses, []string{f.Rule, f.Verdict.String(), f.Sentence, f.Cite})
	}
	mdTable(b, clauses)
	if len(d.Missing) > 0 {
		b.WriteString("\n### Missing, and could change the answer\n\n")
		missing := [][]string{{"fact", "reason", "where to get it"}}
		for _, m := range d.Missing {
			missing = append(missing, []string{m.Path, m.Reason, m.Hint})
		}
		mdTable(b, missing)
	}
	mdReadings(b, d)
}

func mdReadings(b *strings.Builder, d fdp.Determination) {
	b.WriteString("\n### Standing and readings\n\n")
	items := []string{standingWords(d.Status) + ": " + d.Status.Why}
	for _, name := range sortedNames(d.Options) {
		items = append(items, fmt.Sprintf("%s = %s", name, d.Options[name]))
	}
	for _, alt := range d.Alternatives {
		var changes []string
		for _, what := range sortedNames(alt.Changes) {
			changes = append(changes, what+" "+alt.Changes[what])
		}
		items = append(items, fmt.Sprintf("under %s = %s: %s", alt.Option, alt.Value, strings.Join(changes, ", ")))
	}
	mdList(b, append(items, "rules "+d.RulesDigest))
}

func mdList(b *strings.Builder, items []string) {
	for _, item := range items {
		fmt.Fprintf(b, "- %s\n", md(item))
	}
}

// answersOf are the verdicts and the number, a line each.
func answersOf(d fdp.Determination) []string {
	out := []string{fmt.Sprintf("controlled: %s on %s", d.Controlled, d.AsOf)}
	if d.Export != nil {
		out = append(out, "subject to the EAR: "+d.SubjectToEAR.String(),
			fmt.Sprintf("licence required: %s; exception: %s; policy: %s", d.Licence.Required, orNone(d.Licence.Exception), orNone(d.Licence.Policy)))
	}
	if d.Weighed != nil {
		out = append(out, "operations: "+d.OperationsText()+distance(d))
	}
	return out
}
