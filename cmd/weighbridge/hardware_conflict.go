package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/provenance"
)

// hardwareConflict is the code of a finding: a person named other chips for a run
// than the machine showed.
const hardwareConflict = "hardware-conflict"

// declaredElse is what a person declares of chips that the machine does not show
// the job to hold. Numbers are not compared: a person may count the whole job,
// and one machine shows its own.
func declaredElse(declared, measured []meter.Device) (meter.Finding, bool) {
	catalogue, err := provenance.Embedded()
	if err != nil || len(declared) == 0 || len(measured) == 0 {
		return meter.Finding{}, false
	}
	seen := productNames(measured, catalogue)
	other := slices.DeleteFunc(productNames(declared, catalogue), func(product string) bool { return slices.Contains(seen, product) })
	if len(other) == 0 {
		return meter.Finding{}, false
	}
	return meter.Finding{Code: hardwareConflict, Message: fmt.Sprintf("declared: %s; the machine shows that the job held: %s: what was measured is recorded, and which is right is for whoever declared it to say",
		strings.Join(other, ", "), strings.Join(seen, ", "))}, true
}

// productNames are the products of the devices as the catalogue names them, each
// once; a name that it does not know stays as it is.
func productNames(devices []meter.Device, catalogue *provenance.Catalogue) []string {
	var names []string
	for _, d := range devices {
		name := d.Product
		if found, err := catalogue.Find(name); err == nil {
			name = found.Name()
		}
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// hardwareConflicts are those that records keep, and those between records of one
// run: chips that a person declared beside others that were measured.
func hardwareConflicts(records []meter.Record, catalogue *provenance.Catalogue) []chipDoubt {
	var doubts []chipDoubt
	add := func(d chipDoubt) {
		if !slices.Contains(doubts, d) {
			doubts = append(doubts, d)
		}
	}
	declared, measured := map[string][]meter.Device{}, map[string][]meter.Device{}
	for _, r := range records {
		for _, f := range r.Findings {
			if f.Code == hardwareConflict {
				add(chipDoubt{r.Run, f.Code, f.Message})
			}
		}
		for _, d := range r.Hardware {
			into := measured
			if d.Grade == meter.GradeDeclared {
				into = declared
			}
			into[r.Run] = append(into[r.Run], d)
		}
	}
	for _, run := range sortedKeys(declared) {
		seen := productNames(measured[run], catalogue)
		other := slices.DeleteFunc(productNames(declared[run], catalogue), func(product string) bool { return slices.Contains(seen, product) })
		if len(seen) > 0 && len(other) > 0 {
			add(chipDoubt{run, hardwareConflict, fmt.Sprintf("one of its records declares %s, another measured %s: both stand in the facts, each with its grade", strings.Join(other, ", "), strings.Join(seen, ", "))})
		}
	}
	return doubts
}
