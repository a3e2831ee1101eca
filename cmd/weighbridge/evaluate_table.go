package main

import (
	"fmt"
	"strings"

	"github.com/weighbridge/weighbridge/fdp"
)

// writeTable is one line per regime: the verdict, the number that counts there, the
// threshold, what is left to it, and the standing of the text.
func (r evaluateResult) writeTable(b *strings.Builder) {
	fmt.Fprintf(b, "%s under %d regimes on %s\n", orTheModel(string(r.Model)), len(r.Determinations), r.Determinations[0].AsOf)
	rows := [][]string{{"regime", "verdict", "counts", "threshold", "left", "standing"}}
	for _, d := range r.Determinations {
		rows = append(rows, tableRow(d))
	}
	writeColumns(b, rows)
}

// writeColumns writes rows of as many cells each, every column as wide as its
// widest cell.
func writeColumns(b *strings.Builder, rows [][]string) {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, text := range row {
			widths[i] = max(widths[i], len([]rune(text)))
		}
	}
	for _, row := range rows {
		for i, text := range row[:len(row)-1] {
			fmt.Fprintf(b, "  %-*s", widths[i], text)
		}
		fmt.Fprintf(b, "  %s\n", row[len(row)-1])
	}
}

func tableRow(d fdp.Determination) []string {
	counts, threshold, left := "-", "none", "-"
	if d.Weighed != nil {
		counts, threshold, left = d.OperationsText(), "not known", "not known"
		if t := d.Threshold; t != nil {
			threshold = t.Is + " " + t.Value.Short()
		}
		switch {
		case d.Threshold == nil:
		case reached(*d.Weighed):
			left = "reached"
		case d.Margin != nil && d.Near && !d.Margin.IsZero():
			left = d.Margin.Short() + ", near"
		case d.Margin != nil:
			left = d.Margin.Short()
		}
	}
	return []string{d.Regime, d.Controlled.String(), counts, threshold, left, standingWords(d.Status)}
}

// standingWords is the standing in one word or three.
func standingWords(s fdp.Status) string {
	var words []string
	for _, w := range []struct {
		holds bool
		word  string
	}{{s.Codified, "codified"}, {s.ComplianceDue, "due"}, {s.Enforced, "enforced"}} {
		if w.holds {
			words = append(words, w.word)
		}
	}
	if len(words) == 0 {
		return "not codified"
	}
	if s.Presumed {
		words = append(words, "(presumed)")
	}
	return strings.Join(words, " ")
}
