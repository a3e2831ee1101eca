package estimate

import (
	"fmt"
	"strings"

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
// pass instead of three. The count is by whole layers: the lowest trained one
// keeps its input gradient. The error names a layer that is not there, or says
// that the kinds of layers cannot be told apart.
func (a Architecture) FreezeBelow(layer uint64) (Architecture, error) {
	if layer > a.layers {
		return Architecture{}, fmt.Errorf("frozen layers: found %d, expected at most the %d layers of the model", layer, a.layers)
	}
	return a.splitAt(layer, TrainingPasses)
}

// splitAt gives layers below the lowest trained one the forward pass only and
// the products of the others the passes given. The attention core of those has
// all three: the gradient flows through queries, keys and values alike.
func (a Architecture) splitAt(lowest uint64, passes Passes) (Architecture, error) {
	split := a
	split.products, split.cores = nil, nil
	for _, p := range a.products {
		switch {
		case p.Name == headName || lowest == 0:
			p.Passes &= passes
			split.products = append(split.products, p)
		case p.Count != a.layers && lowest != a.layers:
			return Architecture{}, fmt.Errorf("frozen layers: %s stands in %d of %d layers, and which of them are frozen cannot be told: freeze all layers or none", p.Name, p.Count, a.layers)
		default:
			below := p
			below.Count, below.Passes = min(lowest, p.Count), Forward
			p.Count, p.Passes = p.Count-below.Count, p.Passes&passes
			split.products = appendStanding(split.products, below, p)
		}
	}
	for _, c := range a.cores {
		switch {
		case lowest == 0:
			split.cores = append(split.cores, c)
		case c.Layers != a.layers && lowest != a.layers:
			return Architecture{}, fmt.Errorf("frozen layers: the layers have attention of several kinds, and which of them are frozen cannot be told: freeze all layers or none")
		default:
			below := c
			below.Layers, below.Passes = min(lowest, c.Layers), Forward
			c.Layers -= below.Layers
			split.cores = append(split.cores, below)
			if c.Layers != 0 {
				split.cores = append(split.cores, c)
			}
		}
	}
	return split, nil
}

func appendStanding(list []Product, products ...Product) []Product {
	for _, p := range products {
		if p.Count != 0 {
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
		if p.Passes&WeightGradient != 0 {
			total = s.add(total, p.weights(&s))
		}
	}
	return total
}

// matrixText is the weights by the operations that they cost, as in "6 x
// 7504658432 weights applied per token" or, where parts are frozen, "4 x
// 7504658432 frozen weights + 6 x 41943040 trained weights applied per token".
func (a Architecture) matrixText(passes Passes) string {
	var s sum
	weights := map[uint64]meter.Ops{}
	for _, p := range a.products {
		n := (p.Passes & passes).count()
		weights[n] = s.add(weights[n], p.weights(&s))
	}
	var words []string
	for _, n := range []uint64{1, 2, 3} {
		if w, found := weights[n]; found {
			words = append(words, fmt.Sprintf("%d x %s %s", 2*n, w, passKind(n, len(weights))))
		}
	}
	return strings.Join(words, " + ") + " applied per token"
}

func passKind(n uint64, kinds int) string {
	if kinds == 1 {
		return "weights"
	}
	return map[uint64]string{1: "weights below everything trained", 2: "frozen weights", 3: "trained weights"}[n]
}
