package verify

import (
	"fmt"
	"slices"

	"github.com/weighbridge/weighbridge/attest"
	"github.com/weighbridge/weighbridge/fdp"
	"github.com/weighbridge/weighbridge/meter"
)

// unseenDevices says which records of proved logs do not name their devices by a
// serial number or UUID that the meter itself read, and whether the statement names
// other products than they do.
func (v *verification) unseenDevices(h attest.Hardware) []string {
	var why []string
	byModel := map[meter.ModelRef][]meter.Record{}
	for _, r := range heldRecords(v.proved) {
		byModel[r.Model] = append(byModel[r.Model], r)
		if !fdp.Produces(r) {
			continue
		}
		name := fmt.Sprintf("the record %s/%d of %s", r.Run, r.Sequence, r.Model)
		if len(r.Hardware) == 0 {
			why = append(why, name+" names no device")
		}
		for _, d := range r.Hardware {
			if d.UUID == "" && d.Serial == "" {
				why = append(why, fmt.Sprintf("%s names %.80q without a serial number or UUID", name, d.Product))
			}
			if d.Grade != meter.GradeMeasured {
				why = append(why, fmt.Sprintf("%s has its %.80q not by the meter itself (%s)", name, d.Product, d.Grade))
			}
		}
	}
	var again attest.Hardware
	for _, m := range v.accepted(func(s attest.Statement) bool { return s.TrainingCompute != nil }).TrainingCompute.Lineage.Models {
		again.Worked(m.Model, byModel[m.Model])
	}
	same := slices.EqualFunc(again.Models, h.Models, func(a, b attest.WorkedOn) bool {
		return a.Model == b.Model && a.Partial == b.Partial && slices.Equal(a.Products, b.Products)
	})
	if !same {
		why = append(why, "the hardware statement names other products for the models than the records do")
	}
	return why
}
