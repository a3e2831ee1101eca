package accounting

import (
	"fmt"
	"strings"
)

// focusUnitOf is the unit of a row's quantity in seconds of what its SKU holds;
// 0 of a row that is no usage, or of a quantity that is no time of machines.
func focusUnitOf(r *rows) (int64, error) {
	if r.cell("chargecategory") != "Usage" {
		return 0, nil
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
// is a unit of something else, as GB-Hours; an error that of accelerators, which
// the table of words cannot turn into what a SKU holds, and that of months.
func focusUnit(text string) (int64, error) {
	of, unit, compound := cutLast(strings.ToLower(text), "-")
	if !compound {
		of, unit = "", of
	}
	seconds := map[string]int64{
		"weeks": 604800, "week": 604800, "days": 86400, "day": 86400, "hours": 3600, "hour": 3600, "hrs": 3600, "hr": 3600,
		"minutes": 60, "minute": 60, "seconds": 1, "second": 1,
	}[unit]
	calendar := strings.HasPrefix(unit, "month") || strings.HasPrefix(unit, "year")
	if seconds == 0 && !calendar {
		return 0, nil
	}
	switch strings.TrimSuffix(of, "s") {
	case "", "instance", "vm", "machine", "server", "node", "host":
		if calendar {
			return 0, fmt.Errorf("ConsumedUnit %.40q has no exact length: give these rows in our own form", text)
		}
		return seconds, nil
	case "gpu", "accelerator", "chip", "tpu", "npu":
		return 0, fmt.Errorf("ConsumedUnit %.40q counts accelerators, not what the SKU holds: give these rows in our own form", text)
	}
	return 0, nil
}

// cutLast cuts around the last separator; the text is before it, whole where
// there is none.
func cutLast(text, separator string) (before, after string, found bool) {
	if i := strings.LastIndex(text, separator); i >= 0 {
		return text[:i], text[i+len(separator):], true
	}
	return text, "", false
}
