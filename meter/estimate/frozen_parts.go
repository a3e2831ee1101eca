package estimate

import (
	"fmt"
	"slices"
	"strings"
)

// ModelPart is a part of a model that may be frozen as a whole.
type ModelPart string

// The parts.
const (
	EncoderPart   ModelPart = "encoder"   // the stack beside a decoder; not what the decoder makes of its output
	TowerPart     ModelPart = "tower"     // the vision tower
	ProjectorPart ModelPart = "projector" // what joins the tower to the text
	DecoderPart   ModelPart = "decoder"   // all that works on the text: layers, head, attention to an encoder
)

// ModelParts returns the closed list in its fixed order.
func ModelParts() []ModelPart {
	return []ModelPart{EncoderPart, TowerPart, ProjectorPart, DecoderPart}
}

// part returns the part that a product belongs to.
func (p Product) part() ModelPart {
	switch {
	case p.inTower():
		return TowerPart
	case p.Stream == Image:
		return ProjectorPart
	case p.Stream == Source && !p.crosses():
		return EncoderPart
	}
	return DecoderPart
}

// crosses reports whether the product is one of a decoder's on what its encoder
// gives.
func (p Product) crosses() bool {
	return p.Stream == Source && strings.HasPrefix(strings.TrimPrefix(p.Name, "adapter."), "cross.")
}

// part returns the part that a core belongs to.
func (c Core) part() ModelPart { return Product{Stream: c.Stream}.part() }

// readsData reports whether what goes into the product is data, of which nobody
// needs a gradient.
func (p Product) readsData() bool {
	return strings.HasSuffix(p.Name, "patches") || strings.HasSuffix(p.Name, ".frames")
}

// isSecond reports whether the product is the second matrix of an adapter, which
// hands a gradient on to the first.
func (p Product) isSecond() bool {
	return strings.Contains(p.Name, "adapter.") && strings.HasSuffix(p.Name, ".b")
}

// isHead reports whether a product comes after all layers.
func (p Product) isHead() bool {
	return p.Name == headName || strings.HasPrefix(p.Name, headName+".")
}

// Freeze returns the architecture with the weights of whole parts frozen, at its
// true cost. A part in which, and before which, nothing is trained runs forward
// only: 2 operations per weight. A frozen part behind one that is trained hands
// the gradient on: 4. The error names a part that the model does not have.
func (a Architecture) Freeze(parts ...ModelPart) (Architecture, error) {
	if len(parts) == 0 {
		return a, nil
	}
	frozen := a
	frozen.products, frozen.cores = slices.Clone(a.products), slices.Clone(a.cores)
	for _, part := range parts {
		found := false
		for i, p := range frozen.products {
			if p.part() == part {
				found = true
				frozen.products[i].Passes &^= WeightGradient
			}
		}
		if !found {
			return Architecture{}, fmt.Errorf("frozen parts: found %q, and a %s model has %s", clip(string(part)), a.family, joined(a.parts()))
		}
	}
	if !slices.ContainsFunc(frozen.products, func(p Product) bool { return p.trains() }) {
		return Architecture{}, fmt.Errorf("frozen parts: found every part of the model: nothing is trained; count what runs only with the stage forward")
	}
	frozen.fixed = append(slices.Clone(a.fixed), parts...)
	frozen.carry(false)
	return frozen, nil
}

// parts returns those that the model has.
func (a Architecture) parts() []ModelPart {
	var list []ModelPart
	for _, part := range ModelParts() {
		if slices.ContainsFunc(a.products, func(p Product) bool { return p.part() == part }) {
			list = append(list, part)
		}
	}
	return list
}

// trains reports whether the weights of the product are trained.
func (p Product) trains() bool { return p.Passes&WeightGradient != 0 && !p.Prediction }

// carry gives each part the passes that follow from what is trained before it,
// in the order in which the data goes: tower, projector and encoder, decoder.
// Inside the decoder the layers keep the passes that they have, unless something
// before the decoder is trained; then the gradient goes through all of it. The
// attention of a part through which a gradient goes has all three passes, as the
// kernels compute it. embedded says that the input embedding, which an encoder
// shares, is trained.
func (a *Architecture) carry(embedded bool) {
	trained := map[ModelPart]bool{}
	for _, p := range a.products {
		if p.trains() {
			trained[p.part()] = true
			trained["cross"] = trained["cross"] || p.crosses()
			trained["data"] = trained["data"] || p.readsData()
		}
	}
	encoder := trained[EncoderPart] || embedded
	joined := trained[TowerPart] || trained[ProjectorPart]
	before := encoder || joined || trained["cross"]
	through := map[ModelPart]bool{EncoderPart: encoder, TowerPart: trained[TowerPart], ProjectorPart: joined, DecoderPart: before}
	for i := range a.products {
		p := &a.products[i]
		switch {
		case p.readsData():
			p.Passes &= Forward | WeightGradient
		case p.Name == "encoder.conv": // before every layer
			p.Passes = p.Passes&WeightGradient | Forward | given(trained["data"], InputGradient)
		case p.crosses():
			p.Passes = p.Passes&WeightGradient | Forward | given(encoder || p.isSecond(), InputGradient)
		case p.part() != DecoderPart:
			p.Passes = p.Passes&WeightGradient | Forward | given(through[p.part()], InputGradient)
		case before:
			p.Passes |= InputGradient
		case !trained[DecoderPart]:
			p.Passes = Forward
		}
	}
	for i := range a.cores {
		c := &a.cores[i]
		switch part := c.part(); {
		case through[part]:
			c.Passes = TrainingPasses
		case part != DecoderPart || !trained[DecoderPart]:
			c.Passes = Forward
		}
	}
	for i := range a.states {
		if before {
			a.states[i].Passes = TrainingPasses
		} else if !trained[DecoderPart] {
			a.states[i].Passes = Forward
		}
	}
}

func given(yes bool, passes Passes) Passes {
	if yes {
		return passes
	}
	return 0
}
