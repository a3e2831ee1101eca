package main

import (
	"encoding/json"

	"github.com/spf13/cobra"
	"github.com/weighbridge/weighbridge/provenance"
)

type listResult struct {
	Schema       string       `json:"schema"`
	Accelerators []listedChip `json:"accelerators"`
}

type listedChip struct {
	Vendor       string                   `json:"vendor"`
	Product      string                   `json:"product"`
	TPP          provenance.Number        `json:"tpp"`
	Density      *json.Number             `json:"performance_density"`
	ECCN         provenance.ECCN          `json:"eccn"`
	Clause       string                   `json:"clause"`
	Datacenter   *bool                    `json:"datacenter"`
	Confidence   provenance.Confidence    `json:"confidence"`
	Alternatives []provenance.Alternative `json:"alternatives"`
	Rates        []provenance.Rate        `json:"rates"` // dense, in T(FL)OPS
	DieArea      provenance.Number        `json:"die_area_mm2"`
	PCI          []string                 `json:"pci_ids"`
	DriverNames  []string                 `json:"driver_names"`
	Sources      []string                 `json:"sources"`
}

func (a *app) hardwareListCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "The catalogue of accelerators with their classes",
		Long: `List shows every accelerator of the catalogue with its class under 3A090.a and .b, how well its figures are backed
(A two or more sources or the vendor's document, B one source, C weak or general knowledge), and the options under
which the class would be another one. With --json also the rates, names, PCI ids and sources.

` + exitCodes,
		Example: "  weighbridge hardware list\n  weighbridge hardware list --json",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			catalogue, err := a.catalogue()
			if err != nil {
				return err
			}
			result := newListResult(catalogue)
			if a.json {
				return a.printJSON(result)
			}
			a.printAccelerators(result)
			return nil
		},
	}
}

func newListResult(catalogue *provenance.Catalogue) listResult {
	r := listResult{Schema: "weighbridge.dev/hardware-list/v1", Accelerators: []listedChip{}}
	for _, x := range catalogue.All() {
		c := x.Classify()
		chip := listedChip{
			Vendor: x.Vendor, Product: x.Product, TPP: c.TPP, Density: densityDocument(c), ECCN: c.ECCN, Clause: c.Clause,
			Datacenter: datacenterDocument(x.Datacenter), Confidence: x.Confidence, Alternatives: append([]provenance.Alternative{}, c.Alternatives...),
			Rates: append([]provenance.Rate{}, x.Rates...), DieArea: x.DieArea, PCI: []string{},
			DriverNames: append([]string{}, x.DriverNames...), Sources: x.Sources,
		}
		for _, id := range x.PCI {
			chip.PCI = append(chip.PCI, id.String())
		}
		r.Accelerators = append(r.Accelerators, chip)
	}
	return r
}
