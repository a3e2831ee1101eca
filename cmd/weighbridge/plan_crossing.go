package main

import (
	"fmt"
	"math/big"
	"strings"
	"time"

	"github.com/weighbridge/weighbridge/fdp"
	"github.com/weighbridge/weighbridge/meter"
)

// planCrossing is what becomes of one regime's threshold.
type planCrossing struct {
	Regime         string         `json:"regime"`
	Quantity       string         `json:"quantity"`
	Comparison     string         `json:"comparison"`
	Threshold      meter.Ops      `json:"threshold"`
	meter.Interval                // of the quantity, after the planned work
	Before         meter.Interval `json:"before"` // without it
	Margin         *meter.Ops     `json:"margin"` // left after it
	Near           bool           `json:"near"`

	Crosses *bool `json:"crosses"`     // the threshold is met at the end; null where the range leaves it open
	Already bool  `json:"already_met"` // it was met before the planned work

	At       *string    `json:"at"`            // at the estimate; null where it is not crossed or no number of chips is stated
	Earliest *string    `json:"earliest"`      // by the high bounds of operations and utilisation; null where not even they cross
	Latest   *string    `json:"latest"`        // by the low bounds; null where they do not cross
	Planned  *meter.Ops `json:"operations_at"` // operations of the planned work at which the estimate crosses, rounded up

	Codified bool        `json:"codified"`         // the regime's text stands today
	Notice   *planNotice `json:"notice,omitempty"` // the notification that follows from crossing; absent where no such duty is known, or it does not cross
}

// planNotice is when an authority has to be told: within so many days after the
// threshold is met or becomes known that it will be, whichever is first.
type planNotice struct {
	Days       int     `json:"days"`
	Open       bool    `json:"open,omitempty"` // whether the duty follows turns on more than the threshold
	AfterMet   *string `json:"after_met"`      // the last day by the crossing at the estimate; null where that has no date
	AfterKnown string  `json:"after_known"`    // the last day by this plan, which makes it known
}

func (r planResult) crossing(before, after fdp.Position) planCrossing {
	c := r.crossed(before, after)
	if c.Codified = after.Codified; after.NoticeDays > 0 && c.Crosses != nil && *c.Crosses && !c.Already {
		c.Notice = &planNotice{Days: after.NoticeDays, Open: after.NoticeOpen, AfterKnown: r.today.AddDate(0, 0, after.NoticeDays).Format(time.DateOnly)}
		if c.At != nil {
			at, _ := time.Parse(time.RFC3339, *c.At) // stamp wrote it
			last := at.AddDate(0, 0, after.NoticeDays).Format(time.DateOnly)
			c.Notice.AfterMet = &last
		}
	}
	return c
}

func (r planResult) crossed(before, after fdp.Position) planCrossing {
	c := planCrossing{Regime: after.Regime, Quantity: after.Quantity, Comparison: after.Comparison, Threshold: after.Threshold,
		Interval: after.Interval, Before: before.Interval, Margin: after.Margin, Near: after.Near}
	c.Already = before.ThresholdVerdict == fdp.Applies
	if after.ThresholdVerdict != fdp.Undetermined {
		crosses := after.ThresholdVerdict == fdp.Applies
		c.Crosses = &crosses
	}
	if c.Already {
		return c
	}
	atEstimate := c.needed(before.Estimate, after.Estimate, r.Operations.Estimate)
	if atEstimate != nil {
		c.Planned = roundedUp(atEstimate)
	}
	if m := r.machine; m != nil {
		c.At = stamp(m, r.start, atEstimate, m.usual)
		c.Earliest = stamp(m, r.start, c.needed(before.High, after.High, r.Operations.High), m.high)
		c.Latest = stamp(m, r.start, c.needed(meter.Known(before.Low), meter.Known(after.Low), meter.Known(r.Operations.Low)), m.low)
	}
	return c
}

// needed is how many of the planned operations bring the quantity to the
// threshold, or nil when all of them do not, or it is not known. Every counting
// table is linear in the operations of one activity.
func (c planCrossing) needed(before, after, planned meter.Bound) *big.Rat {
	if !before.Known || !after.Known || !planned.Known {
		return nil
	}
	meets := c.Threshold.Big()
	if c.Comparison == ">" {
		meets.Add(meets, big.NewInt(1))
	}
	left := new(big.Int).Sub(meets, before.Ops.Big())
	grown := new(big.Int).Sub(after.Ops.Big(), before.Ops.Big())
	if left.Sign() <= 0 || grown.Cmp(left) < 0 {
		return nil
	}
	share := new(big.Rat).SetFrac(left, grown)
	return share.Mul(share, ratOf(planned.Ops))
}

func roundedUp(r *big.Rat) *meter.Ops {
	whole, rest := new(big.Int).QuoRem(r.Num(), r.Denom(), new(big.Int))
	if rest.Sign() > 0 {
		whole.Add(whole, big.NewInt(1))
	}
	o, _ := meter.OpsFromBig(whole) // never more than the planned operations
	return &o
}

func stamp(m *machine, start time.Time, operations, utilization *big.Rat) *string {
	if operations == nil {
		return nil
	}
	at := m.date(start, operations, utilization)
	if at == nil {
		return nil
	}
	text := at.Format(time.RFC3339)
	return &text
}

// String is the crossing for people, one line.
func (c planCrossing) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s %s after the plan; threshold %s %s: ", c.Regime, c.Quantity, c.Interval, c.Comparison, c.Threshold.Short())
	switch {
	case c.Already:
		b.WriteString("met already, before the plan begins")
	case c.Crosses == nil:
		b.WriteString("cannot be told, the threshold lies inside the range")
	case !*c.Crosses:
		b.WriteString("not crossed")
	default:
		b.WriteString("crossed")
	}
	if !c.Already && c.Planned != nil {
		fmt.Fprintf(&b, " after %s operations of the plan", c.Planned.Short())
	}
	if c.At != nil {
		fmt.Fprintf(&b, ", at %s", *c.At)
	}
	if c.Earliest != nil && (c.At == nil || *c.Earliest != *c.At) {
		fmt.Fprintf(&b, ", at the earliest %s", *c.Earliest)
	}
	if c.Latest != nil && (c.At == nil || *c.Latest != *c.At) {
		fmt.Fprintf(&b, ", at the latest %s", *c.Latest)
	}
	if c.Margin != nil && c.Crosses != nil && !*c.Crosses {
		fmt.Fprintf(&b, "; %s left", c.Margin.Short())
	}
	if n := c.Notice; n != nil {
		fmt.Fprintf(&b, "; %s within %d days: ", notifyWord(n.Open), n.Days)
		if n.AfterMet != nil {
			fmt.Fprintf(&b, "by %s after it is met, and ", *n.AfterMet)
		}
		fmt.Fprintf(&b, "by %s since this plan makes it known", n.AfterKnown)
	}
	if !c.Codified {
		b.WriteString("; the text does not stand today")
	}
	return b.String()
}
