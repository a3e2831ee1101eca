package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/weighbridge/weighbridge/provenance"
)

type classifyResult struct {
	Schema  string   `json:"schema"`
	Product string   `json:"product"`           // empty for given figures, and for a name that the catalogue does not have
	Name    string   `json:"name,omitempty"`    // that the catalogue does not have
	Nearest []string `json:"nearest,omitempty"` // names like it, best first
	// TPP is exact. Density is rounded to two places, or to as many as keep it
	// on its side of every threshold; the exact value decided. Unknown is null.
	TPP          provenance.Number        `json:"tpp"`
	Density      *json.Number             `json:"performance_density"`
	ECCN         provenance.ECCN          `json:"eccn"`
	Clause       string                   `json:"clause"` // empty where no one paragraph decides
	Datacenter   *bool                    `json:"datacenter"`
	Reasons      []string                 `json:"reasons"`
	Alternatives []provenance.Alternative `json:"alternatives"`
	BreakPoints  []breakPointDocument     `json:"break_points"`
	noArea       bool                     // it is known that no die area is applicable
}

type breakPointDocument struct {
	DieArea   json.Number     `json:"die_area_mm2"` // cut to two places
	AtOrBelow provenance.ECCN `json:"at_or_below"`
	Above     provenance.ECCN `json:"above"`
}

type classifyOptions struct {
	tpp, dieArea, datacenter string
}

func (a *app) hardwareClassifyCommand() *cobra.Command {
	var o classifyOptions
	var contents []string
	cmd := &cobra.Command{
		Use:   "classify NAME | --tpp N [--die-area MM2] [--datacenter yes|no] | --contains \"N x NAME\"...",
		Short: "Class of an accelerator under ECCN 3A090, with its reasons",
		Long: `Classify computes TPP, performance density and the class under 3A090.a and .b (15 CFR Part 774, Supp. 1), exactly,
and says which paragraph decides, which named readings would change the class, and at which die area it would turn.

NAME is a whole name: the product's, with or without its vendor, the driver's (nvidia-smi), or a PCI id such as
10de:2330 or, where a subsystem decides, 10de:25b6/10de:157e. "H20" never means "H200".

With --tpp the figures are given. A die area that is not given is unknown; --die-area 0 says that no logic die is made
on a process with non-planar transistors.

With --contains the class is that of a computer, an assembly or a board of several circuits (4A090), by what it holds: any one
circuit of 3A090.a is enough.

` + exitCodes,
		Example: "  weighbridge hardware classify NVIDIA H100 SXM5 80GB\n  weighbridge hardware classify --tpp 2368 --die-area 814 --datacenter yes --json\n  weighbridge hardware classify --contains \"8 x NVIDIA H100 SXM5 80GB\"",
		Args:    cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if cmd.Flags().Changed("contains") {
				return a.classifyContents(contents, args, cmd.Flags().Changed)
			}
			result, err := a.classifyHardware(strings.Join(args, " "), o, cmd.Flags().Changed)
			if err != nil {
				return err
			}
			if a.json {
				return a.printJSON(result)
			}
			a.printClassification(result)
			return nil
		},
	}
	cmd.Flags().StringArrayVar(&contents, "contains", nil, `a circuit of a computer, an assembly or a board, as in "8 x NVIDIA H100 SXM5 80GB"; repeated for each kind`)
	cmd.Flags().StringVar(&o.tpp, "tpp", "", "total processing performance, instead of NAME")
	cmd.Flags().StringVar(&o.dieArea, "die-area", "", "applicable die area in mm2 (unknown when not given)")
	cmd.Flags().StringVar(&o.datacenter, "datacenter", "", "designed or marketed for data centres: yes or no (unknown when not given)")
	return cmd
}

