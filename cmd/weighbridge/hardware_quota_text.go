package main

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/weighbridge/weighbridge/fdp"
	"github.com/weighbridge/weighbridge/fdp/quota"
)

// quotaWord says a verdict in the words of a limit.
func quotaWord(r quota.Row) string {
	switch {
	case r.Verdict == fdp.Undetermined:
		return "UNDETERMINED"
	case r.Verdict == fdp.DoesNotApply && r.Is == "unstated":
		return "not due"
	case r.Verdict == fdp.DoesNotApply:
		return "within"
	case r.Is == "never":
		return "BARRED"
	case r.Is == "unstated":
		return "DUE"
	}
	return "PASSED"
}

func quotaText(r quota.Result) string {
	var b strings.Builder
	fmt.Fprintf(&b, "quantities of hardware under the framework on %s; %s\n", r.AsOf, quotaStanding(r.Status))
	if len(r.Limits) == 0 {
		b.WriteString("  no limit is touched by what the document states\n")
	}
	title := ""
	for _, row := range r.Limits {
		if row.Title() != title {
			title = row.Title()
			fmt.Fprintf(&b, "%s: %s\n  %s, %s: %s\n", row.Limit, title, row.Cite, row.Grade, row.Text)
			for _, note := range row.LimitNotes() {
				fmt.Fprintf(&b, "  %s\n", printable(note))
			}
		}
		fmt.Fprintf(&b, "  %-12s  %s: %s\n", quotaWord(row), printable(row.Subject), quotaAmounts(row))
		for _, note := range row.OwnNotes() {
			fmt.Fprintf(&b, "                %s\n", printable(note))
		}
	}
	quotaLines(&b, "does not count", r.NotCounted)
	quotaLines(&b, "missing", r.Missing)
	b.WriteString("Not legal advice: the arithmetic of the text as it was read, on what the document states.\n")
	return b.String()
}

func quotaStanding(s fdp.Status) string {
	word := func(b bool, yes, no string) string {
		if b {
			return yes
		}
		return no
	}
	text := word(s.Codified, "codified", "not codified") + ", " + word(s.ComplianceDue, "compliance due", "compliance not due") + ", " + word(s.Enforced, "enforced", "not enforced")
	if s.Presumed {
		text += fmt.Sprintf(" (presumed: the text was last seen on %s)", s.TextLastSeen)
	}
	return text
}

func quotaAmounts(r quota.Row) string {
	if r.Is == "never" {
		return "nothing may go there under it"
	}
	used := tppText(r.Used)
	switch {
	case r.UsedHigh == nil:
		used = "at least " + used
	case *r.UsedHigh != *r.Used:
		used += " to " + tppText(r.UsedHigh)
	}
	if r.LimitTPP == nil {
		return used + " TPP, limit unknown"
	}
	text := fmt.Sprintf("%s of %s TPP", used, tppText(r.LimitTPP))
	if r.Remaining != nil {
		text += fmt.Sprintf(", %s left", tppText(r.Remaining))
	}
	return text
}

// tppText groups the digits of a whole part by threes.
func tppText(n *json.Number) string {
	if n == nil {
		return "unknown"
	}
	whole, fraction, dot := strings.Cut(n.String(), ".")
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if dot {
		return whole + "." + fraction
	}
	return whole
}

func quotaLines(b *strings.Builder, head string, lines []quota.Line) {
	if len(lines) == 0 {
		return
	}
	fmt.Fprintln(b, head)
	for _, l := range lines {
		fmt.Fprintf(b, "  %s (%s): %s\n", l.Path, printable(l.What), printable(l.Reason))
	}
}
