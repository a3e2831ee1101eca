package fdp

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/weighbridge/weighbridge/meter"
)

func (l *linter) clauses() {
	ids, orders := map[string]bool{}, map[int]string{}
	for i, c := range l.pack.Clauses {
		at := fmt.Sprintf("clauses[%d]", i)
		if ids[c.ID] {
			l.report(at+".id", "id-twice", "id %s is used twice: an id belongs to one clause for ever.", c.ID)
		}
		ids[c.ID] = true
		if !strings.HasPrefix(c.ID, l.pack.Regime+".") || !idForm.MatchString(c.ID) {
			l.report(at+".id", "id-form", "id %q: expected %s. and lower-case words with hyphens.", c.ID, l.pack.Regime)
		}
		if other, taken := orders[c.Order]; taken {
			l.report(at+".order", "order-twice", "order %d is that of %s too: the order of findings would not be fixed.", c.Order, other)
		}
		orders[c.Order] = c.ID
		l.sentence(at+".sentence", c.Sentence)
		l.cite(at+".cite", c.Cite)
		l.condition(at+".when", c.When)
	}
	for i, c := range l.pack.Clauses {
		l.size(fmt.Sprintf("clauses[%d].when", i), c.ID)
	}
}

// size refuses a clause that takes for ever, or too long, to decide.
func (l *linter) size(at, id string) {
	switch size := l.written(id); {
	case size == sizeCyclic:
		l.report(at, "rule-cycle", "clause %s depends on itself.", id)
	case size > maxWritten:
		l.report(at, "rule-size", "clause %s has more than %d conditions, those of the clauses that it names written out: it would take too long to decide.", id, maxWritten)
	}
}

// maxWritten bounds the conditions of a clause with those of every clause that it
// names written out in its place: a few lines can name each other into more than
// any machine evaluates, and rules come from others too.
const maxWritten = 20_000

// Sizes that are none.
const (
	sizeCyclic = -1 // the clause depends on itself, or on one that does
	sizeBegun  = -2
)

// written counts the conditions of a clause and of every clause that it names, as
// often as it names them, to just above maxWritten. It looks at each clause once.
func (l *linter) written(id string) int {
	if size, known := l.sizes[id]; known {
		if size == sizeBegun {
			return sizeCyclic
		}
		return size
	}
	c, found := l.pack.byID[id]
	if !found {
		return 0
	}
	l.sizes[id] = sizeBegun
	size := 0
	c.When.walk(func(n condition) {
		named := 0
		if n.Rule != "" {
			named = l.written(n.Rule)
		}
		switch {
		case named == sizeCyclic || size == sizeCyclic:
			size = sizeCyclic
		default:
			size = min(size+1+named, maxWritten+1)
		}
	})
	l.sizes[id] = size
	return size
}

var idForm = regexp.MustCompile(`^[a-z0-9-]+\.[a-z0-9]+(-[a-z0-9]+)*$`)

// condition checks one node and all below it. Paths below the clause's
// condition are not followed: the place of the clause is near enough.
func (l *linter) condition(path string, c condition) {
	c.walk(func(n condition) {
		if kinds := n.kinds(); len(kinds) != 1 {
			l.report(path, "condition-kind", "a condition has %d kinds (%s): expected exactly one of all, any, not, is, in, compare, by_option, earned, flag, never, rule, to_customer.", len(kinds), strings.Join(kinds, ", "))
			return
		}
		switch {
		case n.All != nil && len(n.All) == 0, n.Any != nil && len(n.Any) == 0:
			l.report(path, "condition-empty", "an empty list of conditions decides without facts: write never, or a condition.")
		case n.Is != nil:
			l.isTest(path, *n.Is)
		case n.In != nil:
			l.fact(path, n.In.Fact)
			if _, found := l.pack.group[n.In.Group]; !found {
				l.report(path, "group-unknown", "group %q is not in groups.", n.In.Group)
			}
		case n.Compare != nil:
			l.comparison(path, *n.Compare)
		case n.ByOption != nil:
			l.readings(path, *n.ByOption)
		case n.Earned != nil:
			for _, fact := range n.Earned.Facts {
				l.fact(path, fact)
			}
		case n.Never != "":
			l.sentence(path, n.Never)
		case n.Rule != "":
			l.rule(path, n.Rule)
		}
	})
}

func (l *linter) isTest(path string, t isTest) {
	l.fact(path, t.Fact)
	switch {
	case (t.Value == "") == (t.OneOf == nil):
		l.report(path, "is-value", "the test of %s needs either value or one_of.", t.Fact)
	case slices.Contains(derivedFacts, t.Fact) && t.Value != "true" && t.Value != "false":
		l.report(path, "is-value", "%s is true or false, and is tested for %q.", t.Fact, t.Value)
	}
	for _, value := range append(slices.Clone(t.OneOf), t.Value) {
		if list, closed := closedList(t.Fact); closed && value != "" && !oneOf(value, list) {
			l.report(path, "is-value", "%s can never be %q: expected one of %s.", t.Fact, value, strings.ReplaceAll(list, "|", ", "))
		}
	}
}

// closedList returns the values that a fact of the document can have.
func closedList(path string) (string, bool) {
	field, found := fieldAt(path)
	if !found {
		return "", false
	}
	switch {
	case field.Type == reflect.TypeFor[*bool]():
		return "true|false", true
	case field.Type == reflect.TypeFor[Publication]():
		return "published|restricted|unpublished", true
	}
	return field.Tag.Get("oneof"), field.Tag.Get("oneof") != ""
}

// fact: a condition may only name what a document or the code can supply.
func (l *linter) fact(path, name string) {
	if _, found := lookup(reflect.ValueOf(Facts{}), name); !found && !slices.Contains(derivedFacts, name) {
		l.report(path, "fact-unknown", "nobody supplies the fact %q: expected a path of the facts document, or one of %s.", name, strings.Join(derivedFacts, ", "))
	}
}

func (l *linter) rule(path, id string) {
	if _, found := l.pack.byID[id]; !found {
		l.report(path, "rule-unknown", "there is no clause %q.", id)
	}
}

func (l *linter) readings(path string, b byOption) {
	o, found := l.pack.option[b.Option]
	l.used[b.Option] = true
	if !found {
		l.report(path, "option-unknown", "option %q is not in options.", b.Option)
		return
	}
	for _, value := range o.Values {
		if _, given := b.Readings[value]; !given {
			l.report(path, "reading-missing", "option %s has no reading for its value %s.", b.Option, value)
		}
	}
	for _, value := range sortedKeys(b.Readings) {
		if !slices.Contains(o.Values, value) {
			l.report(path, "option-value", "%q is none of the values of option %s.", value, b.Option)
		}
	}
}

var ratioForm = regexp.MustCompile(`^[1-9][0-9]{0,3}/[1-9][0-9]{0,3}$`)

func (l *linter) comparison(path string, c comparison) {
	quantity := func(name string) {
		l.asked[name] = true
		if !slices.Contains(quantities, name) {
			l.report(path, "quantity-unknown", "nobody supplies the quantity %q: expected one of %s.", name, strings.Join(quantities, ", "))
		}
	}
	number := func(text string) {
		if _, err := meter.ParseOps(text); err != nil {
			l.report(path, "threshold", "%v.", err)
		}
	}
	quantity(c.Quantity)
	if (c.Value == "") == (len(c.HighestOf) == 0) {
		l.report(path, "threshold", "a comparison needs either value or highest_of.")
	}
	if c.Value != "" {
		number(c.Value)
	}
	for _, b := range c.HighestOf {
		switch {
		case (b.Value == "") == (b.Of == ""), b.Value != "" && b.Percent != 0, b.Percent < 0, b.Percent != 0 && b.Ratio != "":
			l.report(path, "threshold", "a bound is either a value, or a quantity (of) with or without percent or ratio.")
		case b.Ratio != "" && !ratioForm.MatchString(b.Ratio):
			l.report(path, "threshold", "ratio %q: expected a fraction of small whole numbers, as in 1/3.", b.Ratio)
		case b.Value != "":
			number(b.Value)
		default:
			quantity(b.Of)
		}
	}
}
