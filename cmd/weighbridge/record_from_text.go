package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// String is the result for people.
func (r fromResult) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s, %d lines, %d unread\n", r.Source.Path, formatText(r.Source.Format), r.Source.Lines, r.Source.Unread)
	for _, name := range slices.Sorted(maps.Keys(r.Figures)) {
		fmt.Fprintf(&b, "  %-32s %s\n", name, strings.ReplaceAll(r.Figures[name].Text, ",", ", "))
	}
	if r.Run.StepsCommitted != "" {
		fmt.Fprintf(&b, "steps      %s committed, %s executed\n", r.Run.StepsCommitted, r.Run.StepsExecuted)
	}
	if r.Run.TokensCommitted != nil && r.Run.TokensExecuted != nil {
		fmt.Fprintf(&b, "tokens     %s committed, %s executed\n", r.Run.TokensCommitted, r.Run.TokensExecuted)
	}
	if r.Run.Range != nil {
		fmt.Fprintf(&b, "operations %s\n  method %s, grade %s\n", *r.Run.Range, r.Run.Method, r.Run.Grade)
	} else {
		b.WriteString("operations not known\n")
	}
	if r.Run.Ceiling != nil {
		fmt.Fprintf(&b, "ceiling    %s\n", *r.Run.Ceiling)
	}
	if r.Recorded != nil { // which has the findings
		fmt.Fprintf(&b, "%s\n", *r.Recorded)
		return b.String()
	}
	for _, f := range r.Findings {
		fmt.Fprintf(&b, "finding    %s: %s\n", f.Code, f.Message)
	}
	b.WriteString("nothing was written: a dry run\n")
	return b.String()
}

func formatText(format string) string {
	if format == "" {
		return "the job's own reports only"
	}
	return "format " + format
}
