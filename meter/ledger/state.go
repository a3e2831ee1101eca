package ledger

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

	bolt "go.etcd.io/bbolt"

	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/canonical"
	"github.com/weighbridge/weighbridge/meter/entry"
)

// state is what a reader needs of a log without reading its entries. A record
// can be taken out of it again: a tally keeps the sums of what is known apart
// from the number of records about which it is not, so that voiding the only
// unbounded record makes its total bounded again.
type state struct {
	Tallies []tally       `json:"tallies"` // in the order of meter.Activities
	Parents []parentCount `json:"parents"` // in the order they were first named

	// Shared is how many records are of runs that several processes share: these
	// do not add up, and a reader nets them (meter.NetRuns).
	Shared uint64 `json:"shared,omitempty"`
}

// tally is the work of one activity, kept so that it can be undone.
type tally struct {
	Activity   meter.Activity `json:"activity"`
	Records    uint64         `json:"records"`
	Low        meter.Ops      `json:"low"`
	Estimate   meter.Ops      `json:"estimate"`    // over the records that have one
	NoEstimate uint64         `json:"no_estimate"` // records that have none
	High       meter.Ops      `json:"high"`        // over the records that are bounded
	NoHigh     uint64         `json:"no_high"`     // records that are not
	Grades     []uint64       `json:"grades"`      // records per grade, in the order of meter.Grades
}

// told reports whether the sums over the records may be no totals: those of shared
// runs and those that were attested elsewhere may tell of the same work more than once,
// and one that was reported may tell only what was held, which counts by what others say.
func (st *state) told() bool {
	of := func(t tally, g meter.Grade) bool {
		at := slices.Index(meter.Grades(), g)
		return at < len(t.Grades) && t.Grades[at] > 0
	}
	return st.Shared > 0 || slices.ContainsFunc(st.Tallies, func(t tally) bool { return of(t, meter.GradeAttested) || of(t, meter.GradeReported) })
}

// parentCount is a parent and how many records name it.
type parentCount struct {
	meter.Parent
	Records uint64 `json:"records"`
}

func readState(log *bolt.Bucket) (state, error) {
	var st state
	data := log.Get([]byte(keyState))
	if data == nil {
		return st, nil
	}
	if short, ok := readStateText(string(data)); ok {
		st = short
	} else if err := json.Unmarshal(data, &st); err != nil {
		return st, &DamageError{Code: "state-unreadable", Found: fmt.Sprintf("totals: %v", err)}
	}
	return st, st.agrees(log)
}

// agrees holds the state to the totals in the log's last entry, which its header
// commits to: a total that nobody signed for is never shown, nor built upon.
func (st *state) agrees(log *bolt.Bucket) error {
	last, body := log.Bucket([]byte(keyBodies)).Cursor().Last()
	if last == nil {
		return nil
	}
	if want := append(entry.AppendTotals([]byte(entry.BodyTotals), st.totals()), '}'); !bytes.HasSuffix(body, want) {
		return &DamageError{Code: "model-totals-differ", Found: "the running totals are not those of the log's last entry; run weighbridge check"}
	}
	return nil
}

// encode writes empty lists as [].
func (st state) encode() ([]byte, error) {
	st.Tallies, st.Parents = append([]tally{}, st.Tallies...), append([]parentCount{}, st.Parents...)
	return canonical.Encode(st)
}

// totals returns the net work per activity.
func (st *state) totals() []Total {
	out := make([]Total, 0, len(st.Tallies))
	for _, t := range st.Tallies {
		out = append(out, t.total())
	}
	return out
}

func (t *tally) total() Total {
	sum := meter.Interval{Low: t.Low}
	if t.NoEstimate == 0 {
		sum.Estimate = meter.Known(t.Estimate)
	}
	if t.NoHigh == 0 {
		sum.High = meter.Known(t.High)
	}
	total := Total{Activity: t.Activity, Operations: sum, Records: t.Records}
	for i, g := range meter.Grades() {
		if i < len(t.Grades) && t.Grades[i] > 0 {
			total.Grade = meter.LowestGrade(total.Grade, g)
		}
	}
	return total
}

// add takes a record into the tallies and the parents.
func (st *state) add(r meter.Record) error {
	t := st.tallyOf(r.Activity)
	t.Records++
	if r.Part != nil {
		st.Shared++
	}
	t.Grades[slices.Index(meter.Grades(), r.Grade)]++
	for _, p := range distinct(r.Parents) {
		at := slices.IndexFunc(st.Parents, func(c parentCount) bool { return c.Parent == p })
		if at < 0 {
			st.Parents = append(st.Parents, parentCount{p, 1})
			continue
		}
		st.Parents[at].Records++
	}
	if err := t.apply(r.Operations, meter.Ops.Add, 1); err != nil {
		return fmt.Errorf("total of %s with record %s/%d: %w; no model takes that many: check the figure", r.Activity, r.Run, r.Sequence, err)
	}
	return nil
}

