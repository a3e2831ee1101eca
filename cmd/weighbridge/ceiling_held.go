package main

import (
	"math/big"

	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/provenance"
)

// heldBy is how long the records held chips, each device once: what their use
// over time says where one record is alone and has it, else devices x wall time.
func heldBy(records []meter.Record, catalogue *provenance.Catalogue) []heldTime {
	var held []heldTime
	if len(records) == 1 && len(records[0].Use) > 0 {
		for _, u := range records[0].Use {
			held = append(held, heldTime{u.Product, secondsOf(u.ChipMilliseconds), u.Grade})
		}
	} else {
		for _, h := range meter.DevicesHeld(records) {
			if h.ChipMilliseconds > 0 {
				held = append(held, heldTime{h.Product, secondsOf(h.ChipMilliseconds), gradeOf(h.Product, records)})
			}
		}
	}
	for i, h := range held {
		held[i].seconds = wholeProducts(h, records, catalogue)
	}
	return held
}

func secondsOf(milliseconds uint64) *big.Rat {
	return new(big.Rat).SetFrac(new(big.Int).SetUint64(milliseconds), big.NewInt(1000))
}

// gradeOf is the lowest grade by which a product is known.
func gradeOf(product string, records []meter.Record) (grade meter.Grade) {
	for _, r := range records {
		for _, d := range r.Hardware {
			if d.Product == product {
				grade = meter.LowestGrade(grade, d.Grade)
			}
		}
	}
	return grade
}

// wholeProducts turns the time of devices, as a driver shows them, into time of
// the packages that the catalogue's rates are of. What a person names is the
// product itself.
func wholeProducts(h heldTime, records []meter.Record, catalogue *provenance.Catalogue) *big.Rat {
	accelerator, err := catalogue.Find(h.product)
	if err != nil || accelerator.DevicesPerProduct() == 1 || gradeOf(h.product, records) == meter.GradeDeclared {
		return h.seconds
	}
	return new(big.Rat).Quo(h.seconds, big.NewRat(int64(accelerator.DevicesPerProduct()), 1))
}

// holdCeiling puts the ceiling of a record's own chips beside its count. A job of
// several processes is counted in one record and ran on the chips of all: the
// ceiling of one is then no bound of the job.
func holdCeiling(r *meter.Record, alone bool) {
	if r.Outcome == meter.NeverStarted {
		return
	}
	catalogue, err := provenance.Embedded()
	if err != nil {
		return
	}
	ceiling(heldBy([]meter.Record{*r}, catalogue), catalogue).hold(r, alone)
}
