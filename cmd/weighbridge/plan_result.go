package main

import (
	"encoding/json"
	"fmt"
	"math/big"
	"strings"
	"time"

	"github.com/weighbridge/weighbridge/fdp"
	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/estimate"
)

// planResult is a planned run. The fields are those of the documented JSON; text
// is a rendering of them.
type planResult struct {
	Schema       string           `json:"schema"`
	Architecture string           `json:"architecture"`
	Parameters   planParameters   `json:"parameters"`
	Operations   meter.Interval   `json:"operations"`
	Convention   meter.Convention `json:"convention"`
	Source       string           `json:"source"`
	Activity     meter.Activity   `json:"activity"`
	Hardware     *planHardware    `json:"hardware,omitempty"`
	Start        string           `json:"start"`
	Crossings    []planCrossing   `json:"crossings"`
	Findings     []meter.Finding  `json:"findings,omitempty"` // what the count leaves open

	machine *machine
	start   time.Time
	today   time.Time // when the plan is made
}

type planParameters struct {
	Total  meter.Ops `json:"total"`
	Active meter.Ops `json:"active"`
}

// planHardware is what the run takes of its chips. The figures are rounded to
// one place, from exact ones.
type planHardware struct {
	Chip        string     `json:"chip"`
	Chips       uint64     `json:"chips,omitempty"`
	Precision   string     `json:"precision"`
	Peak        meter.Ops  `json:"peak_operations_per_second"`
	Utilization planRange  `json:"utilization"`
	Stated      bool       `json:"utilization_stated"`
	Meaning     string     `json:"utilization_meaning"`
	ChipHours   planRange  `json:"chip_hours"`
	Days        *planRange `json:"days,omitempty"`
	End         string     `json:"end,omitempty"` // at the estimate
}

// planRange is low, estimate and high; estimate and high are null where there is
// none.
type planRange struct {
	Low      json.Number  `json:"low"`
	Estimate *json.Number `json:"estimate"`
	High     *json.Number `json:"high"`
}

func newPlanResult(a estimate.Architecture, c estimate.Count, r meter.Record, m *machine, start time.Time) planResult {
	p := a.Parameters()
	result := planResult{Schema: "weighbridge.dev/plan/v1", Architecture: a.String(), Parameters: planParameters{p.Total, p.Active}, Operations: c.Operations,
		Convention: c.Convention, Source: c.Source, Activity: r.Activity, Start: start.Format(time.RFC3339), machine: m, start: start, Crossings: []planCrossing{}, Findings: r.Findings}
	if m != nil {
		result.Hardware = m.planned(c.Operations, start)
	}
	return result
}

// planned is the chip-hours and the days of the operations: the fewest at the
// lowest count and the highest utilisation.
func (m *machine) planned(o meter.Interval, start time.Time) *planHardware {
	peak, _ := meter.OpsFromBig(new(big.Int).Quo(m.peak.Num(), m.peak.Denom())) // a catalogue's peak is far below 2^128
	h := &planHardware{Chip: m.product, Chips: m.chips, Precision: string(m.precision), Peak: peak, Stated: m.stated, Meaning: oneLine(utilizationMeaning)}
	h.Utilization = rangeOf(m.low, m.usual, m.high, 2)
	low, usual, high := m.chipSeconds(ratOf(o.Low), m.high), (*big.Rat)(nil), (*big.Rat)(nil)
	if o.High.Known {
		high = m.chipSeconds(ratOf(o.High.Ops), m.low)
	}
	if o.Estimate.Known {
		usual = m.chipSeconds(ratOf(o.Estimate.Ops), m.usual)
		if end := m.date(start, ratOf(o.Estimate.Ops), m.usual); end != nil {
			h.End = end.Format(time.RFC3339)
		}
	}
	h.ChipHours = rangeOf(per(low, 3600), per(usual, 3600), per(high, 3600), 1)
	if m.chips != 0 {
		day := 86400 * int64(m.chips)
		days := rangeOf(per(low, day), per(usual, day), per(high, day), 1)
		h.Days = &days
	}
	return h
}

func ratOf(o meter.Ops) *big.Rat { return new(big.Rat).SetInt(o.Big()) }

func per(a *big.Rat, d int64) *big.Rat {
	if a == nil {
		return nil
	}
	return new(big.Rat).Quo(a, big.NewRat(d, 1))
}

func rangeOf(low, usual, high *big.Rat, places int) planRange {
	number := func(r *big.Rat) *json.Number {
		if r == nil {
			return nil
		}
		text := json.Number(r.FloatString(places))
		return &text
	}
	return planRange{Low: *number(low), Estimate: number(usual), High: number(high)}
}

func (r planRange) String() string {
	span := fmt.Sprintf("at least %s", r.Low)
	if r.High != nil {
		span = fmt.Sprintf("%s to %s", r.Low, *r.High)
	}
	switch {
	case r.Estimate == nil:
		return span
	case r.High != nil && r.Low == *r.High:
		return r.Low.String()
	}
	return fmt.Sprintf("%s (%s)", *r.Estimate, span)
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// cross fills in what becomes of each threshold.
func (r *planResult) cross(before, after []fdp.Position) {
	for i := range after {
		r.Crossings = append(r.Crossings, r.crossing(before[i], after[i]))
	}
}

// String is the plan for people.
func (r planResult) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "plan: %s\n  parameters  %s, of which a token uses %s\n", r.Architecture, r.Parameters.Total, r.Parameters.Active)
	fmt.Fprintf(&b, "  operations  %s, %s\n              %s\n              convention: %s\n", r.Activity, r.Operations, r.Source, r.Convention)
	if h := r.Hardware; h != nil {
		h.describe(&b, r.Start)
	}
	for _, c := range r.Crossings {
		fmt.Fprintf(&b, "  %s\n", c)
	}
	for _, f := range r.Findings {
		fmt.Fprintf(&b, "  finding %s: %s\n", f.Code, f.Message)
	}
	return b.String()
}

func (h planHardware) describe(b *strings.Builder, start string) {
	utilization := "as stated"
	if !h.Stated {
		utilization = "not stated"
	}
	fmt.Fprintf(b, "  chip-hours  %s on %s, %s operations a second in dense %s, utilisation %s, %s\n", h.ChipHours, h.Chip, h.Peak, h.Precision, h.Utilization, utilization)
	if h.Days != nil {
		fmt.Fprintf(b, "  time        %s days on %d chips from %s", *h.Days, h.Chips, start)
		if h.End != "" {
			fmt.Fprintf(b, ", until %s", h.End)
		}
		b.WriteByte('\n')
	}
	fmt.Fprintf(b, "  %s\n", strings.ReplaceAll(utilizationMeaning, "\n", "\n  "))
}
