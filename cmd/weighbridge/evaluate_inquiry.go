package main

import (
	"slices"
	"strings"
	"time"

	"github.com/weighbridge/weighbridge/fdp"
)

// inquire reads the law, the question and the facts, with what --set changes in
// them; and with --compare the determinations that are compared with.
func (a *app) inquire(o evaluateOptions, args []string) (inquiry, []fdp.Determination, error) {
	var q inquiry
	if err := o.exclusive(); err != nil {
		return q, nil, err
	}
	from, to, err := a.dates(o.asOf)
	if err != nil {
		return q, nil, err
	}
	q.to = to
	if q.question, err = o.question(from); err != nil {
		return q, nil, err
	}
	if q.rules, q.catalogue, err = a.rules(); err != nil {
		return q, nil, err
	}
	var old compared
	if o.compare != "" {
		if old, err = readCompared(o.compare); err != nil {
			return q, nil, err
		}
	}
	if old.carries() && len(args) == 0 && o.facts == "" {
		q.facts, q.question, q.pending = old.facts, old.asked(q.question, o), []string{}
	} else if q.facts, q.pending, q.doubts, err = a.evaluatedFacts(o.facts, args); err != nil {
		return q, nil, err
	}
	if err := q.question.Validate(q.rules); err != nil {
		return q, nil, usage("%w", err)
	}
	q.facts, err = withSet(q.facts, o.set)
	return q, old.determinations, err
}

// exclusive refuses flags that ask for two different tables.
func (o evaluateOptions) exclusive() error {
	asked := []string{}
	for flag, given := range map[string]bool{
		"--compare": o.compare != "", "--solve": o.solve != "", "--as-of FROM/TO": strings.Contains(o.asOf, "/"), "several --destination": len(o.destinations) > 1 || o.allDestinations(),
	} {
		if given {
			asked = append(asked, flag)
		}
	}
	slices.Sort(asked)
	if len(asked) > 1 {
		return usage("found %s: expected one of them at a time", strings.Join(asked, " and "))
	}
	if len(asked) == 1 && (o.markdown != "" || o.gate) {
		return usage("found %s with --markdown or --gate: those go with one answer per regime", asked[0])
	}
	if o.solve != "" && o.solve != "operations" {
		return usage("--solve %q: expected operations", o.solve)
	}
	return nil
}

func (o evaluateOptions) allDestinations() bool { return slices.Contains(o.destinations, "all") }

// dates reads --as-of: one date, or FROM/TO.
func (a *app) dates(flag string) (from, to time.Time, err error) {
	first, last, isRange := strings.Cut(flag, "/")
	if !isRange {
		from, err = a.asOf(flag)
		return from, to, err
	}
	if first == "" || last == "" {
		return from, to, usage("--as-of %q: expected FROM/TO, as in 2025-01-01/2026-12-31", flag)
	}
	if from, err = a.asOf(first); err != nil {
		return from, to, err
	}
	if to, err = a.asOf(last); err == nil && to.Before(from) {
		err = usage("--as-of %s: ends before it begins", flag)
	}
	return from, to, err
}

// withSet applies --set in the order given.
func withSet(facts fdp.Facts, set []string) (fdp.Facts, error) {
	for _, text := range set {
		path, value, found := strings.Cut(text, "=")
		if !found || path == "" {
			return facts, usage("--set %q: expected PATH=VALUE, as in recipient.location=SG", text)
		}
		changed, err := facts.Set(path, value)
		if err != nil {
			return facts, usage("--set %w", err)
		}
		facts = changed
	}
	return facts, nil
}
