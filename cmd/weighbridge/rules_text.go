package main

import (
	"fmt"
	"strings"

	"github.com/weighbridge/weighbridge/fdp"
)

// textOf renders a rule pack for a reader.
func textOf(t fdp.Text) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n", t.ID, t.Title)
	if t.Threshold != "" {
		fmt.Fprintf(&b, "  threshold: %s; %s\n", t.Threshold, t.Measure)
	} else {
		b.WriteString("  no threshold of operations\n")
	}
	fmt.Fprintf(&b, "  standing: %s. %s\n  facts of %s; the text was last seen on %s\n", standingWords(t.Status), t.Status.Why, t.FactsDate, t.TextLastSeen)
	b.WriteString("\nclauses\n")
	for _, c := range t.Clauses {
		fmt.Fprintf(&b, "  %s\n    %s\n    %s\n", c.ID, c.Sentence, citeLine(c.Cite))
		for _, line := range c.When {
			fmt.Fprintf(&b, "      %s\n", line)
		}
	}
	writeCells(&b, "what counts", t.Counting)
	writeCells(&b, "whose operations are carried", t.Relations)
	writeOptions(&b, t.Options)
	writePassages(&b, "reporting and notification", t.Duties)
	writePassages(&b, "standing", t.Standing)
	writePassages(&b, "country groups", t.Groups)
	b.WriteString("\nsources\n")
	for _, s := range t.Sources {
		when := "text of " + s.Date
		if s.Date == "" {
			when = "read on " + s.Retrieved
		}
		fmt.Fprintf(&b, "  %s  %s, %s\n      %s\n", s.ID, s.Title, when, s.URL)
	}
	return b.String()
}

func citeLine(c fdp.Cite) string {
	return fmt.Sprintf("%s  [%s; %s; %s]", c.Text, c.Reference, c.Source, c.Grade)
}

func writeCells(b *strings.Builder, title string, cells []fdp.Cell) {
	if len(cells) == 0 {
		return
	}
	fmt.Fprintf(b, "\n%s\n", title)
	for _, c := range cells {
		fmt.Fprintf(b, "  %-27s %s. %s\n      %s\n", c.What, c.Counts, c.Why, citeLine(c.Cite))
	}
}

func writeOptions(b *strings.Builder, options []fdp.OptionText) {
	if len(options) == 0 {
		return
	}
	b.WriteString("\noptions for ambiguous text\n")
	for _, o := range options {
		standard := "no default: every reading is evaluated"
		if o.Default != "" {
			standard = "default " + o.Default
		}
		fmt.Fprintf(b, "  %s = %s (%s)\n    %s\n    %s\n", o.Name, strings.Join(o.Values, " | "), standard, o.Question, citeLine(o.Cite))
		switch {
		case len(o.Covers) > 0:
			fmt.Fprintf(b, "    covers: %s\n", strings.Join(o.Covers, ", "))
		case o.Note != "":
			fmt.Fprintf(b, "    changes nothing here: %s\n", o.Note)
		}
	}
}

func writePassages(b *strings.Builder, title string, passages []fdp.Passage) {
	if len(passages) == 0 {
		return
	}
	fmt.Fprintf(b, "\n%s\n", title)
	for _, p := range passages {
		fmt.Fprintf(b, "  %s\n      %s\n", p.Sentence, citeLine(p.Cite))
	}
}
