package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/weighbridge/weighbridge/attest/disclosure"
)

type presentFlags struct {
	fields []string
	out    string
}

// presentResult is what present prints: what the holder can show, or what a
// presentation shows. Values stay in the file.
type presentResult struct {
	Schema     string             `json:"schema"`
	Model      string             `json:"model"`
	Out        string             `json:"out,omitempty"`
	Statements []presentStatement `json:"statements"`
}

type presentStatement struct {
	PredicateType string             `json:"predicate_type"`
	Statement     string             `json:"statement"` // digest of the signed payload
	Figures       []presentableField `json:"figures"`
}

type presentableField struct {
	Field string `json:"field"`
	Path  string `json:"path"`
}

func (a *app) presentCommand() *cobra.Command {
	var f presentFlags
	cmd := &cobra.Command{
		Use:   "present DISCLOSURES [--fields FIELDS --out FILE]",
		Short: "Choose for a recipient which hidden figures of a shipment are shown",
		Long: `Present reads the file in which attest kept what the statements of a shipment hide, and writes a presentation for one
recipient: the disclosures of the fields (or single paths) that you name, and nothing else. The recipient verifies it
against the same signature, with weighbridge verify --presentation. Without --fields it lists what the file can show.

A presentation can be passed on by whoever has it: it proves what the signer stated, not who shows it. Two
presentations of one shipment are known to be of one shipment.

` + exitCodes,
		Example: "  weighbridge present shipment.disclosures.json\n" +
			"  weighbridge present shipment.disclosures.json --fields total_operations_lt_1e26,magnitude --out for-the-auditor.json\n" +
			"  weighbridge verify shipment --key release.key.pub --presentation for-the-auditor.json",
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error { return a.present(args[0], f) },
	}
	flags := cmd.Flags()
	flags.StringSliceVar(&f.fields, "fields", nil, "`FIELDS` to show: "+fieldNames()+", a threshold, or a path as listed")
	flags.StringVar(&f.out, "out", "", "presentation to write (`FILE`)")
	return cmd
}

func (a *app) present(path string, f presentFlags) error {
	if (len(f.fields) == 0) != (f.out == "") {
		return usage("--fields and --out go together: what is shown, and the file to write; without both, what can be shown is listed")
	}
	data, err := readRegular(path, disclosure.MaxFileBytes)
	if errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("%s: there is no such file; attest --disclose writes one beside the shipment", path)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	holding, err := disclosure.ParseHolding(data)
	if err != nil {
		return fmt.Errorf("%s: %w; expected the file that attest --disclose wrote", path, err)
	}
	result := presentResult{Schema: "weighbridge.dev/presented/v1", Model: holding.Model, Out: f.out, Statements: []presentStatement{}}
	for _, s := range holding.Statements {
		line := presentStatement{s.PredicateType, s.Statement, []presentableField{}}
		for _, d := range s.Disclosures {
			if f.out == "" || f.shows(d) {
				line.Figures = append(line.Figures, presentableField{d.Field, d.Path})
			}
		}
		result.Statements = append(result.Statements, line)
	}
	if f.out != "" {
		if err := f.write(holding); err != nil {
			return err
		}
	}
	if a.json {
		return a.printJSON(result)
	}
	a.printPresented(result)
	return nil
}

func (f presentFlags) write(holding disclosure.Holding) error {
	presentation, err := holding.Choose(f.fields, chooses)
	if err != nil {
		return fmt.Errorf("--fields: %w", err)
	}
	encoded, err := presentation.Encode()
	if err != nil {
		return err
	}
	return writeNew(f.out, encoded, 0o600) // its sender decides who reads it
}

func (f presentFlags) shows(d disclosure.Issued) bool {
	for _, field := range f.fields {
		if chooses(field, d) {
			return true
		}
	}
	return false
}

// chooses reports whether a word of --fields means d: its field, its path, or all
// thresholds.
func chooses(field string, d disclosure.Issued) bool {
	return field == d.Field || field == d.Path || field == "thresholds" && strings.HasPrefix(d.Path, "thresholds.")
}

func (a *app) printPresented(r presentResult) {
	verb := "can be shown of"
	if r.Out != "" {
		verb = "is shown by " + r.Out + " of"
	}
	for _, s := range r.Statements {
		a.printf("%s %s (%s)\n", verb, s.PredicateType, printable(s.Statement))
		for _, figure := range s.Figures {
			a.printf("  %-24s %s\n", printable(figure.Field), printable(figure.Path))
		}
	}
	if r.Out != "" {
		a.printf("give %s to the recipient beside the shipment; keep the file of disclosures to yourself\n", r.Out)
	}
}
