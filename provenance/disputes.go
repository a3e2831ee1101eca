package provenance

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

var optionName = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// addDisputes reads disputes.csv onto the accelerators that it names.
func (c *Catalogue) addDisputes(data []byte) error {
	if data == nil {
		return nil
	}
	rows, err := readTable(data, "disputes", []string{"vendor", "product", "option", "figures", "reason"})
	if err != nil {
		return err
	}
	var errs []error
	for _, r := range rows {
		if err := c.addDispute(r); err != nil {
			errs = append(errs, fmt.Errorf("disputes, line %d: %w", r.line, err))
		}
	}
	return errors.Join(errs...)
}

func (c *Catalogue) addDispute(r row) error {
	i := slices.IndexFunc(c.all, func(a Accelerator) bool { return a.Vendor == r.cells["vendor"] && a.Product == r.cells["product"] })
	if i < 0 {
		return fmt.Errorf("%s %s: expected a product of the catalogue, in its spelling", r.cells["vendor"], r.cells["product"])
	}
	d, err := parseDispute(r)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(c.all[i].disputes, func(o dispute) bool { return o.option == d.option }) {
		return fmt.Errorf("option %s of %s stands here a second time", d.option, c.all[i].Name())
	}
	c.all[i].disputes = append(c.all[i].disputes, d)
	return nil
}

func parseDispute(r row) (dispute, error) {
	d := dispute{option: r.cells["option"], reason: r.cells["reason"]}
	if !optionName.MatchString(d.option) {
		return d, fmt.Errorf("column option: %.80q: expected lower-case words joined by hyphens", d.option)
	}
	if d.reason == "" || strings.HasSuffix(d.reason, ".") {
		return d, fmt.Errorf("column reason: %.80q: expected a sentence without its full stop", d.reason)
	}
	if r.cells["figures"] == "" {
		return d, fmt.Errorf("column figures: empty: expected figures such as fp8=724 or die_area_mm2=625")
	}
	for _, figure := range strings.Split(r.cells["figures"], " ") {
		if err := d.add(figure); err != nil {
			return d, fmt.Errorf("column figures: %w", err)
		}
	}
	return d, nil
}

// add reads one figure: a format or die_area_mm2, "=", a plain decimal.
func (d *dispute) add(figure string) error {
	column, text, _ := strings.Cut(figure, "=")
	n, err := ParseNumber(text)
	known := slices.Contains(Formats(), Format(column))
	repeated := d.dieArea.Known() && column == "die_area_mm2" || peak(d.rates, Format(column)).Known()
	switch {
	case err != nil:
		return fmt.Errorf("%.80q: %w", figure, err)
	case repeated:
		return fmt.Errorf("%s stands here a second time", column)
	case column == "die_area_mm2":
		d.dieArea = n
	case known:
		d.rates = append(d.rates, Rate{Format(column), n})
	default:
		return fmt.Errorf("%.80q: expected a format such as fp8, or die_area_mm2", figure)
	}
	return nil
}
