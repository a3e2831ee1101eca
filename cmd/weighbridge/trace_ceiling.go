package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/provenance"
)

// traceCeiling is one run of the model against what its chips could have done:
// the records of all its processes, restarts and ranks together, each device
// once, and what a scheduler's or a monitor's file says of the same run.
type traceCeiling struct {
	Run        string          `json:"run"`
	Operations meter.Interval  `json:"operations"`
	Share      string          `json:"share_of_peak,omitempty"` // per cent of the dense peak in the format that training is counted at; absent where not known
	Ceilings   []meter.Witness `json:"ceilings"`
	Findings   []meter.Finding `json:"findings"`
}

// traceCeilings are the runs of a model of which some record knows its chips.
func traceCeilings(records []meter.Record) ([]traceCeiling, error) {
	catalogue, err := provenance.Embedded()
	if err != nil {
		return nil, err
	}
	var order []string
	runs := map[string][]meter.Record{}
	for _, r := range records {
		if runs[r.Run] == nil {
			order = append(order, r.Run)
		}
		runs[r.Run] = append(runs[r.Run], r)
	}
	slices.Sort(order)
	var out []traceCeiling
	for _, run := range order {
		line, known, err := runCeiling(run, runs[run], catalogue)
		if err != nil {
			return nil, err
		}
		if known {
			out = append(out, line)
		}
	}
	return out, nil
}

func runCeiling(run string, records []meter.Record, catalogue *provenance.Catalogue) (line traceCeiling, known bool, err error) {
	line = traceCeiling{Run: run, Operations: meter.Exact(meter.Ops{}), Findings: []meter.Finding{}}
	counted := false
	for _, r := range records {
		if r.Method == meter.NoMethod && r.Operations.High.Known { // telemetry: no operations of its own
			continue
		}
		if line.Operations, err = line.Operations.Add(r.Operations); err != nil {
			return line, false, err
		}
		counted = counted || r.Method != meter.HardwareTime
	}
	held := ceiling(heldBy(records, catalogue), catalogue)
	if w, found := held.witness(); found {
		line.Ceilings = append(line.Ceilings, w)
	}
	line.Ceilings = append(line.Ceilings, statedCeilings(records)...)
	if len(line.Ceilings) == 0 {
		return line, false, nil
	}
	line.Share = line.share()
	claim := meter.Witness{Quantity: meter.Required, Operations: line.Operations, Source: fmt.Sprintf("run %s, all of its records", run)}
	for i, w := range line.Ceilings {
		against := held
		if i > 0 || !held.known() {
			against = ceilingOf{training: w.Operations.Low.Big()}
		}
		if counted {
			line.Findings = append(line.Findings, against.findings([]meter.Witness{claim}, w)...)
		}
	}
	return line, true, nil
}

// statedCeilings are those that came from a file or a person and not from the
// devices that a record names.
func statedCeilings(records []meter.Record) []meter.Witness {
	var list []meter.Witness
	for _, r := range records {
		for _, w := range r.Witnesses {
			if w.Quantity == meter.Ceiling && (len(r.Hardware) == 0 || r.Method == meter.NoMethod) {
				list = append(list, w)
			}
		}
	}
	return list
}

// share is the run's estimate over the lowest ceiling.
func (c traceCeiling) share() string {
	least := c.Ceilings[0].Operations.Low
	for _, w := range c.Ceilings {
		if w.Operations.Low.Cmp(least) < 0 {
			least = w.Operations.Low
		}
	}
	return shareOfPeak(c.Operations, least)
}

// shareOfPeak is an estimate in per cent of a peak; "" where one is not known.
func shareOfPeak(i meter.Interval, peak meter.Ops) string {
	if peak.IsZero() || !i.Estimate.Known {
		return ""
	}
	return percentText(ceilingOf{training: peak.Big()}.shareOf(i.Estimate.Ops))
}

// String is the run for people.
func (c traceCeiling) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "  run %s: %s", c.Run, c.Operations)
	if c.Share != "" {
		fmt.Fprintf(&b, ", %s %% of its chips' dense peak", c.Share)
	}
	b.WriteByte('\n')
	for _, w := range c.Ceilings {
		fmt.Fprintf(&b, "    at most %s (%s): %s\n", w.Operations, w.Grade, w.Source)
	}
	for _, f := range c.Findings {
		fmt.Fprintf(&b, "    finding %s: %s\n", f.Code, f.Message)
	}
	return b.String()
}

// ceilingLine is a record's ceiling with the share of the peak that its count
// fills; "" where it has none.
func ceilingLine(r meter.Record) string {
	for _, w := range r.Witnesses {
		if w.Quantity != meter.Ceiling {
			continue
		}
		text := fmt.Sprintf("%s: %s", w.Operations, w.Source)
		if share := shareOfPeak(r.Operations, w.Operations.Low); share != "" && r.Method != meter.NoMethod {
			text += fmt.Sprintf("; the count is %s %% of the peak that training is counted at", share)
		}
		return text
	}
	return ""
}
