package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/weighbridge/weighbridge/provenance"
)

type systemResult struct {
	Schema  string            `json:"schema"`
	Holds   []heldDocument    `json:"holds"`
	TPP     provenance.Number `json:"tpp"` // of all circuits together; null when one is unknown
	ECCN    provenance.ECCN   `json:"eccn"`
	Clause  string            `json:"clause"`
	Reasons []string          `json:"reasons"`
}

type heldDocument struct {
	Product string `json:"product"`
	Count   uint32 `json:"count"`
}

// classifySystem answers for what --contains lists: "8 x NVIDIA H100 SXM5 80GB",
// or a name alone for one.
func (a *app) classifySystem(contents []string) (systemResult, error) {
	catalogue, err := a.catalogue()
	if err != nil {
		return systemResult{}, err
	}
	r := systemResult{Schema: "weighbridge.dev/hardware-system/v1"}
	var holdings []provenance.Holding
	for _, text := range contents {
		count, name, err := countedName(text)
		if err != nil {
			return systemResult{}, err
		}
		found, err := catalogue.Find(name)
		if err != nil {
			return systemResult{}, fmt.Errorf("--contains: %w", withListHint(err))
		}
		holdings = append(holdings, provenance.Holding{Accelerator: found, Count: count})
		r.Holds = append(r.Holds, heldDocument{found.Name(), count})
	}
	s := provenance.ClassifySystem(holdings)
	r.TPP, r.ECCN, r.Clause, r.Reasons = s.TPP, s.ECCN, s.Clause, s.Reasons
	return r, nil
}

func countedName(text string) (uint32, string, error) {
	before, after, found := strings.Cut(text, " x ")
	if !found {
		return 1, text, nil
	}
	count, err := strconv.ParseUint(before, 10, 24)
	if err != nil || count == 0 {
		return 0, "", usage(`--contains %q: expected a count and a name, as in "8 x NVIDIA H100 SXM5 80GB"`, text)
	}
	return uint32(count), after, nil
}

func (a *app) printSystem(r systemResult) {
	a.printf("a system of %d kind(s) of circuit\n", len(r.Holds))
	a.printf("  class                %s\n", r.ECCN)
	a.printf("  TPP                  %s in all; the sum decides no class\n", r.TPP)
	a.printf("\nBecause:\n")
	for _, reason := range r.Reasons {
		a.printf("  - %s\n", reason)
	}
}

func (a *app) classifyContents(contents, args []string, given func(flag string) bool) error {
	if len(args) > 0 || given("tpp") || given("die-area") || given("datacenter") {
		return usage("hardware classify: found --contains and a name or figures: expected one of them")
	}
	result, err := a.classifySystem(contents)
	if err != nil {
		return err
	}
	if a.json {
		return a.printJSON(result)
	}
	a.printSystem(result)
	return nil
}
