package main

import (
	"fmt"
	"strings"

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
	writeRestsOn(&b, r.RestsOn)
	writeQuestions(&b, r.Questions)
	writeChecklist(&b, r.Checklist)
	r.writeSince(&b)
	for _, regime := range r.Regimes {
		fmt.Fprintf(&b, "standing of %s: %s; %s\n", regime.Regime, standingWords(regime.Status), regime.Status.Why)
	}
	for _, other := range r.Alternatives {
		fmt.Fprintf(&b, "with %s=%s instead of %s: codified: %s, compliance due: %s, enforced: %s\n", other.Option, other.Value, r.Options[other.Option],
			other.ByStanding.Codified, other.ByStanding.Due, other.ByStanding.Enforced)
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
	command := "weighbridge delivery decide " + r.ID + r.same + " --author WHO --key FILE"
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

func (r decideResult) writeSince(b *strings.Builder) {
	if r.Changes == nil {
		return
	}
	fmt.Fprintf(b, "since the decision of step %d\n", r.Changes.Since)
	lines := changeLines(*r.Changes)
	for _, line := range lines {
		fmt.Fprintf(b, "  %s\n", line)
	}
	if len(lines) == 0 {
		b.WriteString("  nothing changed\n")
	}
}

// changeLines says in a line each what is otherwise than it was decided.
func changeLines(c delivery.Changes) []string {
	var lines []string
	line := func(what string, change *delivery.Change) {
		if change != nil {
			lines = append(lines, fmt.Sprintf("%s: %s, was %s", what, change.After, change.Before))
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
	return lines
}

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}
