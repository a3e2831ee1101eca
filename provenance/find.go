package provenance

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// UnknownProductError says that the catalogue has nothing by a name.
// [Catalogue.Find] returns it.
type UnknownProductError struct {
	Name    string
	Nearest []string // names that look like it, best first, at most five; perhaps none
}

func (e *UnknownProductError) Error() string {
	if len(e.Nearest) == 0 {
		return fmt.Sprintf("catalogue: no accelerator is called %.80q, nor anything like it: expected the whole name of a product, its driver's name or its PCI id", e.Name)
	}
	return fmt.Sprintf("catalogue: no accelerator is called %.80q: expected the whole name of a product, its driver's name or its PCI id; the nearest are %s",
		e.Name, strings.Join(e.Nearest, ", "))
}

// AmbiguousProductError says that a name or an id stands for several products.
// [Catalogue.Find] returns it: which one it is decides the class, so the
// catalogue does not choose.
type AmbiguousProductError struct {
	Name     string
	Products []string // full names, in the catalogue's order
}

func (e *AmbiguousProductError) Error() string {
	return fmt.Sprintf("catalogue: %q stands for %s: expected the name of one product, or a PCI id with its subsystem (vendor:device/vendor:subsystem)",
		e.Name, strings.Join(e.Products, " and for "))
}

// Find returns the one accelerator with this whole name: its product, vendor and
// product, a name that its driver prints (also without "NVIDIA ", as old drivers
// do), a product's name without a remark in parentheses, or a PCI id as
// [ParsePCI] reads it. Case and the amount of white space do not matter. The
// error is a [*UnknownProductError] or an [*AmbiguousProductError].
func (c *Catalogue) Find(name string) (Accelerator, error) {
	if id, err := ParsePCI(strings.TrimSpace(name)); err == nil {
		return c.only(name, c.FindPCI(id), c.Sharing(id))
	}
	var found []Accelerator
	for _, i := range c.names[normalise(name)] {
		found = append(found, c.all[i])
	}
	return c.only(name, found, names(found))
}

// FindPCI returns every accelerator that a device with these ids may be, in the
// catalogue's order. Without a subsystem it returns those of every subsystem.
func (c *Catalogue) FindPCI(id PCIMatch) []Accelerator {
	var found []Accelerator
	for _, a := range c.all {
		if slices.ContainsFunc(a.PCI, func(m PCIMatch) bool { return m.covers(id) }) {
			found = append(found, a)
		}
	}
	return found
}

// only returns the one product found, or the error that fits the products that
// the name stands for.
func (c *Catalogue) only(name string, found []Accelerator, products []string) (Accelerator, error) {
	switch {
	case len(found) == 0:
		return Accelerator{}, &UnknownProductError{Name: name, Nearest: c.nearest(name)}
	case len(products) > 1:
		return Accelerator{}, &AmbiguousProductError{Name: name, Products: products}
	}
	return found[0], nil
}

func names(all []Accelerator) []string {
	var list []string
	for _, a := range all {
		list = append(list, a.Name())
	}
	return list
}

// uncatalogued names the products that share a device id with one of the
// catalogue and are not in it: pci.ids lists the id for the whole chip.
func uncatalogued(device PCIID) []string {
	if device == "1002:744c" { // every Navi 31 card
		return []string{"AMD Radeon RX 7900 XT (not in the catalogue)", "AMD Radeon RX 7900 GRE (not in the catalogue)"}
	}
	return nil
}

// Sharing names every product that a device with these ids may be, those that the
// catalogue does not have included.
func (c *Catalogue) Sharing(id PCIMatch) []string {
	return append(names(c.FindPCI(id)), uncatalogued(id.Device)...)
}

// normalise maps names that differ in case and white space alone to one.
func normalise(name string) string { return strings.ToLower(strings.Join(strings.Fields(name), " ")) }

// index maps every whole name to the accelerators that carry it.
func index(all []Accelerator) map[string][]int {
	names := map[string][]int{}
	for i, a := range all {
		own := map[string]bool{}
		for _, name := range a.wholeNames() {
			own[normalise(name)] = true
		}
		for name := range own {
			names[name] = append(names[name], i)
		}
	}
	return names
}

func (a Accelerator) wholeNames() []string {
	names := []string{a.Product, a.Name()}
	if plain, _, remark := strings.Cut(a.Product, " ("); remark {
		names = append(names, plain, a.Vendor+" "+plain)
	}
	for _, name := range a.DriverNames {
		names = append(names, name, strings.TrimPrefix(name, "NVIDIA "))
	}
	return names
}

const maxNearest = 5

// nearest returns the full names of products that share words with the name, or
// are a few letters away from it.
func (c *Catalogue) nearest(name string) []string {
	query := normalise(name)
	if len(query) > 200 {
		return nil
	}
	best := map[int]int{} // position -> distance
	for known, positions := range c.names {
		for _, i := range positions {
			d, near := distance(query, known)
			if !near {
				continue
			}
			if old, seen := best[i]; !seen || d < old {
				best[i] = d
			}
		}
	}
	order := slices.SortedFunc(maps.Keys(best), func(i, j int) int {
		if best[i] != best[j] {
			return best[i] - best[j]
		}
		return i - j
	})
	var names []string
	for _, i := range order[:min(maxNearest, len(order))] {
		names = append(names, c.all[i].Name())
	}
	return names
}

// distance is how far a known name is from a query, in tenths of a letter: the
// edits between them, where a name that has every word of the query costs next
// to nothing for its other letters. It is not near when half of the query's
// letters would have to change.
func distance(query, known string) (tenths int, near bool) {
	words := strings.FieldsFunc(known, func(r rune) bool { return r == ' ' || r == '-' })
	all := query != ""
	for _, word := range strings.Fields(query) {
		all = all && slices.ContainsFunc(words, func(w string) bool { return strings.HasPrefix(w, word) })
	}
	if all {
		return len(known) - len(query), true
	}
	if difference := len(known) - len(query); max(difference, -difference)*2 > len(query) {
		return 0, false // at least as many edits as the lengths differ by
	}
	tenths = 10 * edits(query, known)
	return tenths, tenths <= 5*len(query)
}

// edits is the Levenshtein distance in bytes.
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		diagonal := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			diagonal, row[j] = row[j], min(row[j]+1, row[j-1]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}
