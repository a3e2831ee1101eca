package quota

import (
	"fmt"
	"time"

	"github.com/weighbridge/weighbridge/fdp"
)

// tally is what one subject of a limit adds up to.
type tally struct {
	subject string
	day     time.Time // for which the limit is asked
	used    amount
	paths   []string
}

// tallies keeps them in the order in which their subjects first appear.
type tallies struct {
	order []*tally
	by    map[string]*tally
}

func (t *tallies) of(subject string, day time.Time) *tally {
	if found := t.by[subject]; found != nil {
		return found
	}
	if t.by == nil {
		t.by = map[string]*tally{}
	}
	made := &tally{subject: subject, day: day}
	t.by[subject], t.order = made, append(t.order, made)
	return made
}

// shipped adds up shipments under the limit's authority by its subject.
func (e *evaluation) shipped(l fdp.Limit) {
	var sums tallies
	for _, s := range e.lines {
		if s.shipment.Authority != l.Authority {
			continue
		}
		if reason := e.outsideLimit(l, s); reason != "" {
			e.notCounted(s.path, l.Name, reason)
			continue
		}
		t := sums.of(e.subject(l, s))
		t.used.add(s.amount)
		t.paths = append(t.paths, s.path)
	}
	for _, t := range sums.order {
		row := e.row(l, t.subject)
		row.Counted = t.paths
		e.close(row, t.used, l, t.day)
	}
}

// subject is whose quantities a shipment is added to, and the day on which the
// limit is looked up: the shipment's own for what is counted by year or by
// shipment, else the day asked about.
func (e *evaluation) subject(l fdp.Limit, s line) (string, time.Time) {
	switch l.Per {
	case "consignee-year":
		return fmt.Sprintf("%s, %d", e.limitHolder(s), s.shipment.day.Year()), s.shipment.day
	case "shipment":
		if s.shipment.Reference != "" {
			return s.shipment.Reference, s.shipment.day
		}
		return s.path, s.shipment.day
	case "consignee-country":
		return fmt.Sprintf("%s in %s", s.shipment.UltimateConsignee, s.shipment.Destination.Name()), e.day
	}
	return s.shipment.UltimateConsignee, e.day
}

// limitHolder is whose yearly limit it goes toward: the consignee's, or that of
// the entity that will operate the items, which only a consignee headquartered
// in a Supp. 5(a) destination may choose (15 CFR 740.29(a)).
func (e *evaluation) limitHolder(s line) string {
	if s.shipment.Operator == "" {
		return s.shipment.UltimateConsignee
	}
	if e.in("supp-5a", s.shipment.Headquarters) == fdp.Applies {
		return s.shipment.Operator
	}
	e.missing(s.path+".operator", s.shipment.UltimateConsignee, "only a consignee headquartered in a Supp. 5(a) destination may apply TPP toward another entity's limit (15 CFR 740.29(a)): counted as the consignee's own")
	return s.shipment.UltimateConsignee
}

// outsideLimit says why a shipment under the authority does not count.
func (e *evaluation) outsideLimit(l fdp.Limit, s line) string {
	if begins := l.Begins(); begins != "" && s.shipment.Date < begins {
		return "shipped before " + begins
	}
	return ""
}

// barred lists the shipments that the authority cannot reach at all.
func (e *evaluation) barred(l fdp.Limit) {
	for _, s := range e.lines {
		if s.shipment.Authority != l.Authority {
			continue
		}
		there := e.in("d5", s.shipment.Destination).Or(e.in("macau", s.shipment.Destination))
		headed := e.in("d5", s.shipment.Headquarters, s.shipment.UltimateParent).Or(e.in("macau", s.shipment.Headquarters, s.shipment.UltimateParent))
		verdict := there.Or(headed)
		if verdict == fdp.DoesNotApply {
			continue
		}
		row := e.row(l, fmt.Sprintf("%s to %s (%s)", s.path, s.shipment.UltimateConsignee, s.shipment.Destination.Name()))
		row.Verdict, row.Counted = verdict, []string{s.path}
		if verdict == fdp.Undetermined {
			e.unstated(s, "headquarters", s.shipment.Headquarters, l)
			e.unstated(s, "ultimate_parent", s.shipment.UltimateParent, l)
		}
		e.append(row)
	}
}

func (e *evaluation) unstated(s line, field string, country fdp.Country, l fdp.Limit) {
	if country == "" {
		e.missing(s.path+"."+field, s.shipment.UltimateConsignee, "where the consignee and its ultimate parent have their headquarters decides whether "+l.Authority+" is available")
	}
}
