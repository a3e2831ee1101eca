package quota

import (
	"fmt"
	"math/big"
	"time"

	"github.com/weighbridge/weighbridge/fdp"
	"github.com/weighbridge/weighbridge/provenance"
)

// Regime is the rule pack whose limits are applied.
const Regime = "us-4e091"

// Evaluate applies the limits of the rules to the document on a day. The error
// is rules without the regime, its limits or its country groups; what the
// document does not say is never an error.
func Evaluate(rules *fdp.Rules, catalogue *provenance.Catalogue, d Document, asOf time.Time) (Result, error) {
	status, found := rules.StatusOn(Regime, asOf)
	limits := rules.Limits(Regime)
	if !found || len(limits) == 0 {
		return Result{}, fmt.Errorf("quota: the rules state no limits for %s: use rules whose pack has limits.yaml", Regime)
	}
	e := evaluation{rules: rules, day: asOf, status: status}
	e.result = Result{AsOf: asOf.Format(time.DateOnly), Regime: Regime, RulesDigest: rules.Digest(), Status: status, Limits: []Row{}, NotCounted: []Line{}, Missing: []Line{}}
	e.weigh(d, catalogue)
	for _, limit := range limits {
		e.limit(limit, d)
	}
	return e.result, e.err
}

type evaluation struct {
	rules  *fdp.Rules
	day    time.Time
	status fdp.Status
	lines  []line
	fleet  []line
	result Result
	err    error
}

// line is one line of the document with what it weighs.
type line struct {
	path     string
	shipment Shipment
	holding  Holding
	weighed
}

// weigh puts every line on the scales and says of those that count nowhere why.
func (e *evaluation) weigh(d Document, catalogue *provenance.Catalogue) {
	for i, s := range d.Shipments {
		l := line{path: fmt.Sprintf("shipments[%d]", i), shipment: s, weighed: weigh(item{s.Product, s.Count, s.TPP, s.ECCN}, catalogue)}
		what := fmt.Sprintf("%d %s to %s, %s", s.Count, s.Product, s.UltimateConsignee, s.Date)
		switch {
		case s.day.After(e.day):
			e.notCounted(l.path, what, "after "+e.result.AsOf)
			continue
		case l.outside != "":
			e.notCounted(l.path, what, l.outside)
			continue
		case unlimited[s.Authority] != "":
			e.notCounted(l.path, what, unlimited[s.Authority])
			continue
		case l.unknown != "":
			e.missing(l.path+".product", what, l.unknown)
		}
		e.lines = append(e.lines, l)
	}
	for i, h := range d.Fleet {
		l := line{path: fmt.Sprintf("fleet[%d]", i), holding: h, weighed: weigh(item{h.Product, h.Count, h.TPP, h.ECCN}, catalogue)}
		what := fmt.Sprintf("%d %s of %s in %s", h.Count, h.Product, h.Entity, h.Location)
		if l.outside != "" {
			e.notCounted(l.path, what, l.outside)
			continue
		}
		if l.unknown != "" {
			e.missing(l.path+".product", what, l.unknown)
		}
		e.fleet = append(e.fleet, l)
	}
}

// unlimited are authorities under which no limit on shipments adds up.
var unlimited = map[string]string{
	"ACM":  "Licence Exception ACM has no quantity, and what goes under it counts toward no allocation (15 CFR 740.28)",
	"UVEU": "the limits of a UVEU are shares of what it owns: state its fleet (Supp. 10 to Part 748, paragraph 6)",
	"NAC":  "a notification for items outside the quantities of the framework (15 CFR 740.8)",
	"ACA":  "a notification for items outside the quantities of the framework (15 CFR 740.8)",
}

func (e *evaluation) notCounted(path, what, reason string) {
	e.result.NotCounted = append(e.result.NotCounted, Line{path, what, reason})
}

func (e *evaluation) missing(path, what, reason string) {
	e.result.Missing = append(e.result.Missing, Line{path, what, reason})
}

// limit appends the rows of one limit.
func (e *evaluation) limit(l fdp.Limit, d Document) {
	switch l.Per {
	case "group-outside-aia", "group-one-country", "group-outside-us":
		e.fleetLimit(l)
	case "shipment-place":
		e.barred(l)
	case "country", "country-assured":
		e.allocation(l, d)
	default:
		e.shipped(l)
	}
}

func (e *evaluation) row(l fdp.Limit, subject string) Row {
	return Row{
		Limit: l.Name, Subject: subject, Is: l.Is, Cite: l.Cite, Text: l.Text, Grade: l.Grade,
		Counted: []string{}, Notes: append([]string{}, l.Notes...), title: l.Title, general: len(l.Notes),
	}
}

// close compares a row and appends it. Before the framework was in force
// nothing is passed; past its last amount nothing can be told.
func (e *evaluation) close(row Row, used amount, l fdp.Limit, day time.Time) {
	var limit *big.Rat
	if amount, stated := l.On(day); stated {
		limit = new(big.Rat).SetInt(amount)
	}
	row.fill(used, limit)
	if limit == nil {
		row.Notes = append(row.Notes, "the text states no amount for "+day.Format(time.DateOnly))
	}
	e.append(row)
}

func (e *evaluation) append(row Row) {
	if !e.status.Codified {
		row.Verdict = fdp.DoesNotApply
		row.Notes = append(row.Notes, "the framework was not in the Code of Federal Regulations on "+e.result.AsOf)
	}
	e.result.Limits = append(e.result.Limits, row)
}

// in answers for the first of several countries that settles it: applies when
// one is in the group, undetermined when one is not stated.
func (e *evaluation) in(group string, countries ...fdp.Country) fdp.Verdict {
	answer := fdp.DoesNotApply
	for _, c := range countries {
		v, err := e.rules.InGroup(Regime, group, c, e.day)
		if err != nil && e.err == nil {
			e.err = fmt.Errorf("quota: %w", err)
		}
		answer = answer.Or(v)
	}
	return answer
}
