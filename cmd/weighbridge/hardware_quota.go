package main

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/weighbridge/weighbridge/fdp/quota"
)

type quotaResult struct {
	Schema string `json:"schema"`
	quota.Result
}

func (a *app) hardwareQuotaCommand() *cobra.Command {
	var facts, asOf string
	cmd := &cobra.Command{
		Use:   "quota --facts FILE",
		Short: "How much of each TPP limit of the framework shipments and fleets use",
		Long: `Quota adds up the TPP of shipments and fleets under the limits that the Framework for Artificial Intelligence
Diffusion sets for the chips themselves: Licence Exception LPP per ultimate consignee and calendar year, the country
allocations with and without government assurances, the quarterly table of NVEUs, the shares of UVEUs, and the amounts
at which LPP's notice and AIA's certification are due. "applies" means that a limit is passed or a duty due.

FILE is YAML or JSON: {as_of, assurances: [CC], shipments: [{reference, ultimate_consignee, headquarters, ultimate_parent,
operator, destination, date, authority, product, count}], fleet: [{entity, group, headquarters, location, product, count}]}.
Authorities are licence, LPP, AIA, NVEU, UVEU, ACM, NAC and ACA. A product that the catalogue does not hold is stated with
its tpp and eccn. What does not count is listed with the reason; what could not be weighed leaves its limits undetermined.

` + exitCodes,
		Example: "  weighbridge hardware quota --facts shipments.yaml\n  weighbridge hardware quota --facts shipments.yaml --as-of 2026-03-31 --json",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			result, err := a.quota(facts, asOf)
			if err != nil {
				return err
			}
			if a.json {
				return a.printJSON(quotaResult{"weighbridge.dev/hardware-quota/v1", result})
			}
			a.printf("%s", quotaText(result))
			return nil
		},
	}
	cmd.Flags().StringVar(&facts, "facts", "", "shipments and fleets, YAML or JSON; - is standard input")
	cmd.Flags().StringVar(&asOf, "as-of", "", "the day (default: the document's as_of, else today)")
	a.rulesFlag(cmd)
	return cmd
}

func (a *app) quota(path, asOf string) (quota.Result, error) {
	if path == "" {
		return quota.Result{}, usage("hardware quota: expected --facts FILE with shipments or a fleet")
	}
	rules, catalogue, err := a.rules()
	if err != nil {
		return quota.Result{}, err
	}
	data, err := a.documentBytes(path)
	if err != nil {
		return quota.Result{}, err
	}
	document, err := quota.Parse(data, path, catalogue)
	if err != nil {
		return quota.Result{}, err
	}
	day, err := a.quotaDay(asOf, document.AsOf)
	if err != nil {
		return quota.Result{}, err
	}
	return quota.Evaluate(rules, catalogue, document, day)
}

// quotaDay is the day of the flag, of the document, or today. A document about
// one day is not read as of another.
func (a *app) quotaDay(flag, stated string) (time.Time, error) {
	if flag != "" && stated != "" && flag != stated {
		return time.Time{}, usage("--as-of %s: the document states as_of %s; its fleet is that of that day: leave one of them out", flag, stated)
	}
	if flag == "" {
		flag = stated
	}
	return a.asOf(flag)
}
