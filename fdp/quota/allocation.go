package quota

import (
	"math/big"
	"slices"

	"github.com/weighbridge/weighbridge/fdp"
)

// allocation adds up what was licensed to each country. Supp. 5(a) destinations
// have no allocation, Macau and D:5 a presumption of denial from the first item.
func (e *evaluation) allocation(l fdp.Limit, d Document) {
	var sums tallies
	for _, s := range e.lines {
		assured := slices.Contains(d.Assurances, s.shipment.Destination)
		if s.shipment.Authority != l.Authority || assured != (l.Per == "country-assured") {
			continue
		}
		if reason := e.outsideAllocation(l, s); reason != "" {
			e.notCounted(s.path, l.Name, reason)
			continue
		}
		t := sums.of(s.shipment.Destination.Name(), e.day)
		t.paths = append(t.paths, s.path)
		if e.entityInside(s) == fdp.DoesNotApply {
			t.used.add(s.amount)
			continue
		}
		t.used.alsoPerhaps(s.amount)
		e.missing(s.path+".headquarters", s.shipment.UltimateConsignee, "an application for an entity headquartered in a Supp. 5(a) destination is not reviewed under the allocation; whether its items count toward it, the text read does not say")
	}
	for _, t := range sums.order {
		row := e.row(l, t.subject)
		row.Counted = t.paths
		e.close(row, t.used, l, e.day)
		if l.Per == "country-assured" {
			e.unassuredPart(&e.result.Limits[len(e.result.Limits)-1], t.used)
		}
	}
}

func (e *evaluation) outsideAllocation(l fdp.Limit, s line) string {
	switch {
	case s.shipment.Date < l.Begins():
		return "shipped before " + l.Begins()
	case e.in("supp-5a", s.shipment.Destination) == fdp.Applies:
		return s.shipment.Destination.Name() + " is a Supp. 5(a) destination and has no allocation (15 CFR 742.6(b)(10)(iii))"
	case e.in("macau", s.shipment.Destination).Or(e.in("d5", s.shipment.Destination)) == fdp.Applies:
		return s.shipment.Destination.Name() + " has no allocation: a presumption of denial from the first item (15 CFR 742.6(b)(10)(iii))"
	}
	return ""
}

// entityInside asks whether the consignee is headquartered in a Supp. 5(a)
// destination, itself and by its ultimate parent.
func (e *evaluation) entityInside(s line) fdp.Verdict {
	own := e.in("supp-5a", s.shipment.Headquarters)
	if s.shipment.UltimateParent == "" {
		return own
	}
	return own.And(e.in("supp-5a", s.shipment.UltimateParent))
}

// unassuredPart: past the plain allocation, it depends on by how much the
// authority raised it.
func (e *evaluation) unassuredPart(row *Row, used amount) {
	plain := new(big.Rat)
	for _, l := range e.rules.Limits(Regime) {
		if amount, stated := l.On(e.day); stated && l.Per == "country" {
			plain.SetInt(amount)
		}
	}
	if row.Verdict == fdp.DoesNotApply && used.high.Cmp(plain) > 0 {
		row.Verdict = fdp.Undetermined
		row.Notes = append(row.Notes, "past the allocation without assurances, "+plain.RatString()+" TPP: the increase that was granted decides")
	}
}
