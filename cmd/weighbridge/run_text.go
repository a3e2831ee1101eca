package main

import (
	"fmt"
	"strings"

	"github.com/weighbridge/weighbridge/meter"
)

// String is the end of a run for people.
func (r runResult) String() string {
	var b strings.Builder
	first := r.Records[0]
	fmt.Fprintf(&b, "weighbridge: %s, run %s: %s", first.Model, first.Run, first.Outcome)
	if first.ExitCode != nil && *first.ExitCode != 0 {
		fmt.Fprintf(&b, " (exit %d)", *first.ExitCode)
	}
	b.WriteByte('\n')
	for _, record := range r.Records {
		describeCount(&b, record)
	}
	fmt.Fprintf(&b, "  hardware    %s\n", describeHardware(first))
	if line := ceilingLine(first); line != "" {
		fmt.Fprintf(&b, "  ceiling     %s\n", line)
	}
	for _, u := range first.Use {
		fmt.Fprintf(&b, "  held        %s\n", describeUse(u))
	}
	if o := first.Observed; o != nil {
		fmt.Fprintf(&b, "  log         %s\n", describeLog(*o))
	}
	for _, finding := range first.Findings {
		fmt.Fprintf(&b, "  finding     %s: %s\n", finding.Code, finding.Message)
	}
	if r.Lineage != nil {
		for _, s := range r.Lineage.Regimes {
			if s.Codified { // --json and trace have the others
				fmt.Fprintf(&b, "  lineage     %s\n", positionLine(s))
			}
		}
		for _, m := range r.Lineage.Missing {
			fmt.Fprintf(&b, "  missing     nothing is recorded of %s, so the lineage has no upper bound\n", m)
		}
		for _, m := range r.Lineage.Unbegun {
			fmt.Fprintf(&b, "  missing     %s\n", noBeginning(m))
		}
	}
	if r.Recorded {
		fmt.Fprintf(&b, "  ledger      %s\n", r.Ledger)
	} else {
		fmt.Fprintf(&b, "  NOT RECORDED in %s: see above\n", r.Ledger)
	}
	return b.String()
}

// describeCount is one record: what enters the totals, then the other figures.
func describeCount(b *strings.Builder, r meter.Record) {
	fmt.Fprintf(b, "  operations  %s, %s: method %s, grade %s\n              convention: %s\n", r.Activity, r.Operations, r.Method, r.Grade, r.Convention)
	for _, w := range r.Witnesses {
		if w.Quantity == meter.Ceiling {
			continue
		}
		fmt.Fprintf(b, "  %-11s %s, %s: %s\n", w.Method, w.Operations, w.Quantity, w.Source)
	}
}

func describeHardware(r meter.Record) string {
	var words []string
	kinds := map[string]uint64{}
	for _, d := range r.Hardware {
		name := fmt.Sprintf("%s (%s)", d.Product, d.Grade)
		if kinds[name] == 0 {
			words = append(words, name)
		}
		kinds[name] += d.Count
	}
	for i, name := range words {
		words[i] = fmt.Sprintf("%d x %s", kinds[name], name)
	}
	if len(words) == 0 {
		words = []string{"no accelerator was seen"}
	}
	if h := r.Host; h != nil {
		words = append(words, fmt.Sprintf("%s, %d logical CPUs, %s, Linux %s", h.CPU, h.Cores, h.Machine, h.Kernel))
	}
	return strings.Join(words, "; ")
}

// describeUse is how long the chips of one product were held, and what is known
// of how busy they were.
func describeUse(u meter.Use) string {
	words := []string{fmt.Sprintf("%s x %s chip-hours (%d held)", u.Product, hours(u.ChipMilliseconds), u.Devices)}
	shown := map[string]bool{}
	for _, s := range u.Signals {
		if s.Share == nil || shown[s.Name] {
			continue
		}
		shown[s.Name] = true
		text := fmt.Sprintf("%s %s %% by %s", s.Name, percent(s.Share.Mean), s.Source)
		if s.Kind == meter.OccupancySignal {
			text += ", an occupancy"
		}
		words = append(words, fmt.Sprintf("%s (%d %% of the time sampled)", text, s.Covered*100/max(u.ChipMilliseconds, 1)))
	}
	if len(words) == 1 {
		words = append(words, "how busy they were is unknown: nothing was sampled")
	}
	return strings.Join(words, "; ")
}

// hours prints milliseconds as hours, rounded down, in six decimals.
func hours(ms uint64) string { return fmt.Sprintf("%d.%06d", ms/3_600_000, ms%3_600_000*10/36) }

// percent prints millionths as per cent in one decimal, rounded down.
func percent(ppm uint64) string { return fmt.Sprintf("%d.%d", ppm/10_000, ppm/1_000%10) }

func describeLog(o meter.Observation) string {
	words := []string{fmt.Sprintf("%d lines", o.Lines)}
	if o.Format != "" {
		words = []string{fmt.Sprintf("%s format, %d lines, %d of them not of the format", o.Format, o.Lines, o.Unread)}
	}
	if o.StepsCommitted != nil {
		words = append(words, fmt.Sprintf("%d steps", *o.StepsCommitted))
	}
	if o.TokensCommitted != nil {
		words = append(words, fmt.Sprintf("%s tokens", o.TokensCommitted))
	}
	if o.Lost > 0 {
		words = append(words, fmt.Sprintf("%d bytes never reached the meter", o.Lost))
	}
	return strings.Join(words, ", ")
}
