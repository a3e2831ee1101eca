package estimate

import (
	"fmt"
	"math/big"
	"strings"

	"github.com/weighbridge/weighbridge/meter"
)

// Conversion is a total of another convention as the canonical count has it.
type Conversion struct {
	From       string    // the convention's name
	Operations meter.Ops // canonical, rounded down
	Ratio      *big.Rat  // canonical over the other, exact
	Convention meter.Convention
	Source     string // a sentence: both formulas and the ratio
}

// Convert turns a total that was counted by a convention of
// [Architecture.Explain] into the canonical count: the ratio of two formulas of
// one shape and length is known exactly. The convention is named by its
// beginning. The error lists the names, or says that the convention has no number
// for the architecture.
func (a Architecture) Convert(total meter.Ops, convention string, sequence uint64) (Conversion, error) {
	r, err := findRecipe(convention)
	if err != nil {
		return Conversion{}, err
	}
	w, err := a.complete(Work{Sequence: sequence})
	if err != nil {
		return Conversion{}, err
	}
	switch {
	case otherWork(r.name):
		return Conversion{}, fmt.Errorf("convert: %s counts other work than training every weight: record it as the stage that it was", r.name)
	case a.has(Source) || a.has(Image):
		return Conversion{}, fmt.Errorf("convert: the model has an encoder or another tower: the conventions known here are those for decoders alone")
	case sequence == 0:
		return Conversion{}, fmt.Errorf("convert: expected the length of the sequences: the ratio depends on it")
	}
	f := figuresOf(a, sequence)
	other, why := r.perToken(f)
	if other == nil {
		return Conversion{}, fmt.Errorf("convert: %s: %s", r.name, why)
	}
	canonical := plus(f.times(6, f.weights), f.windowed)
	c := Conversion{From: r.name, Ratio: canonical.Quo(canonical, other), Convention: a.convention(w)}
	c.Source = fmt.Sprintf("stated as %s, counted by %s (%s per token); times %s, the ratio for this architecture at sequences of %d, it is the canonical count",
		total, r.name, r.formula, c.Ratio.FloatString(6), sequence)
	c.Operations, err = scaled(total, c.Ratio)
	return c, err
}

// otherWork reports whether a convention is not another count of the same
// training, but that of a forward pass or of frozen weights.
func otherWork(name string) bool {
	for _, beginning := range []string{"LoRA: ", "forward only", "2ND", "fvcore"} {
		if strings.HasPrefix(name, beginning) {
			return true
		}
	}
	return false
}

// ConvertUnit turns a total into operations where the ratio needs no
// architecture: multiply-accumulates are two operations, and full recomputation
// made 4 of every 3. It reports false for every other convention.
func ConvertUnit(total meter.Ops, convention string) (Conversion, bool, error) {
	r, err := findRecipe(convention)
	if err != nil {
		return Conversion{}, false, err
	}
	ratios := map[string]*big.Rat{inMultiplyAccumulates: big.NewRat(2, 1), byFourThirds: big.NewRat(3, 4)}
	ratio, found := ratios[r.name]
	if !found {
		return Conversion{}, false, nil
	}
	c := Conversion{From: r.name, Ratio: ratio, Convention: meter.Convention{MultiplyAccumulate: "2", Recomputation: "excluded"}}
	c.Source = fmt.Sprintf("stated as %s, counted by %s; times %s it is the canonical count", total, r.name, ratio.RatString())
	c.Operations, err = scaled(total, ratio)
	return c, true, err
}

// scaled is total x ratio, rounded down.
func scaled(total meter.Ops, ratio *big.Rat) (meter.Ops, error) {
	product := new(big.Rat).Mul(exactly(total), ratio)
	o, err := meter.OpsFromBig(product.Num().Quo(product.Num(), product.Denom()))
	if err != nil {
		return o, fmt.Errorf("convert: %w", err)
	}
	return o, nil
}

// findRecipe finds a convention by its whole name, or by a beginning that no
// other has. Case does not matter.
func findRecipe(name string) (recipe, error) {
	var found []recipe
	for _, r := range recipes() {
		switch {
		case strings.EqualFold(r.name, name):
			return r, nil
		case name != "" && len(name) <= len(r.name) && strings.EqualFold(r.name[:len(name)], name):
			found = append(found, r)
		}
	}
	if len(found) == 1 {
		return found[0], nil
	}
	return recipe{}, fmt.Errorf("convention %q: found %d that begin so, expected one of: %s", clip(name), len(found), strings.Join(Conventions(), "; "))
}