// remove takes out a record that add took in.
func (st *state) remove(r meter.Record) error {
	t, grade := st.tallyOf(r.Activity), slices.Index(meter.Grades(), r.Grade)
	if t.Records == 0 || t.Grades[grade] == 0 {
		return st.short(r)
	}
	t.Records--
	if r.Part != nil && st.Shared > 0 {
		st.Shared--
	}
	t.Grades[grade]--
	if err := t.apply(r.Operations, meter.Ops.Sub, ^uint64(0)); err != nil {
		return st.short(r)
	}
	for _, p := range distinct(r.Parents) {
		at := slices.IndexFunc(st.Parents, func(c parentCount) bool { return c.Parent == p })
		if at < 0 {
			return st.short(r)
		}
		st.Parents[at].Records--
	}
	st.Parents = slices.DeleteFunc(st.Parents, func(c parentCount) bool { return c.Records == 0 })
	st.Tallies = slices.DeleteFunc(st.Tallies, func(t tally) bool { return t.Records == 0 })
	return nil
}

func (st *state) short(r meter.Record) error {
	return fmt.Errorf("the totals do not hold record %s/%d, which is to be taken out of them; run weighbridge check", r.Run, r.Sequence)
}

// apply adds or subtracts an interval; one is 1 or its two's complement.
func (t *tally) apply(i meter.Interval, op func(meter.Ops, meter.Ops) (meter.Ops, error), one uint64) error {
	var err error
	if t.Low, err = op(t.Low, i.Low); err != nil {
		return err
	}
	for _, b := range []struct {
		bound   meter.Bound
		sum     *meter.Ops
		unknown *uint64
	}{{i.Estimate, &t.Estimate, &t.NoEstimate}, {i.High, &t.High, &t.NoHigh}} {
		if !b.bound.Known {
			*b.unknown += one
		} else if *b.sum, err = op(*b.sum, b.bound.Ops); err != nil {
			return err
		}
	}
	return nil
}

// join adds the tallies and parents of another state, or takes them out.
func (st *state) join(other state, op func(meter.Ops, meter.Ops) (meter.Ops, error), one uint64) error {
	st.Shared += one * other.Shared
	for _, t := range other.Tallies {
		have := st.tallyOf(t.Activity)
		have.Records += one * t.Records
		have.NoEstimate += one * t.NoEstimate
		have.NoHigh += one * t.NoHigh
		for i, n := range t.Grades {
			if i < len(have.Grades) {
				have.Grades[i] += one * n
			}
		}
		for _, sum := range []struct{ to, by *meter.Ops }{{&have.Low, &t.Low}, {&have.Estimate, &t.Estimate}, {&have.High, &t.High}} {
			var err error
			if *sum.to, err = op(*sum.to, *sum.by); err != nil {
				return fmt.Errorf("total of %s over several logs: %w", t.Activity, err)
			}
		}
	}
	for _, p := range other.Parents {
		at := slices.IndexFunc(st.Parents, func(c parentCount) bool { return c.Parent == p.Parent })
		if at < 0 {
			at = len(st.Parents)
			st.Parents = append(st.Parents, parentCount{Parent: p.Parent})
		}
		st.Parents[at].Records += one * p.Records
	}
	st.Parents = slices.DeleteFunc(st.Parents, func(c parentCount) bool { return c.Records == 0 })
	st.Tallies = slices.DeleteFunc(st.Tallies, func(t tally) bool { return t.Records == 0 })
	return nil
}

// tallyOf returns the tally of an activity, made in its place if there is none.
func (st *state) tallyOf(a meter.Activity) *tally {
	order := meter.Activities()
	at, found := slices.BinarySearchFunc(st.Tallies, a, func(t tally, a meter.Activity) int {
		return slices.Index(order, t.Activity) - slices.Index(order, a)
	})
	if !found {
		st.Tallies = slices.Insert(st.Tallies, at, tally{Activity: a, Grades: make([]uint64, len(meter.Grades()))})
	}
	return &st.Tallies[at]
}

// parents returns the parents alone.
func (st *state) parents() []meter.Parent {
	var out []meter.Parent
	for _, c := range st.Parents {
		out = append(out, c.Parent)
	}
	return out
}

func distinct(parents []meter.Parent) []meter.Parent {
	var out []meter.Parent
	for _, p := range parents {
		if !slices.Contains(out, p) {
			out = append(out, p)
		}
	}
	return out
}
