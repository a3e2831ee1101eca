package main

import (
	"fmt"
	"strings"

	"github.com/weighbridge/weighbridge/fdp"
	"github.com/weighbridge/weighbridge/fdp/delivery"
)

// showDecision prints a decision, writes the letter, and gates.
func (a *app) showDecision(f deliveryDecideFlags, made *decision) error {
	if f.letter != "" {
		if err := writeNew(f.letter, []byte(delivery.Letter(made.result.Decision, made.facts)), 0o644); err != nil {
			return err
		}
	}
	if a.json {
		if err := a.printJSON(made.result); err != nil {
			return err
		}
	} else {
		a.printf("%s", made.result)
	}
	switch made.result.Decision.Decision {
	case delivery.Hold:
		return &exitError{code: exitApplies}
	case delivery.Undetermined:
		return &exitError{code: exitUndetermined}
	}
	return nil
}

func (r decideResult) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s%s: %s\n", strings.ToUpper(string(r.Decision.Decision)), r.short(), r.about())
	if lacks := r.lacks(); lacks != "" {
		fmt.Fprintf(&b, "  to be released  %s\n", lacks)
	}
	fmt.Fprintf(&b, "  by standing     codified: %s, compliance due: %s, enforced: %s (it goes by %s)\n", r.ByStanding.Codified, r.ByStanding.Due, r.ByStanding.Enforced, r.Standing)
	fmt.Fprintf(&b, "  red flag 28     %s\n", r.RedFlag28)
	if len(r.Actions) > 0 {
		b.WriteString("to do\n")
		for _, action := range r.Actions {
			fmt.Fprintf(&b, "  %s: %s%s\n", action.Action, action.Sentence, cited(action.Cite))
		}
	}
	r.writeGates(&b)
	if len(r.Missing) > 0 {
		b.WriteString("missing, and could change the decision\n")
		for _, m := range r.Missing {
			fmt.Fprintf(&b, "  %s (%s)\n    hint: %s\n", m.Path, m.Reason, m.Hint)
		}
	}
	writeQuestions(&b, r.Questions)
	r.writeSince(&b)
	for _, regime := range r.Regimes {
		fmt.Fprintf(&b, "standing of %s: %s; %s\n", regime.Regime, standingWords(regime.Status), regime.Status.Why)
	}
	fmt.Fprintf(&b, "rules %s\n", r.RulesDigest)
	if r.Step == nil {
		b.WriteString("a what-if: nothing is kept\n")
	} else {
		fmt.Fprintf(&b, "kept as step %d: %s\n", *r.Step, r.State)
	}
	b.WriteString("Not legal advice: what the rules named above say, on the facts as stated.\n")
	return b.String()
}

// short says what a release is short of, so that nobody takes it for released.
func (r decideResult) short() string {
	switch {
	case r.Decision.Decision != delivery.Release:
		return ""
	case r.Step == nil:
		return ", what-if"
	case r.State == delivery.Unsigned:
		return ", unsigned"
	}
	return ", prepared, not approved"
}

// lacks says what is left to do, and with which command.
func (r decideResult) lacks() string {
	if r.Decision.Decision != delivery.Release || r.Step == nil {
		return ""
	}
	command := "weighbridge delivery decide " + r.ID
	if r.Standing != "codified" {
		command += fmt.Sprintf(" --standing %s", r.Standing)
	}
	command += " --author WHO --key FILE"
	text := "a second person approves it with another key: " + command + " --approve"
	if r.State == delivery.Unsigned {
		text = "its preparer signs it: " + command + "; then " + text
	}
	return text
}

func (r decideResult) about() string {
	text := "what the document states"
	if r.ID != "" {
		text = fmt.Sprintf("%s, for %s", r.ID, printable(r.Customer))
	}
	if r.Model != "" {
		text += ", " + string(r.Model)
	}
	return text + ", on " + r.AsOf
}

func cited(cite string) string {
	if cite == "" {
		return ""
	}
	return "  [" + cite + "]"
}

// writeGates shows each reason to hold with its steps: first those that hold.
func (r decideResult) writeGates(b *strings.Builder) {
	b.WriteString("why\n")
	var others []string
	for _, want := range []fdp.Verdict{fdp.Applies, fdp.Undetermined, fdp.DoesNotApply} {
		for _, regime := range r.Regimes {
			for _, gate := range regime.Gates {
				switch {
				case gate.Holds != want:
				case want == fdp.DoesNotApply:
					others = append(others, gate.Rule)
				default:
					r.writeGate(b, gate)
				}
			}
		}
	}
	if len(others) > 0 {
		fmt.Fprintf(b, "  does not hold   %s\n", strings.Join(others, ", "))
	}
}

func (r decideResult) writeGate(b *strings.Builder, gate fdp.Gate) {
	word := map[fdp.Verdict]string{fdp.Applies: "holds", fdp.Undetermined: "cannot be told"}[gate.Holds]
	for _, f := range r.Findings {
		if f.Rule != gate.Rule {
			continue
		}
		fmt.Fprintf(b, "  %-14s  %s  [%s]\n", word, f.Sentence, f.Cite)
		for _, s := range f.Trace[:min(len(f.Trace), whyLines)] {
			fmt.Fprintf(b, "                  %s", strings.TrimPrefix(stepLine(s), "  "))
		}
	}
}

func (r decideResult) writeSince(b *strings.Builder) {
	c := r.Changes
	if c == nil {
		return
	}
	fmt.Fprintf(b, "since the decision of step %d\n", c.Since)
	same := true
	line := func(what string, change *delivery.Change) {
		if change != nil {
			same = false
			fmt.Fprintf(b, "  %s: %s, was %s\n", what, change.After, change.Before)
		}
	}
	line("decision", c.Decision)
	line("rules", c.Rules)
	for _, f := range c.Findings {
		line(f.Rule, &delivery.Change{Before: or(f.Before, "not there"), After: or(f.After, "not there")})
	}
	for _, f := range c.Facts {
		line(printable(f.Path), &delivery.Change{Before: printable(or(f.Before, "not stated")), After: printable(or(f.After, "not stated"))})
	}
	if same {
		b.WriteString("  nothing changed\n")
	}
}

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}
