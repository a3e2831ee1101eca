package delivery

import (
	"fmt"
	"time"
)

// State is where a delivery stands.
type State string

// The states. A release is released only when two people with two keys signed it.
const (
	Open         State = "open"         // nothing was decided yet
	Held         State = "hold"         // the last decision holds it
	Unclear      State = "undetermined" // the last decision lacks facts
	Unsigned     State = "unsigned"     // the last decision releases it, and nobody has signed
	Prepared     State = "prepared"     // a release that its preparer has signed, to be approved by another
	Released     State = "released"     // approved
	WithdrawnNow State = "withdrawn"    // ended
)

// Delivery is what the steps add up to.
type Delivery struct {
	ID      string
	Opened  Opened
	Entries []Entry
	State   State

	Last     *Entry // the last decision
	Release  *Entry // the last approval, also when a later decision holds
	Answered bool   // facts were answered since the last decision
}

// TransitionError reports a step that may not follow what came before it.
type TransitionError struct {
	Delivery string
	Index    uint64 // of the step
	Found    string
	Next     string // what to do instead
}

func (e *TransitionError) Error() string {
	return fmt.Sprintf("delivery %s, step %d: %s; %s", e.Delivery, e.Index, e.Found, e.Next)
}

// Fold adds the steps of one delivery up. It is strict: the first step opens the
// delivery under its id, and each other one may follow what came before it;
// otherwise the error is a [*TransitionError].
func Fold(id string, entries []Entry) (Delivery, error) {
	d := Delivery{ID: id}
	if len(entries) == 0 {
		return d, fmt.Errorf("delivery %s: without steps", id)
	}
	for _, e := range entries {
		var err error
		if d, err = d.Add(e); err != nil {
			return d, err
		}
	}
	return d, nil
}

// Add returns the delivery with one step more.
func (d Delivery) Add(e Entry) (Delivery, error) {
	refuse := func(next, format string, args ...any) (Delivery, error) {
		return d, &TransitionError{d.ID, e.Index, fmt.Sprintf(format, args...), next}
	}
	if e.Index != uint64(len(d.Entries)) {
		return refuse("run weighbridge check", "expected step %d", len(d.Entries))
	}
	s := e.Step
	switch {
	case (s.Opened != nil) != (e.Index == 0):
		return refuse("run weighbridge check", "a delivery is opened once, by its first step")
	case d.State == WithdrawnNow:
		return refuse("open a new delivery", "it was withdrawn, nothing follows that")
	}
	d.Entries = append(d.Entries[:len(d.Entries):len(d.Entries)], e)
	switch {
	case s.Opened != nil:
		if s.Opened.Delivery != d.ID {
			return refuse("run weighbridge check", "it opens delivery %s", s.Opened.Delivery)
		}
		d.Opened, d.State = *s.Opened, Open
	case s.Answered != nil:
		d.Answered = true
		if d.State == Prepared || d.State == Unsigned {
			d.State = Open // what was to be released is to be decided again
		}
	case s.Decided != nil:
		d.Last, d.Answered, d.State = &e, false, s.Decided.state()
	case s.Approved != nil:
		if err := d.approvable(e); err != nil {
			return d, err
		}
		d.Release, d.State = &e, Released
	case s.Withdrawn != nil:
		d.State = WithdrawnNow
	}
	return d, nil
}

// DecideAgain reports that facts were answered since the last decision, so that
// it, and a release that rests on it, has to be made again.
func (d Delivery) DecideAgain() bool {
	return d.Answered && d.Last != nil && d.State != WithdrawnNow
}

func (d Decided) state() State {
	switch {
	case d.Decision.Decision == Hold:
		return Held
	case d.Decision.Decision == Undetermined:
		return Unclear
	case d.Signature == nil:
		return Unsigned
	}
	return Prepared
}

// approvable holds an approval to the decision before it: a release that
// somebody else has signed with another key, and nothing in between.
func (d Delivery) approvable(e Entry) error {
	a := e.Step.Approved
	refuse := func(next, format string, args ...any) error {
		return &TransitionError{d.ID, e.Index, fmt.Sprintf(format, args...), next}
	}
	switch {
	case d.Last == nil:
		return refuse("decide first", "nothing was decided that could be approved")
	case d.State == Released:
		return refuse("nothing is left to do", "the release was approved already")
	case d.Answered:
		return refuse("decide again, signed by the preparer", "facts were answered since the decision")
	case d.State != Prepared:
		return refuse(map[State]string{Unsigned: "decide again with --key", Held: "do what its actions say, then decide again", Unclear: "answer what is missing, then decide again"}[d.State],
			"the last decision is %s, expected a release that its preparer has signed", d.State)
	case a.Decided != d.Last.Index:
		return refuse("approve the last decision", "it approves step %d, the last decision is step %d", a.Decided, d.Last.Index)
	case a.Signature.Key == d.Last.Step.Decided.Signature.Key:
		return refuse("let somebody else approve with a key of their own", "the approver's key is the preparer's (%s)", a.Signature.Key)
	case e.Author == d.Last.Author:
		return refuse("let somebody else approve", "the approver is the preparer, %s", e.Author)
	}
	return nil
}

// Backwards returns the steps that are dated before the one that they follow: a
// clock was wrong, or a date was made up.
func (d Delivery) Backwards() []uint64 {
	var out []uint64
	var last time.Time
	for _, e := range d.Entries {
		if e.Time.Before(last) {
			out = append(out, e.Index)
		}
		last = e.Time
	}
	return out
}
