package trainlog

import (
	"math/big"

	"github.com/weighbridge/weighbridge/meter"
)

// focus reads a FOCUS cost and usage export (FinOps FOCUS_Spec, columns at
// f1eeb30a) in CSV. ConsumedQuantity is what ran: null unless the charge is
// usage and the commitment was used. A correction subtracts, its quantity is
// negative. Hours are those of instances, not of chips: it is a bill, and adds
// to no count.
type focus struct {
	table table
	hours *big.Rat
}

func (f *focus) name() string    { return "focus" }
func (f *focus) marks() []string { return f.table.marks("ConsumedQuantity") }
func (f *focus) clone() parser {
	c := &focus{table: f.table.clone()}
	if f.hours != nil {
		c.hours = new(big.Rat).Set(f.hours)
	}
	return c
}

func (f *focus) read(l line, n *notes) verdict {
	if f.table.separator == 0 {
		f.table.separator = ','
	}
	if f.table.header(l, "consumedquantity", "consumedunit", "chargecategory") {
		return understood
	}
	row, ok := f.table.row(l)
	if !ok {
		return foreign
	}
	quantity, parsed := exactly(row.cell("consumedquantity"))
	switch {
	case len(row.cell("consumedquantity")) == 0, string(row.cell("commitmentdiscountstatus")) == "Unused":
		n.add(NotRun, l.at, 0, 0)
		return understood
	case string(row.cell("chargecategory")) != "Usage":
		return understood
	case string(row.cell("consumedunit")) != "Hours":
		n.add(OtherUnit, l.at, 0, 0)
		return understood
	case !parsed || quantity.Num().BitLen() > 100 || quantity.Denom().BitLen() > 100:
		return foreign
	}
	if f.hours == nil {
		f.hours = new(big.Rat)
	}
	f.hours.Add(f.hours, quantity)
	return signature
}

func (f *focus) observe(*meter.Observation) {}

func (f *focus) figures() []Figure {
	var list sheet
	if f.hours != nil {
		list.set("instance_hours", Number, decimal(f.hours))
	}
	return list
}
