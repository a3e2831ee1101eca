package estimate

import (
	"fmt"

	"github.com/weighbridge/weighbridge/meter"
)

// headName is the name of the product that makes the logits.
const headName = "head"

// frozenPasses are those of a product whose weights are not trained, in a layer
// that has something trained in it or below it: the gradient goes through.
const frozenPasses = Forward | InputGradient

// FreezeBelow returns the architecture with its lowest layers frozen: trained are
// the layers from the given one on, counted from 0, and the head. In the layers
// below, and in the embedding, nothing is trained, so no gradient goes there: one
// pass instead of three, unless a tower before them is trained. The count is by
// whole layers: the lowest trained one keeps its input gradient. The error names
// a layer that is not there, or says that the kinds of layers cannot be told
// apart.
func (a Architecture) FreezeBelow(layer uint64) (Architecture, error) {
	if layer > a.layers {
		return Architecture{}, fmt.Errorf("frozen layers: found %d, expected at most the %d layers of the model", layer, a.layers)
	}
	if a.has(Source) {
		return Architecture{}, fmt.Errorf("frozen layers: a %s model has an encoder and a decoder, and whose layers are frozen cannot be told: name whole parts, of %s", a.family, joined(a.parts()))
	}
	split, err := a.splitAt(layer, TrainingPasses)
	if err == nil && a.has(Image) {
		split.carry(false)
	}
	return split, err
}

// splitAt gives layers of the decoder below the lowest trained one the forward
// pass only and the products of the others the passes given. The attention core
// and the recurrent parts of those have all three: the gradient flows through
// them. An encoder or a tower stays as it is.
func (a Architecture) splitAt(lowest uint64, passes Passes) (Architecture, error) {
	split := a
	split.products, split.cores, split.states = nil, nil, nil
	for _, p := range a.products {
		if p.Stream != Text {
			split.products = append(split.products, p)
			continue
		}
		below, rest, err := a.splitProduct(p, lowest, passes)
		if err != nil {
			return Architecture{}, err
		}
		split.products = appendStanding(split.products, below, rest)
	}
	for _, c := range a.cores {
		if c.Stream != Text {
			split.cores = append(split.cores, c)
			continue
		}
		below := c
		below.Passes = Forward
		if err := splitLayers(&below.Layers, &c.Layers, lowest, a.layers); err != nil {
			return Architecture{}, err
		}
		for _, part := range []Core{below, c} {
			if part.Layers != 0 {
				split.cores = append(split.cores, part)
			}
		}
	}
	for _, r := range a.states {
		below := r
		below.Passes = Forward
		if err := splitLayers(&below.Layers, &r.Layers, lowest, a.layers); err != nil {
			return Architecture{}, err
		}
		for _, part := range []Recurrence{below, r} {
			if part.Layers != 0 {
				split.states = append(split.states, part)
			}
		}
	}
	return split, nil
}

// splitProduct divides a product of the decoder.
func (a Architecture) splitProduct(p Product, lowest uint64, passes Passes) (below, rest Product, err error) {
	below = p
	switch {
	case p.isHead() || p.Prediction || lowest == 0:
		below.Count, below.Held = 0, 0
	case lowest == a.layers: // below in full
	case p.Count != a.layers || p.Held != a.layers:
		return p, p, fmt.Errorf("frozen layers: %s stands in some of the %d layers, or several times, and which of them are frozen cannot be told: freeze all layers or none", p.Name, a.layers)
	default:
		below.Count, below.Held = lowest, lowest
	}
	p.Count, p.Held = p.Count-below.Count, p.Held-below.Held
	below.Passes, p.Passes = Forward, p.Passes&passes
	return below, p, nil
}

// splitLayers divides the layers of a part, which both hold, into those below
// the lowest trained one and the rest.
func splitLayers(below, rest *uint64, lowest, layers uint64) error {
	switch {
	case lowest == 0:
		*below = 0
	case lowest == layers: // all below
	case *rest != layers:
		return fmt.Errorf("frozen layers: the layers are of several kinds, and which of them are frozen cannot be told: freeze all layers or none")
	default:
		*below = lowest
	}
	*rest -= *below
	return nil
}

func appendStanding(list []Product, products ...Product) []Product {
	for _, p := range products {
		if p.Count != 0 || p.Held != 0 {
			list = append(list, p)
		}
	}
	return list
}

// Trained returns the weights in matrix products that are trained: all of them
// unless parts are frozen.
func (a Architecture) Trained() meter.Ops {
	var s sum
	var total meter.Ops
	for _, p := range a.products {
		if p.Passes&WeightGradient != 0 && !p.Prediction {
			total = s.add(total, p.weights(&s))
		}
	}
	return total
}
