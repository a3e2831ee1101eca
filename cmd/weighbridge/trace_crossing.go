package main

import (
	"fmt"
	"math/big"
	"strings"
	"time"

	"github.com/weighbridge/weighbridge/fdp"
	"github.com/weighbridge/weighbridge/meter"
)

// traceCrossing is when a regime's threshold is met if the work goes on at the
// present rate: that of the model's latest run, by the periods of its records.
type traceCrossing struct {
	Regime string     `json:"regime"`
	Run    string     `json:"run"`                   // the run that gives the rate
	PerDay *meter.Ops `json:"per_day"`               // operations of the regime's quantity, rounded down; null where the estimate is not known
	From   string     `json:"from"`                  // the work goes on from here: the date asked for, or the run's end if that is later
	At     *string    `json:"at"`                    // rounded up to the second; null where it cannot be told, or the rate is nothing
	Met    bool       `json:"met"`                   // the threshold is met already
	Notice int        `json:"notice_days,omitempty"` // days to notify in, after it is met or becomes known that it will be
	Open   bool       `json:"notice_open,omitempty"` // whether that duty follows turns on more than the threshold

	undated string // why there is no date although there is a rate, for people
}

// latestRun is the run of the model's own records whose period ended last, with
// the span of its periods. No name means that no record has a period.
type latestRun struct {
	name       string
	start, end time.Time
}

func findLatestRun(records []meter.Record) latestRun {
	spans := map[string]latestRun{}
	var latest latestRun
	for _, r := range records {
		if r.Period == nil || !r.Period.End.After(r.Period.Start) {
			continue
		}
		span, found := spans[r.Run]
		if !found {
			span = latestRun{r.Run, r.Period.Start, r.Period.End}
		}
		if r.Period.Start.Before(span.start) {
			span.start = r.Period.Start
		}
		if r.Period.End.After(span.end) {
			span.end = r.Period.End
		}
		spans[r.Run] = span
	}
	for _, span := range spans {
		if latest.name == "" || span.end.After(latest.end) || span.end.Equal(latest.end) && span.name > latest.name {
			latest = span
		}
	}
	return latest
}

// crossings says when each threshold is met if the work of the latest run goes
// on from the date at its rate. What the run added under a regime is the
// difference that its records make there.
func (a *app) crossings(model meter.ModelRef, h *history, positions []fdp.Position, from time.Time) ([]traceCrossing, error) {
	out := []traceCrossing{}
	own, _ := h.records(model)
	run := findLatestRun(own)
	if run.name == "" {
		return out, h.err
	}
	without, err := a.positionsOf(model, func(m meter.ModelRef) ([]meter.Record, bool) {
		records, known := h.records(m)
		if m != model {
			return records, known
		}
		return withoutOperations(records, run.name), known
	})
	if err != nil {
		return nil, err
	}
	if from.Before(run.end) {
		from = run.end
	}
	for i, p := range positions {
		out = append(out, run.crossing(without[i], p, from))
	}
	return out, nil
}

// withoutOperations is the records as if the run had done nothing yet; the
// parents that they name stay.
func withoutOperations(records []meter.Record, run string) []meter.Record {
	var out []meter.Record
	for _, r := range records {
		if r.Run == run {
			r.Operations = meter.Exact(meter.Ops{})
		}
		out = append(out, r)
	}
	return out
}

func (r latestRun) crossing(before, after fdp.Position, from time.Time) traceCrossing {
	c := traceCrossing{Regime: after.Regime, Run: r.name, From: from.Format(time.RFC3339), Met: after.ThresholdVerdict == fdp.Applies, Notice: after.NoticeDays, Open: after.NoticeOpen}
	if !before.Estimate.Known || !after.Estimate.Known {
		return c
	}
	gained, err := after.Estimate.Ops.Sub(before.Estimate.Ops)
	if err != nil { // the run's records lowered the quantity: no rate
		return c
	}
	nanoseconds := big.NewInt(r.end.Sub(r.start).Nanoseconds())
	day := new(big.Int).Mul(gained.Big(), big.NewInt((24 * time.Hour).Nanoseconds()))
	if perDay, err := meter.OpsFromBig(day.Quo(day, nanoseconds)); err == nil {
		c.PerDay = &perDay
	}
	left := after.Threshold.Big()
	if after.Comparison == ">" {
		left.Add(left, big.NewInt(1))
	}
	switch left.Sub(left, after.Estimate.Ops.Big()); {
	case left.Sign() <= 0:
		c.undated = "the estimate is past the threshold, the range is not"
		return c
	case gained.IsZero():
		c.undated = "no crossing date can be given"
		return c
	}
	seconds := new(big.Rat).SetFrac(left.Mul(left, nanoseconds), new(big.Int).Mul(gained.Big(), big.NewInt(1e9)))
	if at := secondsAfter(from, seconds); at != nil {
		text := at.Format(time.RFC3339)
		c.At = &text
	} else {
		c.undated = "not crossed before the year 10000"
	}
	return c
}

// writeCrossings is a part for each rate, with the regimes whose thresholds are
// crossed at it, and a line for those that share a reason to have no date.
func writeCrossings(b *strings.Builder, crossings []traceCrossing) {
	var parts []string
	lines := map[string][]string{}
	for _, c := range crossings {
		part := c.part()
		if lines[part] == nil {
			parts = append(parts, part)
		}
		lines[part] = append(lines[part], c.line())
	}
	for _, part := range parts {
		if strings.HasSuffix(part, ":") {
			fmt.Fprintf(b, "  %s\n    %s\n", part, strings.Join(lines[part], "\n    "))
			continue
		}
		fmt.Fprintf(b, "  %s: %s\n", strings.Join(lines[part], ", "), part)
	}
}

// part is what a crossing has in common with others: the heading over its date, or
// why it has none.
func (c traceCrossing) part() string {
	switch {
	case c.Met:
		return "the threshold is met already"
	case c.PerDay == nil:
		return "no crossing date can be given, at an unknown rate"
	case c.At == nil:
		return fmt.Sprintf("%s, at %s a day, the rate of run %s", c.undated, c.PerDay.Short(), c.Run)
	}
	return fmt.Sprintf("going on from %s at %s a day, the rate of run %s:", c.From, c.PerDay.Short(), c.Run)
}

// line is what is a crossing's own.
func (c traceCrossing) line() string {
	switch {
	case c.Met || c.At == nil:
		return c.Regime
	case c.Notice > 0:
		return fmt.Sprintf("%s crosses the threshold at %s; %s within %d days after it is met or known that it will be", c.Regime, *c.At, notifyWord(c.Open), c.Notice)
	}
	return fmt.Sprintf("%s crosses the threshold at %s", c.Regime, *c.At)
}
