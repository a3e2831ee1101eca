package main

import (
	"fmt"
	"strings"

	"github.com/weighbridge/weighbridge/fdp"
	"github.com/weighbridge/weighbridge/meter"
)

// distance is where the number is against the threshold. Where even the low bound
// reaches it and the verdict is open, no number decides.
func distance(d fdp.Determination) string {
	w := *d.Weighed
	if w.Threshold == nil {
		return "; the threshold is not known"
	}
	out := ""
	switch {
	case reached(w) && d.Controlled == fdp.Undetermined:
		out = "; the threshold is reached; another fact decides, which is missing"
	case reached(w) || w.Operations.Estimate.Known && meets(*w.Threshold, w.Operations.Estimate.Ops):
		out = "; the threshold is reached"
	case w.Margin != nil && w.Margin.IsZero() && w.Operations.Estimate.Known:
		out = "; at the threshold, which only more would pass"
	case w.Near:
		out = "; the high bound reaches the threshold"
	}
	if w.Margin != nil && !w.Margin.IsZero() {
		out += fmt.Sprintf("; %s left to the threshold", w.Margin.Short())
	}
	return out
}

// reached reports whether even the low bound meets the threshold, which is known.
func reached(w fdp.Weighed) bool { return meets(*w.Threshold, w.Operations.Low) }

func meets(t fdp.Threshold, o meter.Ops) bool {
	order := o.Cmp(t.Value)
	return order > 0 || order == 0 && t.Is != ">"
}

// writeDuties says how the number is reported, and what notification follows.
func writeDuties(b *strings.Builder, w fdp.Weighed) {
	for _, r := range w.Reported {
		if r.Figure != "" {
			fmt.Fprintf(b, "  reported as     %s to %s  [%s]\n", r.Figure, r.To, r.Cite)
		}
	}
	switch n := w.Notification; {
	case n == nil:
	case n.Rule == "":
		fmt.Fprintf(b, "  notification    %s\n", n.Duty)
	case n.Verdict == fdp.DoesNotApply:
		fmt.Fprintf(b, "  notification    none due; it would be within %d days after the test is met or becomes known that it will be  [%s]\n", n.Days, n.Cite)
	default:
		fmt.Fprintf(b, "  notification    %s: within %d days after it is met or becomes known that it will be. %s  [%s]\n", n.Verdict, n.Days, n.Duty, n.Cite)
	}
}
