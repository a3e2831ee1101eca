package provenance

import (
	"fmt"
	"slices"
	"strings"
)

// Suspicion is something in a catalogue that parses and yet may be wrong, or
// that a reader of ids and names must know.
type Suspicion struct {
	Code    string // "sparse-rate", "shared-id", "shared-name"
	Subject string // the product, the id or the name
	Message string
}

// Lint looks for what a strict parse cannot see: a sparse rate in a dense
// column, which would flip classes, and ids and names that stand for several
// products. It returns the suspicions in the catalogue's order; none is a proof.
func (c *Catalogue) Lint() []Suspicion {
	var all []Suspicion
	for _, a := range c.all {
		if message := a.sparse(); message != "" {
			all = append(all, Suspicion{"sparse-rate", a.Name(), message})
		}
	}
	return append(all, c.shared()...)
}

// sparse compares the formats with each other. Sparse rates are twice the dense
// ones, while dense ones give about the same TPP for every width: half the bits,
// twice the rate. So a narrow format that gives nearly twice a wider one's TPP,
// or a 16-bit rate far above twice TF32's, stands out.
func (a Accelerator) sparse() string {
	wide := highest(a, FP16, BF16)
	for _, narrow := range [][]Format{{FP8, INT8}, {FP6, FP4, INT4}} {
		found := highest(a, narrow...)
		if wide.Known() && found.atLeast(wide.times(fraction(19, 10))) {
			return fmt.Sprintf("%v give a TPP of %s, wider formats %s: expected dense rates, and sparse ones are twice as high", narrow, found, wide)
		}
		if !wide.Known() || wide.below(found) {
			wide = found
		}
	}
	half, tf32 := a.Peak(BF16), a.Peak(TF32)
	if !half.Known() {
		half = a.Peak(FP16)
	}
	if tf32.Known() && half.atLeast(tf32.times(fraction(5, 2))) {
		return fmt.Sprintf("the 16-bit rate %s is more than 2.5 times TF32's %s: expected dense rates, and sparse ones are twice as high", half, tf32)
	}
	return ""
}

func highest(a Accelerator, formats ...Format) Number {
	rates := slices.DeleteFunc(slices.Clone(a.Rates), func(r Rate) bool { return !slices.Contains(formats, r.Format) })
	if all := perFormat(rates); len(all) > 0 {
		return all[0].TPP
	}
	return Number{}
}

// shared lists the PCI ids and the whole names that stand for several products.
func (c *Catalogue) shared() []Suspicion {
	var all []Suspicion
	seen := map[PCIID]bool{}
	for _, a := range c.all {
		for _, id := range a.PCI {
			if products := c.Sharing(PCIMatch{Device: id.Device}); !seen[id.Device] && len(products) > 1 {
				all = append(all, Suspicion{"shared-id", string(id.Device), strings.Join(products, " and ")})
			}
			seen[id.Device] = true
		}
	}
	known := map[string]bool{}
	for _, a := range c.all {
		for _, name := range a.wholeNames() {
			name = normalise(name)
			if at := c.names[name]; len(at) > 1 && !known[name] {
				all = append(all, Suspicion{"shared-name", name, fmt.Sprintf("stands for %d products", len(at))})
			}
			known[name] = true
		}
	}
	return all
}
