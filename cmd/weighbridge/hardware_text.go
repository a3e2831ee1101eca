package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/weighbridge/weighbridge/provenance"
	"github.com/weighbridge/weighbridge/provenance/probe"
)

// printClassification renders what hardware classify --json prints, for people.
func (a *app) printClassification(r classifyResult) {
	product := r.Product
	switch {
	case r.Name != "":
		product = fmt.Sprintf("%.80q, which the catalogue does not have", r.Name)
	case product == "":
		product = "the given figures"
	}
	class := string(r.ECCN)
	if r.Clause != "" {
		class += "  by " + r.Clause
	}
	a.printf("%s\n", product)
	a.printf("  class                %s\n", class)
	a.printf("  TPP                  %s\n", r.TPP)
	a.printf("  performance density  %s\n", r.densityText())
	a.printf("  data centre          %s\n", yesNo(r.Datacenter))
	for _, near := range r.Nearest {
		a.printf("  nearest name         %s\n", near)
	}
	for _, b := range r.BreakPoints {
		a.printf("  break point          %s up to %s mm2 of applicable die area, %s above\n", b.AtOrBelow, b.DieArea, b.Above)
	}
	for _, o := range r.Alternatives {
		a.printf("  alternative          %s under the option %s (TPP %s)\n", o.ECCN, o.Option, o.TPP)
	}
	a.printf("\nBecause:\n")
	for _, reason := range r.Reasons {
		a.printf("  - %s\n", reason)
	}
}

// printAccelerators renders what hardware list --json prints, for people.
func (a *app) printAccelerators(r listResult) {
	table := tabwriter.NewWriter(a.env.stdout, 0, 8, 2, ' ', 0)
	fmt.Fprintln(table, "PRODUCT\tTPP\tDENSITY\tCLASS\tDC\tCF\tOTHERWISE")
	counts := map[string]int{}
	for _, x := range r.Accelerators {
		otherwise := alternativesText(x.Alternatives)
		counts[string(x.ECCN)]++
		fmt.Fprintf(table, "%s %s\t%s\t%s\t%s\t%s\t%s\t%s\n", x.Vendor, x.Product, x.TPP, densityText(x.Density), x.ECCN, yesNo(x.Datacenter),
			x.Confidence, otherwise[0])
		for _, more := range otherwise[1:] {
			fmt.Fprintf(table, "\t\t\t\t\t\t%s\n", more)
		}
	}
	table.Flush()
	a.printf("\n%d accelerators: %d 3A090.a, %d 3A090.b, %d none, %d undetermined.\n", len(r.Accelerators),
		counts["3A090.a"], counts["3A090.b"], counts["none"], counts["undetermined"])
	a.printf("Class under 3A090.a and .b only. DC: made or marketed for data centres. CF: confidence; C rests on weak sources or\n" +
		"general knowledge. OTHERWISE: the class under a named reading. hardware classify NAME says which paragraph decides.\n")
}

// alternativesText is one line per alternative, at least an empty one.
func alternativesText(alternatives []provenance.Alternative) []string {
	var lines []string
	for _, o := range alternatives {
		lines = append(lines, fmt.Sprintf("%s: %s", o.ECCN, o.Option))
	}
	if len(lines) == 0 {
		return []string{""}
	}
	return lines
}

// printInventory renders what hardware probe --json prints, for people.
func (a *app) printInventory(r probeResult) {
	cores, memory := "number online unknown", "unknown"
	if r.Cores > 0 {
		cores = fmt.Sprintf("%d online", r.Cores)
	}
	if r.Memory > 0 {
		memory = fmt.Sprintf("%.1f GiB", float64(r.Memory)/(1<<30))
	}
	a.printf("processor  %s, %s, %s\n", orUnknown(r.CPU), cores, orUnknown(r.Machine))
	a.printf("memory     %s\n", memory)
	a.printf("kernel     %s\n", orUnknown(r.Kernel))
	a.printSurroundings(r)
	a.printf("\n")
	if len(r.Devices) == 0 {
		a.printf("No accelerator was seen.\n")
	} else {
		a.printDevices(r)
	}
	if len(r.Findings) > 0 {
		a.printf("\nFindings:\n")
	}
	for _, f := range r.Findings {
		a.printf("  %s: %s\n", f.Code, f.Message)
	}
}

func (a *app) printDevices(r probeResult) {
	table := tabwriter.NewWriter(a.env.stdout, 0, 8, 2, ' ', 0)
	fmt.Fprintln(table, "COUNT\tPRODUCT\tPCI ID\tCLASS\tHELD")
	for _, g := range r.Groups {
		fmt.Fprintf(table, "%d\t%s\t%s\t%s\t%d\n", g.Count, g.Product, g.PCI, g.ECCN, g.Held)
	}
	fmt.Fprintln(table, "\nADDRESS\tPRODUCT\tDRIVER\tHELD\tUUID\tSERIAL")
	for _, d := range r.Devices {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\n", d.Address, d.Product, orUnknown(d.Driver), yesNo(&d.Held), orUnknown(d.UUID), orUnknown(d.Serial))
		for _, s := range d.Slices {
			fmt.Fprintf(table, "  slice\t%s, %s\t\t%s\t%s\t\n", orUnknown(s.Profile), shareText(s), yesNo(&s.Held), orUnknown(s.UUID))
		}
	}
	table.Flush()
}

// shareText is the share of a device that a slice is.
func shareText(s probe.Slice) string {
	if s.Compute == 0 {
		return "share unknown"
	}
	return fmt.Sprintf("%d/%d of its computation", s.Compute, s.ComputeOf)
}

// printSurroundings says what the machine's software and its container are.
func (a *app) printSurroundings(r probeResult) {
	if r.NVIDIA == "" && r.Absent != "" {
		a.printf("NVIDIA     %s\n", r.Absent)
	}
	if r.NVIDIA != "" || r.Source != "" {
		mode := "mode unknown"
		if r.Confidential != "" {
			mode = r.Confidential
		}
		a.printf("NVIDIA     driver %s, asked by %s, confidential computing: %s\n", orUnknown(r.NVIDIA), cmp.Or(r.Source, "nobody"), mode)
	}
	if r.AMD != "" {
		a.printf("AMD        driver %s\n", r.AMD)
	}
	if c := r.Container; c != nil {
		words := []string{cmp.Or(c.Runtime, "none"), "control groups " + c.Cgroups}
		for name, value := range map[string]string{"pod": c.Pod, "": c.Job} {
			if value != "" {
				words = append(words, strings.TrimSpace(name+" "+value))
			}
		}
		slices.Sort(words[2:])
		a.printf("container  %s\n", strings.Join(words, ", "))
	}
	if r.Identity != nil {
		a.printIdentity(*r.Identity)
	}
}

func orUnknown(text string) string {
	if text == "" {
		return "unknown"
	}
	return text
}
