package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/weighbridge/weighbridge/fdp"
)

// whyLines is how many steps the text shows; --json shows all.
const whyLines = 10

// String renders the result for people: of several regimes a table first; then of
// each the verdict, why, what is missing, the standing and the readings taken.
func (r evaluateResult) String() string {
	var b strings.Builder
	b.WriteString(whatIfText(r.WhatIf))
	if len(r.Determinations) > 1 {
		r.writeTable(&b)
	}
	for i, d := range r.Determinations {
		if i > 0 || len(r.Determinations) > 1 {
			b.WriteString("\n")
		}
		writeVerdict(&b, string(r.Model), d)
		writeWhy(&b, d)
		writeFindings(&b, d)
		writeMissing(&b, d)
		writeStanding(&b, d)
	}
	for _, note := range r.Pending {
		fmt.Fprintf(&b, "included: %s\n", note)
	}
	writeDoubts(&b, r.Chips)
	b.WriteString("Not legal advice: a finding under the rules named above, from the facts as stated.\n")
	return b.String()
}

func writeVerdict(b *strings.Builder, model string, d fdp.Determination) {
	applies, not := "CONTROLLED", "NOT CONTROLLED"
	if d.Export == nil { // only an export control controls
		applies, not = "APPLIES", "DOES NOT APPLY"
	}
	headline := map[fdp.Verdict]string{
		fdp.Applies:      applies + ": %s meets the test of %s on %s",
		fdp.DoesNotApply: not + ": %s does not meet the test of %s on %s",
		fdp.Undetermined: "UNDETERMINED: it cannot be told whether %s meets the test of %s on %s",
	}[d.Controlled]
	fmt.Fprintf(b, headline+"\n  controlled      %s\n", orTheModel(model), d.Regime, d.AsOf, d.Controlled)
	if d.Export != nil {
		fmt.Fprintf(b, "  subject to EAR  %s\n  licence         required: %s; exception: %s; policy: %s\n",
			d.SubjectToEAR, d.Licence.Required, orNone(d.Licence.Exception), orNone(d.Licence.Policy))
	}
	if d.Weighed != nil {
		fmt.Fprintf(b, "  operations      %s%s\n", d.OperationsText(), distance(d))
		writeDuties(b, *d.Weighed)
	}
}

func orTheModel(model string) string {
	if model == "" {
		return "the model"
	}
	return model
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

// writeWhy shows the steps of the three answers, each step once. That something
// is not stated is left to --json: where it matters it is missing, below; that the
// String stands on the date is the standing's to say.
func writeWhy(b *strings.Builder, d fdp.Determination) {
	b.WriteString("why\n")
	seen, shown, left := map[string]bool{}, 0, 0
	for _, f := range d.Findings {
		if f.Answers == "" {
			continue
		}
		for _, s := range f.Trace {
			line := stepLine(s)
			if seen[line] || s.Fact == "as_of" && d.Status.Codified {
				continue
			}
			seen[line] = true
			if shown == whyLines || s.Value == "not stated" {
				left++
				continue
			}
			shown++
			b.WriteString(line)
		}
	}
	if left > 0 {
		fmt.Fprintf(b, "  and %d more steps: --json shows all\n", left)
	}
}

// writeFindings lists what else a regime finds: those of export controls answer the
// questions above.
func writeFindings(b *strings.Builder, d fdp.Determination) {
	if d.Export != nil {
		return
	}
	b.WriteString("findings\n")
	for _, f := range d.Findings {
		fmt.Fprintf(b, "  %-15s %s  [%s]\n", f.Verdict, f.Sentence, f.Cite)
	}
}

func stepLine(s fdp.Step) string {
	grade := ""
	if s.Grade != "" {
		grade = ", " + string(s.Grade)
	}
	return fmt.Sprintf("  %s: %s%s  [%s]\n", s.Fact, s.Value, grade, s.Cite)
}

func writeMissing(b *strings.Builder, d fdp.Determination) {
	if len(d.Missing) == 0 {
		return
	}
	b.WriteString("missing, and could change the answer\n")
	for _, m := range d.Missing {
		fmt.Fprintf(b, "  %s (%s)\n    hint: %s\n", m.Path, m.Reason, m.Hint)
	}
}

func writeStanding(b *strings.Builder, d fdp.Determination) {
	presumed := ""
	if d.Status.Presumed {
		presumed = "; presumed, the text was last seen on " + d.Status.TextLastSeen
	}
	fmt.Fprintf(b, "standing\n  codified: %s, compliance date passed: %s, enforced: %s%s\n  %s  [%s]\n",
		yes(d.Status.Codified), yes(d.Status.ComplianceDue), yes(d.Status.Enforced), presumed, d.Status.Why, d.Status.Cite)
	if len(d.Options) > 0 || len(d.Alternatives) > 0 {
		b.WriteString("readings of ambiguous text\n")
	}
	for _, name := range sortedNames(d.Options) {
		fmt.Fprintf(b, "  %s=%s\n", name, d.Options[name])
	}
	for _, a := range d.Alternatives {
		var changes []string
		for _, name := range sortedNames(a.Changes) {
			changes = append(changes, fmt.Sprintf("%s %s", name, orNone(a.Changes[name])))
		}
		fmt.Fprintf(b, "  with %s=%s instead: %s\n", a.Option, a.Value, strings.Join(changes, ", "))
	}
	fmt.Fprintf(b, "rules %s\n", d.RulesDigest)
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

func sortedNames(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }
