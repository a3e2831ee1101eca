package quota

import (
	"encoding/json"
	"fmt"
	"math/big"
	"slices"

	"github.com/weighbridge/weighbridge/fdp"
)

// fleetLimit compares shares of what each group owns. The share of a range is
// that of its worst reading: the part at its most, the whole with it.
func (e *evaluation) fleetLimit(l fdp.Limit) {
	var names []string
	of := map[string][]line{}
	for _, h := range e.fleet {
		name := groupOf(h.holding)
		if of[name] == nil {
			names = append(names, name)
		}
		of[name] = append(of[name], h)
	}
	for _, name := range names {
		e.groupLimit(l, name, of[name])
	}
}

func groupOf(h Holding) string {
	if h.Group != "" {
		return h.Group
	}
	return h.Entity
}

// groupLimit: paragraph 6 speaks to entities with UVEU status, which only a
// group headquartered in a Supp. 5(a) destination can have.
func (e *evaluation) groupLimit(l fdp.Limit, name string, holdings []line) {
	var headquarters []fdp.Country
	for _, h := range holdings {
		headquarters = append(headquarters, h.holding.Headquarters)
	}
	eligible := e.in("supp-5a", headquarters...)
	if l.Per == "group-outside-us" {
		eligible = e.in("united-states", headquarters...)
	}
	if eligible == fdp.DoesNotApply {
		return
	}
	for _, country := range e.parts(l, holdings) {
		row := e.row(l, subjectOf(name, country))
		row.Notes = append(row.Notes, "binding only if "+name+" has UVEU status, which the document does not say")
		if eligible == fdp.Undetermined {
			row.Notes = append(row.Notes, "where "+name+" has its headquarters is not stated for every entity")
		}
		e.share(row, l, holdings, country)
	}
}

func subjectOf(name string, country fdp.Country) string {
	if country == "" {
		return name
	}
	return fmt.Sprintf("%s in %s", name, country.Name())
}

// parts are the countries for which a limit makes a row, or one without a
// country when it makes one for all.
func (e *evaluation) parts(l fdp.Limit, holdings []line) []fdp.Country {
	if l.Per != "group-one-country" {
		return []fdp.Country{""}
	}
	var out []fdp.Country
	for _, h := range holdings {
		if e.in("supp-5a", h.holding.Location) != fdp.Applies && !slices.Contains(out, h.holding.Location) {
			out = append(out, h.holding.Location)
		}
	}
	return out
}

// share compares part/whole with the limit without dividing. In the unfavourable
// reading the part is at its most and the rest at its least, in the favourable
// one the other way about.
func (e *evaluation) share(row Row, l fdp.Limit, holdings []line, country fdp.Country) {
	var part, rest amount
	for _, h := range holdings {
		if e.isPart(l, h, country) {
			part.add(h.amount)
			row.Counted = append(row.Counted, h.path)
		} else {
			rest.add(h.amount)
		}
	}
	ratio, _ := l.Share.Rat()
	least := new(big.Rat).Mul(ratio, new(big.Rat).Add(&part.high, &rest.low)) // the limit in the unfavourable reading
	most := new(big.Rat).Mul(ratio, new(big.Rat).Add(&part.low, &rest.high))  // and in the favourable one
	open := part.open || rest.open
	row.Used = number(&part.low)
	if !part.open {
		row.UsedHigh = number(&part.high)
	}
	row.LimitTPP, row.Remaining = shareLimit(least, &part, open)
	switch {
	case part.low.Cmp(most) > 0 && !rest.open:
		row.Verdict = fdp.Applies
	case part.high.Cmp(least) <= 0 && !part.open:
		row.Verdict = fdp.DoesNotApply
	}
	e.append(row)
}

func (e *evaluation) isPart(l fdp.Limit, h line, country fdp.Country) bool {
	switch {
	case l.Per == "group-outside-us":
		return h.holding.Location != "US"
	case country != "":
		return h.holding.Location == country
	}
	return e.in("supp-5a", h.holding.Location) != fdp.Applies
}

func shareLimit(least *big.Rat, part *amount, open bool) (limit, remaining *json.Number) {
	if open {
		return nil, nil
	}
	left := new(big.Rat).Sub(least, &part.high)
	if left.Sign() < 0 {
		left.SetInt64(0)
	}
	return number(least), number(left)
}
