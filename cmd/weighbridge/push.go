package main

import (
	"github.com/spf13/cobra"

	"github.com/weighbridge/weighbridge/attest/oci"
)

func (a *app) pushCommand() *cobra.Command {
	var f shipmentFlags
	cmd := &cobra.Command{
		Use:   "push LAYOUT|ARCHIVE|REF REF",
		Short: "Send a shipment to a registry, with everything that is attested of it",
		Long: `Push sends the weights and every manifest about them (attestations, and whatever else others attached) to a
repository of a registry, from a layout directory, an archive, or another registry. What is there already is not
sent again; within one registry it is mounted. The tag is set last. The attestations are found by the registry's
referrers API or, where it has none, at the fallback tag that the OCI distribution specification names; both at
once by several clients loses nothing. A registry has its own largest layer: files over 10 GB are named before
anything is sent, and with --max-layer-size N files over N bytes are refused. Credentials are those of the docker config ($DOCKER_CONFIG, ~/.docker).

` + exitCodes,
		Example: "  weighbridge push shipment registry.example.com/acme/atlas:1\n  weighbridge push registry.example.com/acme/atlas:1 mirror.example.org/acme/atlas:1",
		Args:    cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !oci.IsReference(args[1]) {
				return usage("%q is no name in a registry: expected HOST/REPOSITORY:TAG, with a dot or a port in the host", args[1])
			}
			return a.transfer(cmd.Context(), "pushed", args[0], args[1], f, func(m *oci.Model, o oci.TransferOptions) (oci.Transferred, error) {
				return m.Push(cmd.Context(), a.remote(f), args[1], o)
			})
		},
	}
	f.add(cmd)
	cmd.Flags().Int64Var(&f.maxLayer, "max-layer-size", 0, "refuse, before anything is sent, files over so many bytes: what the registry takes as one layer")
	return cmd
}
