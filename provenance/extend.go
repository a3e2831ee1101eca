package provenance

import (
	"errors"
	"fmt"
	"slices"
)

// Extend returns the catalogue with the accelerators of a user's own table
// added, in the format of SPEC.md, and what looks wrong in the added lines
// (Lint). A product that is there already is refused: figures that disagree
// belong into a dispute, not over the entry. The catalogue itself is unchanged.
func (c *Catalogue) Extend(accelerators []byte) (*Catalogue, []Suspicion, error) {
	own, err := ParseCatalogue(accelerators, nil)
	if err != nil {
		return nil, nil, err
	}
	var errs []error
	for _, a := range own.all {
		if c.has(a) {
			errs = append(errs, fmt.Errorf("accelerators: %s is in the catalogue already: expected only products that it does not hold; "+
				"give another version of a product a name of its own", a.Name()))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, nil, err
	}
	extended := &Catalogue{all: slices.Concat(c.all, own.all), digest: digestOf([]byte(c.digest), []byte(own.digest))}
	extended.names = index(extended.all)
	return extended, own.Lint(), nil
}

func (c *Catalogue) has(a Accelerator) bool {
	return slices.ContainsFunc(c.all, func(have Accelerator) bool { return normalise(have.Name()) == normalise(a.Name()) })
}
