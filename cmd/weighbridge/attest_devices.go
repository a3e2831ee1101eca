package main

import (
	"github.com/weighbridge/weighbridge/attest"
	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/provenance"
)

// deviceCounts counts devices by kind: each UUID once, whichever ranks, nodes
// and runs name it, and of devices without one the most that one record names.
type deviceCounts struct {
	order []attest.Device // kinds, as they were first met
	kinds map[attest.Device]*kindCount
}

type kindCount struct {
	chips   map[string]bool // by UUID
	unnamed uint64
}

func (c *deviceCounts) add(catalogue *provenance.Catalogue, r meter.Record) {
	if c.kinds == nil {
		c.kinds = map[attest.Device]*kindCount{}
	}
	unnamed := map[attest.Device]uint64{}
	for _, d := range r.Hardware {
		kind := classified(catalogue, d)
		if c.kinds[kind] == nil {
			c.kinds[kind] = &kindCount{chips: map[string]bool{}}
			c.order = append(c.order, kind)
		}
		chip := d.UUID
		if d.Slice != nil && d.Slice.Chip != "" {
			chip = d.Slice.Chip // slices are of one chip
		}
		if chip == "" {
			unnamed[kind] += d.Count
		} else {
			c.kinds[kind].chips[chip] = true
		}
	}
	for kind, n := range unnamed {
		c.kinds[kind].unnamed = max(c.kinds[kind].unnamed, n)
	}
}

func (c *deviceCounts) devices() []attest.Device {
	var devices []attest.Device
	for _, kind := range c.order {
		kind.Count = uint64(len(c.kinds[kind].chips)) + c.kinds[kind].unnamed
		devices = append(devices, kind)
	}
	return devices
}

// classified is a device with its class, and no count: the key of its kind.
func classified(catalogue *provenance.Catalogue, d meter.Device) attest.Device {
	kind := attest.Device{Product: d.Product, PCI: d.PCI, Grade: d.Grade, ECCN: string(provenance.Undetermined)}
	accelerator, err := catalogue.Find(d.Product)
	if err != nil {
		return kind // an unknown device has no number, and no class
	}
	c := accelerator.Classify()
	kind.ECCN, kind.Clause = string(c.ECCN), c.Clause
	if c.TPP.Known() {
		kind.TPP = attest.Exact(c.TPP.Rat())
	}
	if c.PerformanceDensity.Known() {
		kind.PD = attest.Exact(c.PerformanceDensity.Rat())
	}
	return kind
}
