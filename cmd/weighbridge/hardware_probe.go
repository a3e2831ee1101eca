package main

import (
	"cmp"
	"fmt"
	"io/fs"
	"os"
	"runtime"

	"github.com/spf13/cobra"
	"github.com/weighbridge/weighbridge/provenance"
	"github.com/weighbridge/weighbridge/provenance/probe"
)

type probeResult struct {
	Schema   string          `json:"schema"`
	CPU      string          `json:"cpu"`
	Cores    int             `json:"cores"`  // logical processors online
	Memory   uint64          `json:"memory"` // bytes
	Kernel   string          `json:"kernel"`
	Machine  string          `json:"machine"`
	Groups   []probe.Group   `json:"groups"`
	Devices  []probedDevice  `json:"devices"`
	Findings []probe.Finding `json:"findings"`
}

type probedDevice struct {
	probe.Device
	ECCN   provenance.ECCN   `json:"eccn"`
	Clause string            `json:"clause"`
	TPP    provenance.Number `json:"tpp"`
}

func (a *app) hardwareProbeCommand() *cobra.Command {
	var root string
	cmd := &cobra.Command{
		Use:   "probe",
		Short: "The accelerators, processor and memory of this machine",
		Long: `Probe reads /sys and /proc: the accelerators on the PCI bus with their class under 3A090.a and .b, the processor, the
memory and the kernel. It needs no rights and no driver library, changes nothing, and says what it could not see.
A machine without accelerators is a normal answer. --root reads another tree, such as a host's mounted in a container.

` + exitCodes,
		Example: "  weighbridge hardware probe\n  weighbridge hardware probe --root /host --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			host := a.env.host
			if cmd.Flags().Changed("root") {
				dir, err := os.OpenRoot(root)
				if err != nil {
					return fmt.Errorf("--root: %w", err)
				}
				defer dir.Close()
				host = dir.FS()
			}
			result, err := probeHardware(host, !cmd.Flags().Changed("root"))
			if err != nil {
				return err
			}
			if a.json {
				return a.printJSON(result)
			}
			a.printInventory(result)
			return nil
		},
	}
	cmd.Flags().StringVar(&root, "root", "/", "the directory that holds the machine's sys and proc")
	return cmd
}

// probeHardware reads the host; own says that it is the machine this program
// runs on, whose architecture is then known without a file.
func probeHardware(host fs.FS, own bool) (probeResult, error) {
	catalogue, err := provenance.Embedded()
	if err != nil {
		return probeResult{}, err
	}
	inventory, err := probe.Read(host, catalogue)
	if err != nil {
		return probeResult{}, err
	}
	if own {
		inventory.Machine = cmp.Or(inventory.Machine, runtime.GOARCH)
	}
	return newProbeResult(inventory), nil
}

func newProbeResult(i probe.Inventory) probeResult {
	r := probeResult{
		Schema: "weighbridge.dev/hardware-probe/v1", CPU: i.CPU, Cores: i.Cores, Memory: i.Memory, Kernel: i.Kernel, Machine: i.Machine,
		Groups: append([]probe.Group{}, i.Groups()...), Devices: []probedDevice{}, Findings: i.Findings,
	}
	for _, d := range i.Devices {
		r.Devices = append(r.Devices, probedDevice{d, d.ECCN(), d.Classification.Clause, d.Classification.TPP})
	}
	return r
}
