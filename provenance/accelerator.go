package provenance

import "slices"

// Confidence is how well a catalogue entry is backed: "A" two or more sources or
// the vendor's own document, "B" one source, "C" weak sources or general
// knowledge.
type Confidence string

// Accelerator is one product of the catalogue. A field that the catalogue does
// not have is empty or unknown, never zero.
type Accelerator struct {
	Vendor      string
	Product     string // unique within the vendor
	FormFactor  string
	Datacenter  Answer // designed or marketed for data centres
	Released    string // year and month, as in "2022-09"
	Process     string
	DieArea     Number // mm2, all logic dies on a non-planar process
	Rates       []Rate // dense peaks in T(FL)OPS; only the known ones, in the order of [Formats]
	Memory      Number // GB
	Bandwidth   Number // GB/s of DRAM
	Power       Number // W
	PCI         []PCIMatch
	DriverNames []string // as NVML prints them
	Sources     []string // addresses, or a description in parentheses
	Confidence  Confidence
	Notes       string

	disputes []dispute
}

// Name returns the name by which a record and a facts document call the
// product: vendor and product, as in "NVIDIA H100 SXM5 80GB".
func (a Accelerator) Name() string { return a.Vendor + " " + a.Product }

// DevicesPerProduct is how many PCI devices one product shows: figures and class
// are those of the whole. Boards and packages of several chips show each chip
// (the catalogue's notes); all others are one device.
func (a Accelerator) DevicesPerProduct() int {
	switch a.Name() {
	case "NVIDIA A16 (board: 4x GA107)":
		return 4
	case "AMD Instinct MI250", "AMD Instinct MI250X", "Huawei Ascend 910C (Atlas A3 NPU)":
		return 2
	}
	return 1
}

// Figures returns what the class is computed from.
func (a Accelerator) Figures() Figures {
	return Figures{Rates: slices.Clone(a.Rates), DieArea: a.DieArea, Datacenter: a.Datacenter, MemoryBandwidth: a.Bandwidth}
}

// Peak returns the dense peak in T(FL)OPS, unknown when the catalogue has none
// for the format.
func (a Accelerator) Peak(f Format) Number { return peak(a.Rates, f) }

// Classify computes the class, with the readings and disputed figures of this
// entry among the alternatives, and says how well the entry is backed.
func (a Accelerator) Classify() Classification {
	var named []reading
	for _, d := range a.disputes {
		named = append(named, d.reading(a.Figures()))
	}
	c := classify(a.Figures(), named)
	c.Reasons = append(c.Reasons, a.backing())
	if a.Notes != "" {
		c.Reasons = append(c.Reasons, "The catalogue notes: "+a.Notes)
	}
	return c
}

func (a Accelerator) backing() string {
	switch a.Confidence {
	case "A":
		return "Confidence A: the figures have two or more sources, or the vendor's own document."
	case "B":
		return "Confidence B: the figures have one source."
	}
	return "Confidence C: the figures have weak sources or rest on general knowledge; check them against the maker's datasheet before relying on this class."
}

// dispute is a figure, or a set of figures, that other sources or another way
// of counting give for a product.
type dispute struct {
	option  string
	rates   []Rate
	dieArea Number
	reason  string
}

// reading lays the disputed figures over those of the entry.
func (d dispute) reading(f Figures) reading {
	for _, r := range d.rates {
		f.Rates = slices.DeleteFunc(f.Rates, func(old Rate) bool { return old.Format == r.Format })
		f.Rates = append(f.Rates, r)
	}
	if d.dieArea.Known() {
		f.DieArea = d.dieArea
	}
	if d.option == optionSumOfUnits {
		if summed := sumOfUnits(f); len(summed) == 1 {
			f = summed[0].figures
		}
	}
	return reading{d.option, f, d.reason}
}
