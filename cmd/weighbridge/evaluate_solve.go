package main

import (
	"fmt"
	"strings"

	"github.com/weighbridge/weighbridge/fdp"
	"github.com/weighbridge/weighbridge/meter"
)

type solveResult struct {
	Schema    string         `json:"schema"`
	Model     meter.ModelRef `json:"model,omitempty"`
	AsOf      string         `json:"as_of"`
	Solutions []fdp.Solution `json:"solutions"`
	Pending   []string       `json:"pending"`

	// Missing is, by regime, what leaves the verdict of now open, whatever is added.
	Missing map[string][]missingNow `json:"missing"`
}

type missingNow struct {
	Path   string         `json:"path"`
	Reason string         `json:"reason"`
	Model  meter.ModelRef `json:"model,omitempty"` // of a fact about a parent: which
}

// solveOperations prints how many more operations of each activity change the
// verdict.
func (a *app) solveOperations(_ evaluateOptions, q inquiry) error {
	solutions, err := fdp.Solve(q.rules, q.catalogue, q.facts, q.question, meter.Activities())
	if err != nil {
		return err
	}
	determinations, err := fdp.Evaluate(q.rules, q.catalogue, q.facts, q.question)
	if err != nil {
		return err
	}
	missing := map[string][]missingNow{}
	for _, d := range determinations {
		if d.Controlled == fdp.Undetermined && d.Weighed != nil {
			missing[d.Regime] = missingFor(d, q.facts)
		}
	}
	return a.print(solveResult{"weighbridge.dev/evaluate-solve/v1", q.facts.Model, q.question.AsOf.Format("2006-01-02"), solutions, q.pending, missing})
}

// missingFor is what leaves open whether a regime's own test is met.
func missingFor(d fdp.Determination, facts fdp.Facts) []missingNow {
	out := []missingNow{}
	for _, f := range d.Findings {
		if f.Answers != "controlled" {
			continue
		}
		for _, m := range f.Missing {
			out = append(out, missingNow{Path: m.Path, Reason: m.Reason, Model: facts.ModelAt(m.Path)})
		}
	}
	return out
}

func (r solveResult) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "more operations of %s's developer until the verdict changes, on %s\n", orTheModel(string(r.Model)), r.AsOf)
	for _, regime := range r.regimes() {
		fmt.Fprintf(&b, "%s: %s%s\n", regime.name, regime.now, missingText(r.Missing[regime.name]))
		for _, line := range regime.lines {
			fmt.Fprintf(&b, "  %s\n      %s\n", line, strings.Join(regime.activities[line], ", "))
		}
	}
	for _, note := range r.Pending {
		fmt.Fprintf(&b, "included: %s\n", note)
	}
	b.WriteString("Each activity alone, weights kept, everything else as it is. Not legal advice.\n")
	return b.String()
}

// missingText says why a verdict is open; nothing where it is not.
func missingText(missing []missingNow) string {
	if len(missing) == 0 {
		return ""
	}
	var paths []string
	for _, m := range missing {
		path := m.Path
		if m.Model != "" {
			path += fmt.Sprintf(" (of %s)", m.Model)
		}
		paths = append(paths, path)
	}
	return ", because this is missing: " + strings.Join(paths, ", ")
}

// solvedRegime is what a regime answers, with the activities of one answer together.
type solvedRegime struct {
	name       string
	now        fdp.Verdict
	lines      []string // in the order in which they first come up
	activities map[string][]string
}

func (r solveResult) regimes() []*solvedRegime {
	var all []*solvedRegime
	for _, s := range r.Solutions {
		if len(all) == 0 || all[len(all)-1].name != s.Regime {
			all = append(all, &solvedRegime{name: s.Regime, now: s.Now, activities: map[string][]string{}})
		}
		last, line := all[len(all)-1], solutionText(s)
		if last.activities[line] == nil {
			last.lines = append(last.lines, line)
		}
		last.activities[line] = append(last.activities[line], string(s.Activity))
	}
	return all
}

func solutionText(s fdp.Solution) string {
	switch {
	case s.Note != "":
		return s.Note
	case s.Operations == nil:
		return "no number changes it"
	}
	if s.Applies == nil || s.Then == fdp.Applies {
		return moreText(*s.Operations, s.Then)
	}
	if s.Operations.Short() == s.Applies.Short() { // two numbers that would look like one
		return fmt.Sprintf("%s more: %s; applies from %s", s.Operations, s.Then, s.Applies)
	}
	return fmt.Sprintf("%s; applies from %s%s", moreText(*s.Operations, s.Then), s.Applies.Short(), inFull(*s.Applies))
}

func moreText(least meter.Ops, then fdp.Verdict) string {
	return fmt.Sprintf("%s more%s: %s", least.Short(), inFull(least), then)
}

// inFull is the least number that changes a verdict in all its digits, beside its
// short form; empty where as many as the short form says change it too.
func inFull(least meter.Ops) string {
	if shown, err := meter.ParseOps(least.Short()); err == nil && shown.Cmp(least) >= 0 {
		return ""
	}
	return fmt.Sprintf(" (%s)", least)
}
