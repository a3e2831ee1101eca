package accounting

import "fmt"

// focusUnitOf is the unit of a row's quantity in seconds of what its SKU holds;
// 0 of a row that is no usage, or of a quantity that is no time of machines.
func focusUnitOf(r *rows) (int64, error) {
	switch category := r.cell("chargecategory"); category {
	case "Usage":
	case "Purchase", "Tax", "Credit", "Adjustment":
		return 0, nil
	default:
		return 0, fmt.Errorf("ChargeCategory %.40q: expected Usage, Purchase, Tax, Credit or Adjustment", category)
	}
	unit := r.cell("consumedunit")
	if r.cell("consumedquantity") != "" {
		return focusUnit(unit)
	}
	// A correction of a price has no quantity (FOCUS, ConsumedQuantity); that
	// usage has none says nothing of how much it was.
	if unit == "" {
		unit = r.cell("pricingunit")
	}
	if seconds, err := focusUnit(unit); (seconds == 0 && err == nil) || r.cell("chargeclass") == "Correction" {
		return 0, nil
	}
	return 0, fmt.Errorf("usage in %.40q without ConsumedQuantity: how long it ran is not known", unit)
}

// focusUnit is a unit of time in seconds, alone or of machines as in
// Instance-Hours (FOCUS "UnitFormat": capitalised, plural; providers differ). 0
// is a unit without a word of time, and a time of what is known to be no machine,
// as GB-Hours. Everything else is an error, whatever it may be: a unit that is
// not understood may be the time of accelerators.
func focusUnit(text string) (int64, error) {
	u := unitOf(text)
	switch {
	case text == "":
		return 0, fmt.Errorf("ConsumedUnit is empty: what the quantity counts is not known")
	case u.accelerators:
		return 0, fmt.Errorf("ConsumedUnit %.40q counts accelerators, not what the SKU holds: give these rows in our own form", text)
	case u.times == 0 || u.others && !u.machines && !u.unknown:
		return 0, nil
	case u.unknown || u.others:
		return 0, fmt.Errorf("ConsumedUnit %.40q: whether it is the time of accelerators is not known: give these rows in our own form, or leave those out that hold none", text)
	case u.times > 1 || u.seconds == 0:
		return 0, fmt.Errorf("ConsumedUnit %.40q has no exact length: give these rows in our own form", text)
	case u.block:
		return 0, fmt.Errorf("ConsumedUnit %.40q: whether the quantity counts these blocks or what is in them is not known: give these rows in our own form", text)
	}
	return u.seconds, nil
}
