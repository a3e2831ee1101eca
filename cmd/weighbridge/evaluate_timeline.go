package main

import (
	"fmt"
	"strings"

	"github.com/weighbridge/weighbridge/fdp"
	"github.com/weighbridge/weighbridge/meter"
)

type timelineResult struct {
	Schema  string           `json:"schema"`
	Model   meter.ModelRef   `json:"model,omitempty"`
	From    string           `json:"from"`
	To      string           `json:"to"`
	Regimes []regimeTimeline `json:"regimes"`
	Pending []string         `json:"pending"`
}

type regimeTimeline struct {
	Regime  string         `json:"regime"`
	Periods []periodOfTime `json:"periods"`
}

type periodOfTime struct {
	From          string            `json:"from"`
	To            string            `json:"to"` // the last day of it
	Changes       []fdp.Change      `json:"changes"`
	Determination fdp.Determination `json:"determination"`
}

// timeline answers every day from --as-of FROM to TO, in periods.
func (a *app) timeline(_ evaluateOptions, q inquiry) error {
	const day = "2006-01-02"
	result := timelineResult{"weighbridge.dev/evaluate-timeline/v1", q.facts.Model, q.question.AsOf.Format(day), q.to.Format(day), []regimeTimeline{}, q.pending}
	regimes := q.question.Regimes
	if len(regimes) == 0 {
		regimes = q.rules.Regimes()
	}
	for _, regime := range regimes {
		periods, err := fdp.Timeline(q.rules, q.catalogue, q.facts, q.question, regime, q.to)
		if err != nil {
			return err
		}
		line := regimeTimeline{Regime: regime}
		for _, p := range periods {
			line.Periods = append(line.Periods, periodOfTime{p.From.Format(day), p.To.Format(day), p.Changes, p.Determination})
		}
		result.Regimes = append(result.Regimes, line)
	}
	return a.print(result)
}

func (r timelineResult) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s from %s to %s\n", orTheModel(string(r.Model)), r.From, r.To)
	for _, line := range r.Regimes {
		fmt.Fprintf(&b, "%s\n", line.Regime)
		for _, p := range line.Periods {
			fmt.Fprintf(&b, "  %s to %s  %s, %s\n", p.From, p.To, p.Determination.Controlled, standingWords(p.Determination.Status))
			writeChanges(&b, "    ", p.Changes)
		}
	}
	for _, note := range r.Pending {
		fmt.Fprintf(&b, "included: %s\n", note)
	}
	b.WriteString("The facts are the same on every day: only the law moves. Not legal advice.\n")
	return b.String()
}

// writeChanges is one line per change.
func writeChanges(b *strings.Builder, indent string, changes []fdp.Change) {
	for _, c := range changes { // of a file, perhaps
		c.What, c.Old, c.New = printable(c.What), printable(c.Old), printable(c.New)
		switch {
		case c.Old == "":
			fmt.Fprintf(b, "%s%s: now %s\n", indent, c.What, c.New)
		case c.New == "":
			fmt.Fprintf(b, "%s%s: was %s, no longer there\n", indent, c.What, c.Old)
		default:
			fmt.Fprintf(b, "%s%s: %s, was %s\n", indent, c.What, c.New, c.Old)
		}
	}
}
