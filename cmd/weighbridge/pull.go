package main

import (
	"github.com/spf13/cobra"

	"github.com/weighbridge/weighbridge/attest/oci"
)

func (a *app) pullCommand() *cobra.Command {
	var f shipmentFlags
	var out string
	cmd := &cobra.Command{
		Use:   "pull REF --out LAYOUT",
		Short: "Fetch a shipment from a registry, with everything that is attested of it",
		Long: `Pull fetches the weights and every manifest about them into an OCI image layout on disk. Every byte is compared
with its digest while it arrives. A pull that was cut off is continued by the next one into the same layout, which
is complete, or does not open. What the attestations are worth, ` + "`weighbridge verify`" + ` says.

` + exitCodes,
		Example: "  weighbridge pull registry.example.com/acme/atlas:1 --out shipment\n  weighbridge verify shipment --key release.key.pub",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !oci.IsReference(args[0]) {
				return usage("%q is no name in a registry: expected HOST/REPOSITORY:TAG, with a dot or a port in the host; an archive is loaded with `weighbridge load`", args[0])
			}
			return a.transfer(cmd.Context(), "pulled", args[0], out, f, func(m *oci.Model, o oci.TransferOptions) (oci.Transferred, error) {
				return m.Store(cmd.Context(), out, o)
			})
		},
	}
	cmd.Flags().StringVar(&out, "out", "", "OCI image layout to write; an existing one is extended")
	cmd.MarkFlagRequired("out") // fails only for a flag that was not defined
	f.addPlain(cmd)
	return cmd
}
