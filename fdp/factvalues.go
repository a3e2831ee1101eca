package fdp

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/weighbridge/weighbridge/meter"
)

// factValue is what a path of the document says.
type factValue struct {
	path   string
	known  bool
	values []string
	grade  meter.Grade
	hint   string // of an unknown one: where to get it, if not where the pack says
}

func (v factValue) text() string {
	switch {
	case !v.known:
		return "not stated"
	case len(v.values) == 0:
		return "none"
	}
	return strings.Join(v.values, ", ")
}

// derivedFacts are the facts that code supplies: what a table cannot show.
var derivedFacts = []string{
	"status.codified", "release.destination", "release.within", "recipient.organisation", "plant.listed",
	"lineage.derived_from_published", "lineage.adapter", "lineage.from_controlled",
	"delivery.leaves", "delivery.notice", "delivery.licence", "delivery.authorised", "delivery.recipient", "delivery.fine_tuning_within",
	"lineage.modifies_another_providers", "lineage.original_systemic_risk", "lineage.original_unknown",
}

// quantities are the numbers that code supplies.
var quantities = []string{
	"operations", "additional_operations", "moving_number", "published_parent_operations", "modification_operations", "original_operations", "revenue_usd",
}

// value reads a path. release.destination is the question's, else the
// document's recipient.location. Of a hand-over to the customer the recipient's
// facts are the customer's.
func (e *evaluation) value(path string) factValue {
	if path == "release.destination" {
		if e.question.Destination != "" {
			return factValue{path: "destination", known: true, values: []string{e.question.Destination}}
		}
		path = "recipient.location"
	}
	if e.toCustomer {
		if path = customersPath(path); e.ofAnother(path) {
			return factValue{path: path, hint: "It is stated of a recipient who is not the customer: decide each hand-over as a delivery of its own."}
		}
	}
	if v, found := e.shared.values[path]; found {
		return v
	}
	v, _ := lookup(reflect.ValueOf(e.facts), path)
	v.path = path
	if v.known {
		v.grade = e.facts.grade(path)
	}
	e.shared.values[path] = v
	return v
}

func fieldIndex(t reflect.Type, name string) int {
	for i := range t.NumField() {
		if jsonName(t.Field(i)) == name {
			return i
		}
	}
	return -1
}

// lookup walks the document by the names of its fields. It reports false for a
// path that no document can have, or that does not end at one value.
func lookup(v reflect.Value, path string) (factValue, bool) {
	for _, name := range strings.Split(path, ".") {
		for v.Kind() == reflect.Pointer {
			if v.IsNil() {
				v = reflect.Zero(v.Type().Elem())
				continue
			}
			v = v.Elem()
		}
		if v.Kind() != reflect.Struct {
			return factValue{}, false
		}
		i := fieldIndex(v.Type(), name)
		if i < 0 {
			return factValue{}, false
		}
		v = v.Field(i)
	}
	return scalar(v)
}

func scalar(v reflect.Value) (factValue, bool) {
	switch value := v.Interface().(type) {
	case *bool:
		return factValue{known: value != nil, values: []string{yesNo(value)}}, true
	case *meter.Interval:
		if value == nil {
			return factValue{}, true
		}
		return factValue{known: true, values: []string{intervalText(*value)}}, true
	case *meter.Ops:
		if value == nil {
			return factValue{}, true
		}
		return factValue{known: true, values: []string{value.String()}}, true
	case []string:
		return factValue{known: value != nil, values: value}, true
	case []Country:
		out := factValue{known: value != nil}
		for _, c := range value {
			out.values = append(out.values, string(c))
		}
		return out, true
	}
	if v.Kind() == reflect.String {
		return factValue{known: v.String() != "", values: []string{v.String()}}, true
	}
	return factValue{}, false
}

func (v factValue) step(cite string) []Step {
	return []Step{{Fact: v.path, Value: v.text(), Grade: v.grade, Cite: cite}}
}

func (v factValue) unknown() outcome {
	return outcome{missing: []Missing{{Path: v.path, Reason: ReasonUnknown, Hint: v.hint}}}
}

func (e *evaluation) is(t isTest, cite string) outcome {
	if slices.Contains(derivedFacts, t.Fact) && t.Fact != "release.destination" {
		o := e.derived(t.Fact, cite)
		if t.Value == "false" {
			return o.not()
		}
		return o
	}
	v := e.value(t.Fact)
	switch {
	case e.unearned[t.Fact]: // the step shows what is stated, and it decides nothing
		return outcome{steps: v.step(cite), missing: v.unknown().missing}
	case !v.known && t.Absent != "":
		return outcome{verdict: DoesNotApply, steps: v.step(cite)}
	case !v.known:
		return v.unknown()
	}
	wanted := t.OneOf
	if t.Value != "" {
		wanted = []string{t.Value}
	}
	return outcome{verdict: verdictOf(slices.ContainsFunc(v.values, func(have string) bool { return slices.Contains(wanted, have) })), steps: v.step(cite)}
}

func (e *evaluation) in(t inTest, cite string) outcome {
	v := e.value(t.Fact)
	switch {
	case e.unearned[t.Fact]: // the step shows what is stated, and it decides nothing
		return outcome{steps: v.step(cite), missing: v.unknown().missing}
	case !v.known && t.Absent != "":
		return outcome{verdict: DoesNotApply, steps: v.step(cite)}
	case !v.known:
		return v.unknown()
	}
	g := e.pack.group[t.Group]
	verdict := verdictOf(t.Every)
	for _, country := range v.values {
		if member := g.member(Country(country), e.asOf); t.Every {
			verdict = verdict.And(member)
		} else {
			verdict = verdict.Or(member)
		}
	}
	steps := v.step(cite)
	steps[0].Value += e.membership(verdict, g, t.Every, len(v.values))
	if verdict == Undetermined {
		return outcome{steps: steps, missing: []Missing{{v.path, ReasonGroup, fmt.Sprintf("Whether it was in %s on %s is not confirmed: check the Federal Register.", g.Title, e.asOf)}}}
	}
	return outcome{verdict: verdict, steps: steps}
}

func (e *evaluation) membership(v Verdict, g group, every bool, n int) string {
	word := map[Verdict]string{Applies: " is in ", DoesNotApply: " is not in ", Undetermined: " may be in "}[v]
	if n > 1 && every {
		word = map[Verdict]string{Applies: ": all in ", DoesNotApply: ": not all in ", Undetermined: ": perhaps all in "}[v]
	} else if n > 1 {
		word = map[Verdict]string{Applies: ": one in ", DoesNotApply: ": none in ", Undetermined: ": perhaps one in "}[v]
	}
	return word + g.Title
}

// member says whether a country is in the group on a date; outside all spans it
// is not.
func (g group) member(c Country, date string) Verdict {
	for _, s := range g.Spans {
		if s.From != "" && date < string(s.From) || s.To != "" && date > string(s.To) {
			continue
		}
		switch {
		case slices.Contains(s.Members, c):
			return Applies
		case slices.Contains(s.Uncertain, c):
			return Undetermined
		}
	}
	return DoesNotApply
}
