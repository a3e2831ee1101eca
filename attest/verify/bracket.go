package verify

import (
	"fmt"
	"time"

	"github.com/weighbridge/weighbridge/meter"
)

const (
	// clockSkew is by how much the clocks of a meter and of a witness may differ.
	clockSkew = 15 * time.Minute
	// firstWitnessed is how long before the first witnessed checkpoint work may have
	// ended: nothing older bounds it from below.
	firstWitnessed = 24 * time.Hour
)

// untimely says which entries of a whole log do not lie between the times of the
// witnessed checkpoints before and after them.
func (l provedLog) untimely() []string {
	if !l.whole || !l.last().met() {
		return nil // said already
	}
	var why []string
	first := map[uint64]uint64{} // entry -> the entry that first recorded the work
	for _, e := range l.entries {
		at := e.Index
		if c := e.Correction; c != nil {
			if earlier, ok := first[c.Entry]; ok {
				at = earlier
			}
			if found := l.outside(e.Index, c.Time); found != "" {
				why = append(why, fmt.Sprintf("%s entry %d: the correction of %s %s", l.origin, e.Index, timeText(c.Time), found))
			}
		}
		first[e.Index] = at
		if r := e.Held(); r != nil {
			why = append(why, l.untimelyRecord(*r, at)...)
		}
	}
	return few(why)
}

// untimelyRecord holds the end of a record's work to the place where the work was
// first recorded.
func (l provedLog) untimelyRecord(r meter.Record, at uint64) []string {
	name := nameOf(r)
	if r.Period == nil {
		return []string{name + " does not say when the work was done"}
	}
	if found := l.outside(at, r.Period.End); found != "" {
		return []string{fmt.Sprintf("%s ended %s, which %s", name, timeText(r.Period.End), found)}
	}
	return nil
}

// outside says how a time lies outside what the witnessed checkpoints before and
// after an entry allow; "" when it does not. From below only a quorum bounds it: one
// witness, whose clock may be anything, could let any old work pass.
func (l provedLog) outside(index uint64, at time.Time) string {
	var without, with time.Time // when a quorum had seen the log without the entry last, and with it first
	var first time.Time         // when a witness first saw the log with it
	for _, p := range l.points {
		switch {
		case !p.met():
		case p.Head.Size > index:
			with, first = earlier(with, p.metAt), earlier(first, p.seen[0].Time)
		case p.metAt.After(without):
			without = p.metAt
		}
	}
	from, until := with.Add(-firstWitnessed), first.Add(clockSkew)
	says := fmt.Sprintf("is more than %s before %s, when witnesses first saw the log with it", firstWitnessed, timeText(with))
	if !without.IsZero() {
		from = without.Add(-clockSkew)
		says = fmt.Sprintf("is before %s, when witnesses saw the log without it", timeText(without))
	}
	switch {
	case at.Before(from):
		return says
	case at.After(until):
		return fmt.Sprintf("is after %s, when witnesses saw the log with it", timeText(first))
	}
	return ""
}

// earlier is the earlier of two times, of which the first may not be known yet.
func earlier(known, other time.Time) time.Time {
	if known.IsZero() || other.Before(known) {
		return other
	}
	return known
}
