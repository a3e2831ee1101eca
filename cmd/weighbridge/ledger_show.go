package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/ledger"
)

// showResult is what ledger show prints: everything in one model's log.
type showResult struct {
	Schema  string         `json:"schema"`
	Model   meter.ModelRef `json:"model"`
	Origin  string         `json:"origin"`
	Entries []shownEntry   `json:"entries"`
	Pending []string       `json:"pending"` // runs of the model that are not in the ledger yet
}

// shownEntry is one entry. Kind is record, void or supersede; State is what
// became of the record in it: counts, voided or superseded, empty for a void.
type shownEntry struct {
	Origin      string           `json:"origin,omitempty"` // of a log that was merged, where it is another than the first
	Entry       uint64           `json:"entry"`
	Kind        string           `json:"kind"`
	Run         string           `json:"run"`
	Sequence    uint64           `json:"sequence"`
	State       string           `json:"state,omitempty"`
	CorrectedBy *uint64          `json:"corrected_by,omitempty"` // the entry that did it
	Correction  *shownCorrection `json:"correction,omitempty"`
	Record      *meter.Record    `json:"record,omitempty"`
}

type shownCorrection struct {
	Entry  uint64    `json:"entry"` // what it corrects
	Reason string    `json:"reason"`
	Author string    `json:"author"`
	Time   time.Time `json:"time"`
}

func (a *app) ledgerShowCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "show MODEL",
		Short: "List the records of a model with run and sequence, and what was corrected",
		Long: `Show lists every entry of a model's log in order: run and sequence of the record, its activity, operations, method,
grade, outcome and time, and whether it counts or was voided or superseded, by which entry, why and by whom. With
--json each record stands there whole, in the form that "weighbridge ledger correct --supersede" reads.

` + exitCodes,
		Example: "  weighbridge ledger show acme/atlas@1\n  weighbridge ledger show acme/atlas@1 --json",
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			model, err := meter.ParseModel(args[0])
			if err != nil {
				return &exitError{exitUsage, err}
			}
			return a.ledgerShow(model)
		},
	}
}

func (a *app) ledgerShow(model meter.ModelRef) error {
	result := showResult{Schema: "weighbridge.dev/entries/v1", Model: model, Pending: []string{}}
	err := a.withHistory(func(h *history) error {
		for _, run := range h.runs {
			if run.records[0].Model == model {
				result.Pending = append(result.Pending, run.note)
			}
		}
		if h.ledger == nil {
			return a.noLog(model, result.Pending)
		}
		heads, err := h.ledger.Heads(model)
		if err == nil && len(heads) == 0 {
			err = a.noLog(model, result.Pending)
		}
		if err != nil {
			return err
		}
		entries, err := h.ledger.Entries(model)
		result.Origin, result.Entries = heads[0].Origin, shownEntries(entries)
		return err
	})
	if err != nil {
		return err
	}
	return a.print(result)
}

func (a *app) noLog(model meter.ModelRef, pending []string) error {
	if len(pending) > 0 {
		return fmt.Errorf("ledger %s has no log of %s yet: %s", a.ledger, model, strings.Join(pending, "; "))
	}
	return fmt.Errorf("ledger %s has no log of %s; weighbridge ledger head without a model lists what there is", a.ledger, model)
}

// shownEntries turns the logs of a model into what is shown of them, corrections
// applied.
func shownEntries(entries []ledger.Entry) []shownEntry {
	shown := make([]shownEntry, len(entries))
	first := 0 // of the log that entry i stands in
	for i, e := range entries {
		if e.Origin != entries[first].Origin {
			first = i
		}
		origin := e.Origin
		if first == 0 {
			origin = ""
		}
		if e.Record != nil {
			shown[i] = shownEntry{Origin: origin, Entry: e.Index, Kind: "record", State: "counts", Run: e.Record.Run, Sequence: e.Record.Sequence, Record: e.Record}
			continue
		}
		c := e.Correction
		shown[i] = shownEntry{Origin: origin, Entry: e.Index, Kind: string(c.Kind), Run: c.Run, Sequence: c.Sequence, Record: c.Record,
			Correction: &shownCorrection{c.Entry, c.Reason, c.Author, c.Time}}
		became := "voided"
		if c.Record != nil {
			shown[i].State, became = "counts", "superseded"
		}
		if at := first + int(c.Entry); at < i { // entries are numbered from 0 without a gap; check says so
			shown[at].State, shown[at].CorrectedBy = became, &shown[i].Entry
		}
	}
	return shown
}

// String is the log for people: two or three lines an entry, and how to go on.
func (r showResult) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s in %s\n", r.Model, pluralAs(len(r.Entries), "entry", "entries"), r.Origin)
	for i, e := range r.Entries {
		if e.Origin != "" && e.Origin != r.Entries[i-1].Origin {
			fmt.Fprintf(&b, "merged from %s\n", e.Origin)
		}
		fmt.Fprintf(&b, "entry %d: run %s, sequence %d: %s\n", e.Entry, e.Run, e.Sequence, e.state())
		if c := e.Correction; c != nil {
			fmt.Fprintf(&b, "  %s (%s, %s)\n", c.Reason, c.Author, c.Time.Format(time.RFC3339))
		}
		if e.Record != nil {
			fmt.Fprintf(&b, "  %s\n", recordLine(*e.Record))
		}
	}
	for _, note := range r.Pending {
		fmt.Fprintf(&b, "not in the ledger yet: %s\n", note)
	}
	fmt.Fprintf(&b, "To correct one: weighbridge ledger correct %s --run RUN --sequence N --void (or --supersede FILE) --reason TEXT --author WHO\n", r.Model)
	return b.String()
}

func (e shownEntry) state() string {
	state := e.State
	if e.CorrectedBy != nil {
		state += fmt.Sprintf(" by entry %d", *e.CorrectedBy)
	}
	switch e.Kind {
	case string(ledger.Void):
		return fmt.Sprintf("voids entry %d", e.Correction.Entry)
	case string(ledger.Supersede):
		return fmt.Sprintf("supersedes entry %d; %s", e.Correction.Entry, state)
	}
	return state
}

func recordLine(r meter.Record) string {
	line := fmt.Sprintf("%s %s, method %s, grade %s, %s", r.Activity, r.Operations, r.Method, r.Grade, r.Outcome)
	for _, p := range r.Parents {
		line += fmt.Sprintf(", %s %s", p.Relation, p.Model)
	}
	return line + ", " + periodText(r.Period)
}

// periodText is when the work was done; a time that is a whole day is a date.
func periodText(p *meter.Period) string {
	if p == nil {
		return "time not stated"
	}
	return momentText(p.Start) + " to " + momentText(p.End)
}

func momentText(t time.Time) string {
	if t.Equal(t.Truncate(24 * time.Hour)) {
		return t.Format(time.DateOnly)
	}
	return t.UTC().Format("2006-01-02 15:04:05Z")
}
