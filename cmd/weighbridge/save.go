package main

import (
	"github.com/spf13/cobra"

	"github.com/weighbridge/weighbridge/attest/oci"
)

func (a *app) saveCommand() *cobra.Command {
	var f shipmentFlags
	var out string
	cmd := &cobra.Command{
		Use:   "save LAYOUT|REF --out FILE",
		Short: "Put a shipment into one file, for an air gap or a drive",
		Long: `Save writes the weights and every manifest about them into one file: an OCI image layout in an uncompressed tar
archive, which oras and other tools read as it is. The same shipment gives the same file to the byte. Verify reads
such a file without unpacking it.

` + exitCodes,
		Example: "  weighbridge save shipment --out shipment.tar\n  weighbridge verify shipment.tar --key release.key.pub",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, release := a.env.interrupts(cmd.Context()) // half a file is removed
			defer release()
			return a.transfer(ctx, "saved", args[0], out, f, func(m *oci.Model, o oci.TransferOptions) (oci.Transferred, error) {
				return m.Save(ctx, out, o)
			})
		},
	}
	cmd.Flags().StringVar(&out, "out", "", "file to write; it must not exist")
	cmd.MarkFlagRequired("out") // fails only for a flag that was not defined
	f.add(cmd)
	return cmd
}
