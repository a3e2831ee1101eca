package quota

import (
	"fmt"
	"strings"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// spelling is how a name was written first, and where.
type spelling struct{ name, path string }

// checkNames refuses names that would give one entity two limits: with space at
// an edge, and two that differ only in case, width
// or spacing. Letters of other alphabets that look alike are not told apart.
func (d *Document) checkNames() error {
	first := map[string]spelling{}
	check := func(path, name string) error {
		if name == "" {
			return nil
		}
		if strings.TrimSpace(name) != name {
			return d.places.Errorf(path, "%s: found %q, expected a name without space at its edges", path, name)
		}
		folded := fold(name)
		have, known := first[folded]
		if known && have.name != name {
			return d.places.Errorf(path, "%s: %q and %q (%s) differ in case, width or spacing alone, and would have a limit each: write one entity one way, and tell two apart by more", path, name, have.name, have.path)
		}
		if !known {
			first[folded] = spelling{name, path}
		}
		return nil
	}
	for i, s := range d.Shipments {
		at := fmt.Sprintf("shipments[%d]", i)
		for _, n := range []spelling{{s.UltimateConsignee, at + ".ultimate_consignee"}, {s.Operator, at + ".operator"}} {
			if err := check(n.path, n.name); err != nil {
				return err
			}
		}
	}
	for i, h := range d.Fleet {
		at := fmt.Sprintf("fleet[%d]", i)
		for _, n := range []spelling{{h.Entity, at + ".entity"}, {h.Group, at + ".group"}} {
			if err := check(n.path, n.name); err != nil {
				return err
			}
		}
	}
	return nil
}

// fold is one form for all spellings of a name that differ in case, width,
// composition, spacing or in characters that are not seen.
func fold(name string) string {
	name = cases.Fold().String(norm.NFKC.String(name))
	return norm.NFKC.String(strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector) {
			return -1
		}
		return r
	}, name))
}
