package attest

import (
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/weighbridge/weighbridge/fdp"
	"github.com/weighbridge/weighbridge/meter"
)

// Hardware says on what the work was done, as it was recorded, and what was not
// seen.
type Hardware struct {
	Model     meter.ModelRef `json:"model"`
	Devices   []Device       `json:"devices"`         // kinds of device; empty: none was seen
	Hosts     []meter.Host   `json:"hosts"`           // distinct machines
	Place     []string       `json:"place,omitempty"` // ISO 3166-1 alpha-2 codes, as declared; absent: not declared
	Runs      []string       `json:"runs"`            // the runs whose hardware this is
	Models    []WorkedOn     `json:"models"`          // which products worked on which model of the lineage
	NotSeen   []string       `json:"notSeen"`         // sentences: what nobody looked at
	Tool      Tool           `json:"tool"`
	CreatedAt time.Time      `json:"createdAt"`
}

// Device is one kind of accelerator with its classification under the Commerce
// Control List.
type Device struct {
	Product string      `json:"product"`
	PCI     string      `json:"pci,omitempty"` // vendor:device, lower-case hexadecimal
	Count   uint64      `json:"count"`
	Grade   meter.Grade `json:"grade"`
	ECCN    string      `json:"eccn"`                         // 3A090.a, 3A090.b, none or undetermined
	TPP     string      `json:"tpp,omitempty"`                // total processing performance, exact; see Exact
	PD      string      `json:"performanceDensity,omitempty"` // TPP per applicable die area in mm2, exact
	Clause  string      `json:"clause,omitempty"`             // the paragraph that decided, as in "3A090.a.1"
}

// WorkedOn names the products that worked on one model of the lineage, in the
// order in which its records name them, each once.
type WorkedOn struct {
	Model    meter.ModelRef `json:"model"`
	Products []Product      `json:"products"`
	Partial  bool           `json:"partial,omitempty"` // work that produced weights names no hardware: more may have worked
}

// Product is the product of a [Device] and the lowest grade of the model's
// records of it, of those that produced weights where there are any.
type Product struct {
	Product string      `json:"product"`
	Grade   meter.Grade `json:"grade"`
	Beside  bool        `json:"beside,omitempty"` // only work that produced no weights names it, such as evaluation: it is not in the plant
}

// ECCNs is the closed list of classifications of a device.
func ECCNs() []string { return []string{"3A090.a", "3A090.b", "none", "undetermined"} }

// Exact returns the one text of r: a decimal without exponent and trailing zeros
// where r has one of finite length, as in "15830.4", else a fraction in lowest
// terms, as in "7912/407". No figure that stands at a threshold is rounded.
func Exact(r *big.Rat) string {
	if digits, finite := r.FloatPrec(); finite {
		return r.FloatString(digits)
	}
	return r.RatString()
}

// Worked adds the products that a model's records name to h.Models, and says which
// of them produced its weights ([fdp.Produces]).
func (h *Hardware) Worked(model meter.ModelRef, records []meter.Record) {
	worked := WorkedOn{Model: model}
	for _, plant := range []bool{true, false} {
		for _, r := range records {
			if fdp.Produces(r) == plant {
				worked.Partial = worked.Partial || plant && len(r.Hardware) == 0
				worked.add(r.Hardware, !plant)
			}
		}
	}
	if len(worked.Products) > 0 {
		h.Models = append(h.Models, worked)
	}
}

// add names the devices of one record. What stands in the plant keeps the grade of
// the work that produced weights.
func (w *WorkedOn) add(devices []meter.Device, beside bool) {
	for _, d := range devices {
		i := slices.IndexFunc(w.Products, func(p Product) bool { return p.Product == d.Product })
		if i < 0 {
			i = len(w.Products)
			w.Products = append(w.Products, Product{Product: d.Product, Beside: beside})
		}
		if w.Products[i].Beside == beside {
			w.Products[i].Grade = meter.LowestGrade(w.Products[i].Grade, d.Grade)
		}
	}
}

func (h Hardware) normal() Hardware {
	h.Devices, h.Hosts, h.Runs, h.NotSeen, h.Models = list(h.Devices), list(h.Hosts), list(h.Runs), list(h.NotSeen), list(h.Models)
	return h
}

