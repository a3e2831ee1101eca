package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/weighbridge/weighbridge/attest/oci"
)

func (a *app) loadCommand() *cobra.Command {
	var f shipmentFlags
	var out string
	cmd := &cobra.Command{
		Use:   "load FILE --out LAYOUT",
		Short: "Take a shipment out of one file into a layout directory",
		Long: `Load reads an archive that save (or another tool: an OCI image layout in an uncompressed tar file) has written, and
writes the weights and every manifest about them into an OCI image layout on disk. Every byte is compared with its
digest on the way.

` + exitCodes,
		Example: "  weighbridge load shipment.tar --out shipment",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !oci.IsArchive(args[0]) {
				return fmt.Errorf("%s: is no archive of an OCI image layout: expected an uncompressed tar file, as `weighbridge save` writes it", args[0])
			}
			return a.transfer(cmd.Context(), "loaded", args[0], out, f, func(m *oci.Model, o oci.TransferOptions) (oci.Transferred, error) {
				return m.Store(cmd.Context(), out, o)
			})
		},
	}
	cmd.Flags().StringVar(&out, "out", "", "OCI image layout to write; an existing one is extended")
	cmd.MarkFlagRequired("out") // fails only for a flag that was not defined
	f.addReference(cmd)
	return cmd
}
