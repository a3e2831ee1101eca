package main

import (
	"fmt"
	"strings"

	"github.com/weighbridge/weighbridge/fdp"
	"github.com/weighbridge/weighbridge/fdp/delivery"
)

// standsNow is whether the last decision of a delivery would be made again as it was:
// on what the ledger and the delivery know now, under the rules as they are now.
type standsNow struct {
	again   bool
	changes *delivery.Changes // null: nothing was decided, nothing changed, or it cannot be decided
	trouble string            // why it cannot be decided now; empty: it can
}

// reasons says in a line each why the decision has to be made again.
func (s standsNow) reasons() []string {
	switch {
	case !s.again:
		return nil
	case s.trouble != "":
		return []string{"it cannot be decided on what is known now: " + s.trouble}
	}
	lines := changeLines(*s.changes)
	if len(lines) == 0 && s.changes.AsOf != nil {
		lines = []string{"the standing of the rules on " + s.changes.AsOf.After}
	} else if len(lines) == 0 {
		lines = []string{"something was answered since, or the grades of facts are others: no value is"}
	}
	return lines
}

// stands decides again. A decision that was made for the day on which it was made is
// made for today; one that was asked for another date keeps that.
func (a *app) stands(h *history, d delivery.Delivery) (standsNow, error) {
	if d.Last == nil || d.State == delivery.WithdrawnNow {
		return standsNow{}, nil
	}
	made := d.Last.Step.Decided
	rules, catalogue, err := a.rules()
	if err != nil {
		return standsNow{}, err
	}
	q := made.Question
	if day(q.AsOf) == day(d.Last.Time) {
		if q.AsOf, err = fdp.ParseDate(day(a.env.now())); err != nil {
			return standsNow{}, err
		}
	}
	cannot := func(err error) (standsNow, error) { return standsNow{again: true, trouble: err.Error()}, nil }
	before, err := decidedFacts(h.ledger, *d.Last)
	if err != nil { // merged without its evidence, perhaps
		return cannot(fmt.Errorf("the facts that it was decided on: %w", err))
	}
	facts, err := knownFacts(h, d)
	if err != nil {
		return cannot(err)
	}
	kept, err := delivery.Keep(facts)
	if err != nil {
		return cannot(err)
	}
	now, err := delivery.Outcomes(rules, catalogue, facts, q, made.Decision.Standing, digestOf(kept))
	if err != nil {
		return cannot(err)
	}
	if now, err = h.weighed(d, now); err != nil {
		return cannot(err)
	}
	same := now.Facts == made.Decision.Facts && now.RulesDigest == made.Decision.RulesDigest && now.ByStanding == made.Decision.ByStanding
	if same && !d.DecideAgain() {
		return standsNow{}, nil
	}
	changes, err := delivery.Compare(d.Last.Index, made.Decision, before, now, facts)
	return standsNow{again: true, changes: &changes}, err
}

// stale refuses to give a release away that would not be decided again as it was.
func stale(d delivery.Delivery, s standsNow) error {
	if d.State == delivery.Released && !s.again {
		return nil
	}
	changed := ""
	if s.again {
		changed = "\n  " + strings.Join(s.reasons(), "\n  ")
	}
	return fmt.Errorf("delivery %s was released, and what it rests on has changed since (it is %s): a note that says otherwise is not given away; decide it again (weighbridge delivery decide %s --author WHO --key FILE), and have it approved%s",
		d.ID, againText(string(d.State), s.again), d.ID, changed)
}