// Validate returns the first rule of SPEC.md that h breaks.
func (h Hardware) Validate() error {
	var devices, hosts, places error
	for i, d := range h.Devices {
		if err := d.validate(); err != nil {
			devices = fmt.Errorf("devices[%d]: %w", i, err)
			break
		}
	}
	for i, host := range h.Hosts {
		if host.Name != "" || host.Cluster != "" || host.Job != "" || host.Task != "" {
			hosts = fmt.Errorf("hosts[%d]: found the name or the job of a machine, expected cpu, cores, kernel and machine alone", i)
		}
	}
	for _, p := range h.Place {
		if len(p) != 2 || strings.Trim(p, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
			places = fmt.Errorf("place: %q: expected a country code of two capital letters", clip(p))
		}
	}
	return firstError("hardware", validModel("model", h.Model), devices, hosts, places, h.validateModels(), validSentences("runs", h.Runs),
		validSentences("notSeen", h.NotSeen), h.Tool.validate(), validTime("createdAt", h.CreatedAt))
}

// validateModels: the products of the models are those of the devices.
func (h Hardware) validateModels() error {
	named, models := map[string]bool{}, map[meter.ModelRef]bool{}
	for i, m := range h.Models {
		at := fmt.Sprintf("models[%d]", i)
		if err := validModel(at, m.Model); err != nil {
			return err
		}
		if models[m.Model] || len(m.Products) == 0 {
			return fmt.Errorf("%s: %s: expected each model once, with at least one product", at, m.Model)
		}
		models[m.Model] = true
		here := map[string]bool{}
		for _, p := range m.Products {
			known := slices.ContainsFunc(h.Devices, func(d Device) bool { return d.Product == p.Product && d.Grade == p.Grade })
			if !known || here[p.Product] {
				return fmt.Errorf("%s: product %q (%s): expected one of devices, with its grade, once", at, clip(p.Product), clip(string(p.Grade)))
			}
			named[p.Product], here[p.Product] = true, true
		}
	}
	for _, d := range h.Devices {
		if !named[d.Product] {
			return fmt.Errorf("models: %q stands in devices and with no model", clip(d.Product))
		}
	}
	return nil
}

func (d Device) validate() error {
	if d.Product == "" || d.Count == 0 || d.Count > maxCount {
		return fmt.Errorf("%q, %d times: expected a product and a count of at least 1", clip(d.Product), d.Count)
	}
	if _, err := meter.ParseGrade(string(d.Grade)); err != nil {
		return err
	}
	if !slices.Contains(ECCNs(), d.ECCN) {
		return fmt.Errorf("eccn %q: expected one of %s", clip(d.ECCN), strings.Join(ECCNs(), ", "))
	}
	if d.PCI != "" && !validPCI(d.PCI) {
		return fmt.Errorf("pci %q: expected vendor:device in lower-case hexadecimal, as in 10de:2330", clip(d.PCI))
	}
	for _, n := range []struct{ field, text string }{{"tpp", d.TPP}, {"performanceDensity", d.PD}} {
		if n.text != "" && !validExact(n.text) {
			return fmt.Errorf("%s %q: expected an exact number in its one spelling, as in 15830.4 or 7912/407", n.field, clip(n.text))
		}
	}
	return nil
}

func validPCI(s string) bool {
	vendor, device, found := strings.Cut(s, ":")
	return found && len(vendor) == 4 && len(device) == 4 && strings.Trim(vendor+device, "0123456789abcdef") == ""
}

// validExact reports whether s is what Exact writes of a number that is not
// negative.
func validExact(s string) bool {
	if len(s) > MaxNumber || strings.Trim(s, "0123456789./") != "" {
		return false
	}
	r, ok := new(big.Rat).SetString(s)
	return ok && Exact(r) == s
}

func validSentences(field string, sentences []string) error {
	for i, s := range sentences {
		if strings.TrimSpace(s) == "" {
			return fmt.Errorf("%s[%d]: expected a text", field, i)
		}
	}
	return nil
}
