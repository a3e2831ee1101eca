package accounting

import (
	"fmt"
	"io"
	"strings"

	"github.com/weighbridge/weighbridge/provenance"
)

// Chips says what products the words of a source stand for. What it does not
// know stays unknown: a gres type, an instance type and a SKU are a site's or a
// provider's own words, and no guess is made.
type Chips struct {
	catalogue *provenance.Catalogue
	declared  map[string]chip // by word, in lower case
	labels    map[string]string
	unnamed   string // the product of units that a source does not name
	answers   map[string]answer
	words     int // of the answers, that nobody explained
}

type chip struct {
	product string
	perUnit uint64 // thousandths
}

type answer struct {
	chip
	known bool
}

// NewChips returns a table that knows the catalogue's own names alone. unnamed is
// the product of units that a source does not name; "" for none.
func NewChips(catalogue *provenance.Catalogue, unnamed string) (*Chips, error) {
	c := &Chips{catalogue: catalogue, declared: map[string]chip{}, labels: map[string]string{}, answers: map[string]answer{}}
	if unnamed != "" {
		found, err := catalogue.Find(unnamed)
		if err != nil {
			return nil, err
		}
		c.unnamed = found.Name()
	}
	for _, a := range catalogue.All() {
		for _, name := range a.DriverNames { // NVIDIA's GPU feature discovery labels nodes with the driver's name, spaces as hyphens
			c.labels[strings.ToLower(strings.ReplaceAll(name, " ", "-"))] = a.Name()
		}
	}
	return c, nil
}

// ChipColumns are those of the table that [Chips.Declare] reads.
func ChipColumns() []string { return []string{"name", "product", "chips", "source"} }

// Declare reads a table of words: what a unit of that name holds of which
// product, and who says so. Zero chips and no product is a unit without any.
func (c *Chips) Declare(in io.Reader, name string) error {
	return ReadTable(in, name, ChipColumns(), func(cells []string, _ int64) error {
		word := strings.ToLower(cells[0])
		perUnit, err := thousandths(cells[2])
		if err != nil {
			return fmt.Errorf("chips: %w", err)
		}
		_, twice := c.declared[word]
		switch {
		case word == "":
			return fmt.Errorf("name is empty: expected a gres type, an instance type or a SKU as the source prints it")
		case twice:
			return fmt.Errorf("%.80q stands there a second time", cells[0])
		case cells[3] == "":
			return fmt.Errorf("source is empty: expected who says so: an address, a document, a date")
		case (cells[1] == "") != (perUnit == 0):
			return fmt.Errorf("found product %.80q and chips %s: expected both, or no product and 0 for a unit without accelerators", cells[1], cells[2])
		}
		entry := chip{perUnit: perUnit}
		if perUnit > 0 {
			found, err := c.catalogue.Find(cells[1])
			if err != nil {
				return fmt.Errorf("product: %w", err)
			}
			entry.product = found.Name()
		}
		c.declared[word] = entry
		return nil
	})
}

// Resolve returns the product of a use's units, how many thousandths of it one
// unit holds, and whether that is known. Where it is not, the product is the
// source's own word.
func (c *Chips) Resolve(u Use) (product string, perUnit uint64, known bool) {
	key := string(u.Kind) + "\x00" + strings.Join(u.Names, "\x00")
	got, seen := c.answers[key]
	if !seen {
		if got = c.resolve(u); !got.known && c.words >= maxWords {
			return FurtherWords, got.perUnit, false
		}
		if len(c.answers) < 2*maxWords { // the rest is looked up each time
			c.answers[key] = got
			if !got.known {
				c.words++
			}
		}
	}
	return got.product, got.perUnit, got.known
}

// maxWords bounds how many words that nobody explained are kept apart; the time
// of further ones is summed under [FurtherWords].
const maxWords = 10_000

// FurtherWords is the product of units whose words are past those that are kept
// apart.
const FurtherWords = "(further words)"

func (c *Chips) resolve(u Use) answer {
	for _, name := range u.Names {
		if declared, found := c.declared[strings.ToLower(name)]; found {
			return answer{declared, true}
		}
	}
	for _, name := range u.Names {
		if product, devices, found := c.find(u.Kind, name); found {
			return answer{chip{product, 1000 / uint64(devices)}, true}
		}
	}
	switch {
	case len(u.Names) > 0:
		return answer{chip{u.Names[0], 1000}, false}
	case c.unnamed != "":
		return answer{chip{c.unnamed, 1000}, true}
	}
	return answer{chip{"(not named)", 1000}, false}
}

// find looks a name up in the catalogue. Our own form names products; OpenCost
// names devices as the driver does, of which a package may show two; a scheduler
// and a bill have words of their own.
func (c *Chips) find(kind Kind, name string) (product string, devices int, found bool) {
	if kind != Plain && kind != OpenCost {
		return "", 0, false
	}
	a, err := c.catalogue.Find(name)
	if err != nil && kind == OpenCost {
		if label := c.labels[strings.ToLower(name)]; label != "" {
			a, err = c.catalogue.Find(label)
		}
	}
	if err != nil {
		return "", 0, false
	}
	if kind == OpenCost {
		return a.Name(), a.DevicesPerProduct(), true
	}
	return a.Name(), 1, true
}
