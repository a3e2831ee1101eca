package provenance

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

//go:embed accelerators.csv
var accelerators []byte

//go:embed disputes.csv
var disputes []byte

// Catalogue is a set of accelerators that can be found by name. It cannot be
// changed, and may be used by several goroutines.
type Catalogue struct {
	all    []Accelerator
	names  map[string][]int // normalised whole name -> positions in all
	digest string
}

// Embedded returns the catalogue that this program carries. An error means that
// the program was built from broken data; a test holds that it was not.
func Embedded() (*Catalogue, error) { return ParseCatalogue(accelerators, disputes) }

// maxCatalogue bounds the size of each of a catalogue's two files.
const maxCatalogue = 16 << 20

// ParseCatalogue reads a catalogue and its disputed figures (nil for none) in
// the format of SPEC.md, strictly: the exact header, every number a plain
// decimal, closed lists, unique names. The error names every line that is wrong.
func ParseCatalogue(accelerators, disputes []byte) (*Catalogue, error) {
	rows, err := readTable(accelerators, "accelerators", acceleratorColumns())
	if err != nil {
		return nil, err
	}
	c := &Catalogue{}
	var errs []error
	seen := map[string]bool{}
	for _, row := range rows {
		a, err := parseAccelerator(row)
		if err == nil && seen[normalise(a.Name())] {
			err = fmt.Errorf("%s stands here a second time: expected one line per product", a.Name())
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("accelerators, line %d: %w", row.line, err))
			continue
		}
		seen[normalise(a.Name())] = true
		c.all = append(c.all, a)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	if err := c.addDisputes(disputes); err != nil {
		return nil, err
	}
	c.names, c.digest = index(c.all), digestOf(accelerators, disputes)
	return c, nil
}

// Digest identifies what the catalogue was read from: "sha256:<hex>", SHA-256
// over the SHA-256 of its two files, the accelerators first.
func (c *Catalogue) Digest() string { return c.digest }

func digestOf(files ...[]byte) string {
	h := sha256.New()
	for _, file := range files {
		sum := sha256.Sum256(file)
		h.Write(sum[:])
	}
	return "sha256:" + hex.EncodeToString(h.Sum(nil))
}

// All returns the accelerators in the catalogue's order.
func (c *Catalogue) All() []Accelerator { return slices.Clone(c.all) }

func acceleratorColumns() []string {
	columns := []string{"vendor", "product", "form_factor", "marketed_for_datacenter", "released", "process", "die_area_mm2"}
	for _, f := range Formats() {
		columns = append(columns, string(f))
	}
	return append(columns, "memory_gb", "memory_bw_gbs", "tdp_w", "pci_ids", "nvml_names", "source_urls", "confidence", "notes")
}

// row is one line of a table with its cells by column.
type row struct {
	line  int
	cells map[string]string
}

// readTable reads RFC 4180 CSV whose first line is exactly the columns.
func readTable(data []byte, name string, columns []string) ([]row, error) {
	if len(data) > maxCatalogue {
		return nil, fmt.Errorf("%s: %d bytes: expected at most %d", name, len(data), maxCatalogue)
	}
	r := csv.NewReader(bytes.NewReader(data))
	header, err := r.Read()
	if err != nil || !slices.Equal(header, columns) {
		return nil, fmt.Errorf("%s: header %.200q (%v): expected the columns %s", name, header, err, strings.Join(columns, ","))
	}
	var rows []row
	for {
		cells, err := r.Read()
		if err == io.EOF {
			return rows, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		line, _ := r.FieldPos(0)
		byColumn := map[string]string{}
		for i, cell := range cells {
			if !utf8.ValidString(cell) || strings.ContainsFunc(cell, unicode.IsControl) {
				return nil, fmt.Errorf("%s, line %d: column %s: %.80q: expected UTF-8 without control characters", name, line, columns[i], cell)
			}
			byColumn[columns[i]] = cell
		}
		rows = append(rows, row{line, byColumn})
	}
}

var yearAndMonth = regexp.MustCompile(`^20[0-9]{2}-(0[1-9]|1[0-2])$`)

func parseAccelerator(r row) (Accelerator, error) {
	var errs []error
	number := func(column string) Number {
		if r.cells[column] == "" {
			return Number{}
		}
		n, err := ParseNumber(r.cells[column])
		if err == nil && n.r.Sign() == 0 {
			err = fmt.Errorf("number 0: expected a positive number, or an empty cell for one that is unknown")
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("column %s: %w", column, err))
		}
		return n
	}
	a := Accelerator{
		Vendor: r.cells["vendor"], Product: r.cells["product"], FormFactor: r.cells["form_factor"],
		Datacenter: Answer(r.cells["marketed_for_datacenter"]), Released: r.cells["released"], Process: r.cells["process"],
		DieArea: number("die_area_mm2"), Memory: number("memory_gb"), Bandwidth: number("memory_bw_gbs"), Power: number("tdp_w"),
		DriverNames: split(r.cells["nvml_names"], "|"), Sources: split(r.cells["source_urls"], " ; "),
		Confidence: Confidence(r.cells["confidence"]), Notes: r.cells["notes"],
	}
	for _, f := range Formats() {
		if peak := number(string(f)); peak.Known() {
			a.Rates = append(a.Rates, Rate{f, peak})
		}
	}
	for _, id := range split(r.cells["pci_ids"], ";") {
		m, err := ParsePCI(id)
		if err == nil && m.String() != id {
			err = fmt.Errorf("PCI id %q: expected lower case", id)
		}
		a.PCI = append(a.PCI, m)
		errs = append(errs, err)
	}
	errs = append(errs, a.validate()...)
	return a, errors.Join(errs...)
}

// validate checks the cells that are words.
func (a Accelerator) validate() []error {
	var errs []error
	check := func(ok bool, column, found, expected string) {
		if !ok {
			errs = append(errs, fmt.Errorf("column %s: %.80q: expected %s", column, found, expected))
		}
	}
	check(isName(a.Vendor), "vendor", a.Vendor, "a name without spaces around it")
	check(isName(a.Product), "product", a.Product, "a name without spaces around it")
	check(a.Datacenter == Yes || a.Datacenter == No, "marketed_for_datacenter", string(a.Datacenter), "yes or no")
	check(a.Released == "" || yearAndMonth.MatchString(a.Released), "released", a.Released, "a year and month such as 2022-09, or nothing")
	check(slices.Contains([]Confidence{"A", "B", "C"}, a.Confidence), "confidence", string(a.Confidence), "A, B or C")
	check(len(a.Sources) > 0, "source_urls", "", "at least one source")
	for _, name := range a.DriverNames {
		check(isName(name), "nvml_names", name, "names separated by | without spaces around them")
	}
	for _, s := range a.Sources {
		check(strings.HasPrefix(s, "https://") || strings.HasPrefix(s, "http://") || strings.HasPrefix(s, "("), "source_urls", s,
			"addresses, or descriptions in parentheses, separated by ' ; '")
	}
	return errs
}

func isName(s string) bool { return s != "" && s == strings.TrimSpace(s) && len(s) <= 200 }

// split returns the trimmed parts, none for an empty cell.
func split(cell, separator string) []string {
	if cell == "" {
		return nil
	}
	parts := strings.Split(cell, separator)
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
	}
	return parts
}
