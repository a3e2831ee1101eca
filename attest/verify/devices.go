package verify

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/weighbridge/weighbridge/attest"
	"github.com/weighbridge/weighbridge/fdp"
	"github.com/weighbridge/weighbridge/meter"
)

// unseenDevices says which records of proved logs do not name their devices by a
// serial number or UUID that the meter itself read, and whether the statement names
// other products, or another number of devices, than they do.
func (v *verification) unseenDevices(h attest.Hardware) []string {
	var why []string
	byModel := map[meter.ModelRef][]meter.Record{}
	chips := map[string]map[string]bool{} // product -> its devices
	for _, r := range heldRecords(v.proved) {
		byModel[r.Model] = append(byModel[r.Model], r)
		if fdp.Produces(r) && len(r.Hardware) == 0 {
			why = append(why, nameOf(r)+" names no device")
		}
		for _, d := range r.Hardware {
			if found := unidentified(d); found != "" {
				why = append(why, fmt.Sprintf("%s names %.80q %s", nameOf(r), d.Product, found))
			}
			if chips[d.Product] == nil {
				chips[d.Product] = map[string]bool{}
			}
			chips[d.Product][chipOf(d)] = true
		}
	}
	why = few(why)
	if !v.sameProducts(h, byModel) {
		why = append(why, "the hardware statement names other products for the models than the records do")
	}
	return append(why, otherCounts(h, chips)...)
}

// otherCounts says of which products the statement counts another number of devices
// than the records name.
func otherCounts(h attest.Hardware, chips map[string]map[string]bool) []string {
	stated := map[string]uint64{}
	for _, d := range h.Devices {
		stated[d.Product] += d.Count
	}
	var why []string
	for _, product := range slices.Sorted(maps.Keys(stated)) {
		if n := uint64(len(chips[product])); stated[product] != n {
			why = append(why, fmt.Sprintf("the hardware statement counts %d of %.80q, the records name %d different ones", stated[product], product, n))
		}
	}
	return few(why)
}

// unidentified says what is wanting for a device to be told from all others by the
// meter's own reading; "" when nothing is.
func unidentified(d meter.Device) string {
	switch {
	case d.UUID == "" && d.Serial == "":
		return "without a serial number or UUID"
	case d.Grade != meter.GradeMeasured:
		return fmt.Sprintf("not by the meter itself (%s)", d.Grade)
	case d.Count != 1:
		return fmt.Sprintf("as %d devices of one serial number or UUID", d.Count)
	}
	return ""
}

// chipOf tells one chip from another: slices are of one.
func chipOf(d meter.Device) string {
	if d.Slice != nil && d.Slice.Chip != "" {
		return d.Slice.Chip
	}
	return cmp.Or(d.UUID, d.Serial)
}

func (v *verification) sameProducts(h attest.Hardware, records map[meter.ModelRef][]meter.Record) bool {
	var again attest.Hardware
	for _, m := range v.accepted(func(s attest.Statement) bool { return s.TrainingCompute != nil }).TrainingCompute.Lineage.Models {
		again.Worked(m.Model, records[m.Model])
	}
	return slices.EqualFunc(again.Models, h.Models, func(a, b attest.WorkedOn) bool {
		return a.Model == b.Model && a.Partial == b.Partial && slices.Equal(a.Products, b.Products)
	})
}

// nameOf is a record in a sentence.
func nameOf(r meter.Record) string {
	return fmt.Sprintf("the record %s/%d of %s", r.Run, r.Sequence, r.Model)
}