func (a *app) classifyHardware(name string, o classifyOptions, given func(flag string) bool) (classifyResult, error) {
	if given("tpp") {
		figures, err := o.figures(given)
		if err == nil && name != "" {
			err = usage("hardware classify: found both a name, %q, and --tpp: expected one of them", name)
		}
		if err != nil {
			return classifyResult{}, err
		}
		return newClassifyResult("", provenance.Classify(figures)), nil
	}
	if name == "" || given("die-area") || given("datacenter") {
		return classifyResult{}, usage("hardware classify: expected the name of an accelerator, or --tpp with --die-area and --datacenter")
	}
	catalogue, err := a.catalogue()
	if err != nil {
		return classifyResult{}, err
	}
	found, err := catalogue.Find(name)
	var unknown *provenance.UnknownProductError
	if errors.As(err, &unknown) {
		return unknownDevice(unknown), nil
	}
	if err != nil {
		return classifyResult{}, withListHint(err)
	}
	return newClassifyResult(found.Name(), found.Classify()), nil
}

// unknownDevice is the class of what the catalogue does not have: undetermined, and
// no figure of a neighbour's.
func unknownDevice(err *provenance.UnknownProductError) classifyResult {
	r := newClassifyResult("", provenance.Classify(provenance.Figures{}))
	r.Name, r.Nearest = err.Name, err.Nearest
	r.Reasons = append([]string{"The catalogue has no product by this name: expected the whole name of one, its driver's name or its PCI id. --tpp, --die-area and --datacenter classify what is not there, a catalogue of your own (--catalogue) adds it."}, r.Reasons...)
	return r
}

// withListHint adds where the names are to be found.
func withListHint(err error) error {
	var unknown *provenance.UnknownProductError
	if errors.As(err, &unknown) {
		return fmt.Errorf("%w\nhint: weighbridge hardware list shows every product; --tpp, --die-area and --datacenter classify one that is not there", err)
	}
	return fmt.Errorf("%w\nhint: weighbridge hardware list --json shows every name and PCI id", err)
}

func (o classifyOptions) figures(given func(flag string) bool) (provenance.Figures, error) {
	var f provenance.Figures
	var err error
	if f.TPP, err = provenance.ParseNumber(o.tpp); err != nil {
		return f, usage("--tpp: %w", err)
	}
	if given("die-area") {
		if f.DieArea, err = provenance.ParseNumber(o.dieArea); err != nil {
			return f, usage("--die-area: %w", err)
		}
	}
	f.Datacenter = provenance.Answer(o.datacenter)
	if given("datacenter") && f.Datacenter != provenance.Yes && f.Datacenter != provenance.No {
		return f, usage("--datacenter: %q: expected yes or no", o.datacenter)
	}
	return f, nil
}

func newClassifyResult(product string, c provenance.Classification) classifyResult {
	r := classifyResult{
		Schema: "weighbridge.dev/hardware-classify/v1", Product: product, TPP: c.TPP, Density: densityDocument(c), ECCN: c.ECCN, Clause: c.Clause,
		Datacenter: datacenterDocument(c.Datacenter), Reasons: c.Reasons,
		Alternatives: append([]provenance.Alternative{}, c.Alternatives...), BreakPoints: []breakPointDocument{},
	}
	r.noArea = c.DieArea.Known() && !c.PerformanceDensity.Known() && c.TPP.Known()
	for _, b := range c.BreakPoints {
		r.BreakPoints = append(r.BreakPoints, breakPointDocument{json.Number(b.AreaText()), b.AtOrBelow, b.Above})
	}
	return r
}

func densityDocument(c provenance.Classification) *json.Number {
	if !c.PerformanceDensity.Known() {
		return nil
	}
	n := json.Number(c.DensityText())
	return &n
}

// densityText tells what is not known from what there is not.
func (r classifyResult) densityText() string {
	if r.noArea {
		return "none (no applicable die area)"
	}
	return densityText(r.Density)
}

func densityText(density *json.Number) string {
	if density == nil {
		return "unknown"
	}
	return density.String()
}
