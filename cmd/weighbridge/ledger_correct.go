package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/ledger"
)

// correctFlags are the flags of ledger correct.
type correctFlags struct {
	run, reason, author string
	sequence            uint64
	void                bool
	supersede           string
}

// correctResult is what ledger correct prints.
type correctResult struct {
	Schema   string         `json:"schema"`
	Kind     ledger.Kind    `json:"kind"`
	Model    meter.ModelRef `json:"model"`
	Run      string         `json:"run"`
	Sequence uint64         `json:"sequence"`
	Origin   string         `json:"origin"`
	Index    uint64         `json:"index"`
	Reason   string         `json:"reason"`
	Author   string         `json:"author"`
	Time     time.Time      `json:"time"`
	Totals   []ledger.Total `json:"totals"`
}

func (a *app) ledgerCorrectCommand() *cobra.Command {
	var f correctFlags
	cmd := &cobra.Command{
		Use:   "correct MODEL --run RUN --sequence N (--void | --supersede FILE) --reason TEXT --author WHO",
		Short: "Void a record, or put another in its place, with a reason and an author",
		Long: `Correct adds an entry to the log of a model that voids or supersedes one of its records. The record stays in the log;
totals are net. "weighbridge ledger show" lists a model's records with their run and sequence. FILE is the new record as
JSON (meter/SPEC.md), with the model, the run and the sequence of the old one, or what "weighbridge record --json"
printed; white space between its members is allowed.

` + exitCodes,
		Example: `  weighbridge ledger correct acme/atlas@1 --run 2026-11-24-a1b2 --sequence 0 --void --reason "counted twice" --author jo@acme.example
  weighbridge ledger correct acme/atlas@1 --run 2026-11-24-a1b2 --sequence 0 --supersede record.json \
      --reason "tokens of the second node" --author jo@acme.example`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error { return a.ledgerCorrect(f, args[0]) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.run, "run", "", "run of the record to correct")
	flags.Uint64Var(&f.sequence, "sequence", 0, "sequence of the record within its run")
	flags.BoolVar(&f.void, "void", false, "the work was not done, or not on this model: it counts no more")
	flags.StringVar(&f.supersede, "supersede", "", "file with the record that counts instead; - reads standard input")
	flags.StringVar(&f.reason, "reason", "", "what was wrong, in one line")
	flags.StringVar(&f.author, "author", "", "who corrects")
	for _, name := range []string{"run", "sequence", "reason", "author"} {
		cmd.MarkFlagRequired(name)
	}
	return cmd
}

// check refuses what the command line itself gets wrong.
func (f correctFlags) check() error {
	switch {
	case f.void && f.supersede != "":
		return usage("ledger correct: found --void and --supersede, expected one of them: a void counts no more, a superseded record is replaced by FILE")
	case !f.void && f.supersede == "":
		return usage("ledger correct: expected --void, or --supersede FILE with the record that counts instead (- reads standard input)")
	case f.run == "":
		return usage("ledger correct: --run is empty: expected the run of the record to correct; weighbridge ledger show lists them")
	}
	return nil
}

func (a *app) ledgerCorrect(f correctFlags, name string) error {
	model, err := meter.ParseModel(name)
	if err == nil {
		err = f.check()
	}
	if err != nil {
		return &exitError{exitUsage, err}
	}
	c := ledger.Correction{Kind: ledger.Void, Model: model, Run: f.run, Sequence: f.sequence, Reason: f.reason, Author: f.author, Time: a.env.now().UTC()}
	if !f.void {
		c.Kind = ledger.Supersede
		if c.Record, err = a.readRecord(f.supersede); err != nil {
			return err
		}
	}
	result := correctResult{Schema: "weighbridge.dev/corrected/v1", Kind: c.Kind, Model: model, Run: c.Run, Sequence: c.Sequence,
		Reason: c.Reason, Author: c.Author, Time: c.Time, Totals: []ledger.Total{}}
	err = a.writing(func(l *ledger.Ledger) error {
		if err := a.refuseCycle(l, c.Record); err != nil {
			return err
		}
		receipt, err := l.Correct(c)
		if err != nil {
			return err
		}
		result.Origin, result.Index = receipt.Origin, receipt.Index
		node, _, err := l.Node(model)
		for _, t := range node.Own {
			result.Totals = append(result.Totals, ledger.Total(t))
		}
		return err
	})
	if err != nil {
		return err
	}
	return a.print(result)
}

// readRecord reads a record that a person may have laid out on several lines:
// white space is taken out, everything else is as strict as in the ledger.
func (a *app) readRecord(path string) (*meter.Record, error) {
	file := a.env.stdin
	if path != "-" {
		var err error
		if file, err = os.Open(path); err != nil {
			return nil, fmt.Errorf("record: %w", err)
		}
		defer file.Close()
	}
	data, err := io.ReadAll(io.LimitReader(file, 2*meter.MaxRecordBytes))
	if err != nil {
		return nil, fmt.Errorf("record %s: %w", path, err)
	}
	record, err := parseGivenRecord(data)
	if err != nil {
		return nil, fmt.Errorf("record %s: %w; start from a record that weighbridge ledger show --json or weighbridge record --json printed", path, err)
	}
	return &record, nil
}

// parseGivenRecord reads a record, or what record --json printed around it.
func parseGivenRecord(data []byte) (meter.Record, error) {
	var compact bytes.Buffer
	if err := json.Compact(&compact, data); err != nil {
		return meter.Record{}, jsonFault(err)
	}
	content := compact.Bytes()
	var schema struct {
		Schema string `json:"schema"`
	}
	if json.Unmarshal(content, &schema) == nil && schema.Schema == recordedSchema {
		inner, err := recordInside(content)
		if err != nil {
			return meter.Record{}, err
		}
		content = inner
	}
	record, err := meter.ParseRecord(content)
	return record, jsonFault(err)
}

// recordInside takes the record out of a recordResult.
func recordInside(content []byte) ([]byte, error) {
	var outer struct {
		Schema string          `json:"schema"`
		Origin string          `json:"origin"`
		Index  uint64          `json:"index"`
		New    bool            `json:"new"`
		Record json.RawMessage `json:"record"`

		Superseded json.RawMessage `json:"superseded_by"`
	}
	dec := json.NewDecoder(bytes.NewReader(content))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&outer); err != nil {
		return nil, jsonFault(err)
	}
	if outer.Record == nil {
		return nil, fmt.Errorf("%s without a record in it", recordedSchema)
	}
	return outer.Record, nil
}

// String is the result for people.
func (r correctResult) String() string {
	verb := "superseded"
	if r.Kind == ledger.Void {
		verb = "voided"
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s: record %s/%d of %s\n  by %s: %s\n  entry %d of %s\nnet totals of this log:\n", verb, r.Run, r.Sequence, r.Model, r.Author, r.Reason, r.Index, r.Origin)
	for _, t := range r.Totals {
		fmt.Fprintf(&b, "  %s %s, %s, grade %s\n", t.Activity, t.Operations, plural(int(t.Records), "record"), t.Grade)
	}
	if len(r.Totals) == 0 {
		b.WriteString("  none\n")
	}
	return b.String()
}
