package main

import (
	"fmt"
	"strings"
)

// String is the result for people: what was written, where, by which method.
func (r recordResult) String() string {
	verb := "recorded"
	if !r.New {
		verb = "already recorded"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s %s %s\n  method %s, grade %s, convention: %s\n",
		verb, r.Record.Model, r.Record.Activity, r.Record.Operations, r.Record.Method, r.Record.Grade, r.Record.Convention)
	if parents := r.Record.Parents; len(parents) > 0 {
		words := make([]string, len(parents))
		for i, p := range parents {
			words[i] = fmt.Sprintf("%s %s", p.Relation, p.Model)
		}
		fmt.Fprintf(&b, "  parents: %s\n", strings.Join(words, ", "))
	}
	if devices := r.Record.Hardware; len(devices) > 0 {
		words := make([]string, len(devices))
		for i, d := range devices {
			words[i] = fmt.Sprintf("%d x %s", d.Count, d.Product)
		}
		fmt.Fprintf(&b, "  hardware: %s\n", strings.Join(words, ", "))
	}
	if line := ceilingLine(r.Record); line != "" {
		fmt.Fprintf(&b, "  ceiling: %s\n", line)
	}
	if r.Record.Period != nil {
		fmt.Fprintf(&b, "  period: %s\n", periodText(r.Record.Period))
	}
	fmt.Fprintf(&b, "  run %s/%d, entry %d of %s", r.Record.Run, r.Record.Sequence, r.Index, r.Origin)
	if r.Superseded != nil {
		fmt.Fprintf(&b, "\n  it was superseded since: %s counts in its place", r.Superseded)
	}
	for _, finding := range r.Record.Findings {
		fmt.Fprintf(&b, "\n  finding %s: %s", finding.Code, finding.Message)
	}
	return b.String()
}
