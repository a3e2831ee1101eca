package main

import (
	"github.com/spf13/cobra"
	"github.com/weighbridge/weighbridge/provenance"
)

func (a *app) hardwareCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "hardware",
		Short: "Classify accelerators under ECCN 3A090 and see which ones this machine has",
		Long: `Hardware answers on what a model was trained: the class of an accelerator under ECCN 3A090.a and .b, computed
from its peak rates and die area with the paragraphs that decide, and the accelerators of a machine as its kernel
shows them. Other entries of the list and other triggers are not answered; every answer says so.

` + exitCodes,
		Example: "  weighbridge hardware classify NVIDIA H20\n  weighbridge hardware probe",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.hardwareClassifyCommand(), a.hardwareListCommand(), a.hardwareProbeCommand(), a.hardwareQuotaCommand(), a.hardwareReconcileCommand(), a.hardwareCeilingCommand())
	return cmd
}

// datacenterDocument is how JSON says yes, no and not known.
func datacenterDocument(answer provenance.Answer) *bool {
	if answer == provenance.Unknown {
		return nil
	}
	yes := answer == provenance.Yes
	return &yes
}

// yesNo is how text says what datacenterDocument made.
func yesNo(answer *bool) string {
	switch {
	case answer == nil:
		return "not known"
	case *answer:
		return "yes"
	}
	return "no"
}
