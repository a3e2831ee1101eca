package main

import (
	"cmp"
	"context"
	"runtime"
	"strings"

	"github.com/spf13/cobra"
	"github.com/weighbridge/weighbridge/provenance"
	"github.com/weighbridge/weighbridge/provenance/probe"
)

type probeResult struct {
	Schema       string           `json:"schema"`
	CPU          string           `json:"cpu"`
	Cores        int              `json:"cores"`  // logical processors online
	Memory       uint64           `json:"memory"` // bytes
	Kernel       string           `json:"kernel"`
	Machine      string           `json:"machine"`
	NVIDIA       string           `json:"nvidia_driver,omitempty"`
	AMD          string           `json:"amd_driver,omitempty"`
	Source       string           `json:"nvidia_source,omitempty"`
	Absent       string           `json:"nvidia_absent,omitempty"` // why NVIDIA's software was not asked; normal where there is no NVIDIA device
	Confidential string           `json:"confidential_computing,omitempty"`
	Container    *probe.Container `json:"container,omitempty"`
	Identity     *identityResult  `json:"identity,omitempty"`

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
	var f hostFlags
	var identity string
	cmd := &cobra.Command{
		Use:   "probe",
		Short: "The accelerators, processor and memory of this machine",
		Long: `Probe lists the accelerators of this machine with their class under 3A090.a and .b, the processor, the memory, the kernel
and the container. It reads /sys and /proc, and asks NVIDIA's library, or nvidia-smi, for serials, MIG slices and the
confidential-computing mode where they are there. It needs no rights, changes nothing, and says what it could not see.
A machine without accelerators is a normal answer.

Devices that a job started here would not hold are marked, with what keeps them from it: device nodes, the device control
group, CUDA_VISIBLE_DEVICES, ROCR_VISIBLE_DEVICES, HIP_VISIBLE_DEVICES, NVIDIA_VISIBLE_DEVICES, SLURM_STEP_GPUS and
SLURM_JOB_GPUS. --process asks for a job that runs. --root reads another tree, such as a host's mounted in a container;
with --nvidia-smi, what NVIDIA's tool printed there.

--identity-document reads a cloud's document on this instance (AWS instance identity, Google identity token, Azure
attested data): its digest and its fields as the document declares them. Its signature is not verified here.

` + exitCodes,
		Example: "  weighbridge hardware probe\n  weighbridge hardware probe --process 4242\n  weighbridge hardware probe --root /host --nvidia-smi smi.xml --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			f.given = cmd.Flags().Changed("root")
			if f.process != "" && strings.Trim(f.process, "0123456789") != "" {
				return usage("--process %q: expected the number of a process", f.process)
			}
			result, err := a.probeHardware(cmd.Context(), f)
			if err == nil && identity != "" {
				result.Identity, err = readIdentity(identity)
			}
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
	f.register(cmd, "root")
	cmd.Flags().StringVar(&f.process, "process", "", "the process whose devices are asked for: its environment and control groups; default: this one's")
	cmd.Flags().StringVar(&identity, "identity-document", "", "a cloud's document on this instance, to be shown with its digest")
	return cmd
}

// probeHardware reads the host. Its architecture is known without a file where
// it is the machine that this program runs on.
func (a *app) probeHardware(ctx context.Context, f hostFlags) (probeResult, error) {
	sources, library, release, err := a.sources(ctx, f)
	defer release()
	if err != nil {
		return probeResult{}, err
	}
	if library != nil {
		defer library.Close()
	}
	inventory, err := probe.Read(sources)
	if err != nil {
		return probeResult{}, err
	}
	if !f.given {
		inventory.Machine = cmp.Or(inventory.Machine, runtime.GOARCH)
	}
	return newProbeResult(inventory), nil
}

func newProbeResult(i probe.Inventory) probeResult {
	r := probeResult{
		Schema: "weighbridge.dev/hardware-probe/v1", CPU: i.CPU, Cores: i.Cores, Memory: i.Memory, Kernel: i.Kernel, Machine: i.Machine,
		NVIDIA: i.NVIDIA, AMD: i.AMD, Source: i.Source, Absent: i.Absent, Confidential: i.Confidential, Container: i.Container,
		Groups: append([]probe.Group{}, i.Groups()...), Devices: []probedDevice{}, Findings: i.Findings,
	}
	for _, d := range i.Devices {
		r.Devices = append(r.Devices, probedDevice{d, d.ECCN(), d.Classification.Clause, d.Classification.TPP})
	}
	return r
}
