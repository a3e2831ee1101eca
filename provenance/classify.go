package provenance

import (
	"fmt"
	"math/big"
	"slices"
)

// Figures is what a class is computed from. Everything may be unknown.
type Figures struct {
	// Rates are the dense peak rates of the whole circuit (the package or
	// module, not the board), at most one per format. Never sparse rates: for
	// a circuit capable of both, the dense rate counts (3A090, Technical Notes).
	Rates []Rate
	// TPP, when known, is taken as it stands and Rates are not looked at.
	TPP Number
	// DieArea is the 'applicable die area' in mm2: all logic dies made on a
	// process with non-planar transistors. Zero means that there is none, which
	// leaves the performance density undefined; unknown means unknown.
	DieArea Number
	// Datacenter says whether the item is designed or marketed for data centres.
	Datacenter Answer
	// MemoryBandwidth is the total DRAM bandwidth in GB/s; it decides no class.
	MemoryBandwidth Number
}

// FormatTPP is the TPP that one format alone would give.
type FormatTPP struct {
	Format Format `json:"format"`
	TPP    Number `json:"tpp"`
}

// Alternative is a named reading, or a disputed figure, under which the class
// would be another one.
type Alternative struct {
	Option string `json:"option"`
	TPP    Number `json:"tpp"`
	ECCN   ECCN   `json:"eccn"`
	Clause string `json:"-"`
	Reason string `json:"-"` // a sentence
}

// BreakPoint is an applicable die area at which the class turns.
type BreakPoint struct {
	DieArea   Number // exact, in mm2
	AtOrBelow ECCN   // the class at this area, and below it down to the next break point
	Above     ECCN   // the class just above it
}

// AreaText is the area in mm2 cut to two decimal places, so that it still lies
// on the AtOrBelow side; the exact one decides.
func (b BreakPoint) AreaText() string { return b.DieArea.floor(2) }

// Classification is the class of a circuit under 3A090.a and 3A090.b with all
// that led to it. The zero value is undetermined.
type Classification struct {
	ECCN   ECCN
	Clause string // "3A090.a.1" ..., or the note that takes the item out; empty where no one paragraph decides
	// TPP is 'total processing performance', unknown when no rate is known.
	TPP Number
	// PerformanceDensity is TPP / applicable die area, exact; unknown when
	// either is, or when there is no applicable area.
	PerformanceDensity Number
	DieArea            Number
	Datacenter         Answer
	Formats            []FormatTPP // what each format would give, highest first
	Reasons            []string    // sentences, in the order of the decision, each with its paragraph
	Alternatives       []Alternative
	BreakPoints        []BreakPoint // by area, smallest first; only where the die area is unknown and decides
}

// Classify computes the class of a circuit with these figures, exactly. It
// answers 3A090.a and 3A090.b alone.
func Classify(f Figures) Classification { return classify(f, nil) }

// classify adds to the readings that every circuit has those that its catalogue
// entry names.
func classify(f Figures, named []reading) Classification {
	c := decide(f)
	c.Reasons = reasons(f, c)
	for _, r := range overlaid(readings(f), named) {
		other := decide(r.figures)
		if other.ECCN == c.ECCN {
			if r.option == optionWideTF32 { // which bit length was taken is said even where the class stays
				c.Reasons = append(c.Reasons, fmt.Sprintf("Under the option %s TPP would be %s and the class stays: %s.", r.option, other.TPP, r.reason))
			}
			continue
		}
		c.Alternatives = append(c.Alternatives, Alternative{Option: r.option, TPP: other.TPP, ECCN: other.ECCN, Clause: other.Clause, Reason: r.reason})
		c.Reasons = append(c.Reasons, fmt.Sprintf("Under the option %s the class would be %s: %s.", r.option, other.describe(), r.reason))
	}
	return c
}

// overlaid lets a reading that the entry names stand in for the general one of
// the same option.
func overlaid(general, named []reading) []reading {
	own := func(r reading) bool {
		return slices.ContainsFunc(named, func(n reading) bool { return n.option == r.option })
	}
	return append(slices.DeleteFunc(general, own), named...)
}

// decide is the classification without reasons and alternatives.
func decide(f Figures) Classification {
	formats := perFormat(f.Rates)
	c := Classification{TPP: f.TPP, DieArea: f.DieArea, Datacenter: f.Datacenter, Formats: formats}
	if !f.TPP.Known() && len(formats) > 0 {
		// "If several bit lengths give different TPP, use the highest" (3A090, Technical Notes).
		c.TPP = formats[0].TPP
	}
	c.PerformanceDensity = c.TPP.over(f.DieArea)
	result := withNote(apply(c.TPP, f.DieArea), c.TPP, f.Datacenter)
	c.ECCN, c.Clause = result.eccn, result.clause
	if c.ECCN == Undetermined && !f.DieArea.Known() && f.Datacenter != No {
		c.BreakPoints = breakPoints(c.TPP)
	}
	return c
}

// withNote applies the datacentre note: below 4800 an item that is not designed
// or marketed for data centres is outside 3A090.a and .b, whatever its density.
func withNote(o outcome, tpp Number, datacenter Answer) outcome {
	if o.eccn == None || !tpp.below(datacenterFloor()) {
		return o
	}
	switch datacenter {
	case No:
		return outcome{None, datacenterNote}
	case Unknown:
		return outcome{eccn: Undetermined}
	}
	return o
}

// perFormat returns the TPP that each known rate gives, highest first; equal
// ones keep the catalogue's order.
func perFormat(rates []Rate) []FormatTPP {
	var all []FormatTPP
	for _, r := range rates {
		if r.Peak.Known() {
			all = append(all, FormatTPP{r.Format, r.tpp(r.Format.Bits())})
		}
	}
	slices.SortStableFunc(all, func(a, b FormatTPP) int { return b.TPP.Cmp(a.TPP) })
	return all
}

// breakPoints returns the die areas at which the class turns for a known TPP. It
// asks the clauses themselves on both sides of every area at which the density
// crosses one of their bounds, so that it cannot differ from them.
func breakPoints(tpp Number) []BreakPoint {
	if !tpp.Known() {
		return nil
	}
	var points []BreakPoint
	areas := boundaries(tpp)
	for i, area := range areas {
		beyond := Number{new(big.Rat).Add(area.r, big.NewRat(1, 1))}
		if i+1 < len(areas) {
			beyond = area.plus(areas[i+1]).over(integer(2))
		}
		at, above := apply(tpp, area).eccn, apply(tpp, beyond).eccn
		if at != above {
			points = append(points, BreakPoint{area, at, above})
		}
	}
	return points
}

// boundaries returns TPP / density for every density that a clause names,
// smallest area first.
func boundaries(tpp Number) []Number {
	var areas []Number
	for _, c := range clauses() {
		if c.minPD.Known() {
			areas = append(areas, tpp.over(c.minPD))
		}
	}
	slices.SortFunc(areas, Number.Cmp)
	return slices.CompactFunc(areas, func(a, b Number) bool { return a.Cmp(b) == 0 })
}
