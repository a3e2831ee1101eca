package probe

// Report is what NVIDIA's own software, its library or nvidia-smi, says of the
// accelerators that it shows to this process. Texts are as it prints them;
// empty is not said.
type Report struct {
	Source       string // "NVML" or "nvidia-smi"
	Driver       string // version
	CUDA         string // highest version that the driver supports
	Confidential string // on, off or devtools: the machine's confidential-computing mode
	GPUs         []ReportedGPU
}

// ReportedGPU is one physical GPU of a [Report], in the order of its indices.
type ReportedGPU struct {
	Name    string
	UUID    string // GPU-...
	Serial  string
	Address string // domain:bus:device.function, as the kernel writes it
	PCI     string // vendor:device, lower-case hexadecimal
	Board   string // subsystem, the same way
	VBIOS   string
	Minor   int // of /dev/nvidiaN; -1: not said
	Memory  uint64
	MIG     bool // partitioned: work runs on its slices only
	Fabric  Fabric
	NVLinks int // links that are up
	Slices  []ReportedSlice
}

// ReportedSlice is one MIG device.
type ReportedSlice struct {
	UUID            string // MIG-...
	Profile         string // such as 3g.40gb
	Compute, Of     uint64 // compute slices, and those of the whole GPU; 0: not said
	Memory          uint64 // bytes
	GPUInstance     int    // -1: not said
	ComputeInstance int
}

// Fabric is the NVLink fabric that a GPU belongs to, over several machines
// where the cluster is the same.
type Fabric struct {
	State   string `json:"state,omitempty"`   // such as completed
	Cluster string `json:"cluster,omitempty"` // UUID
	Clique  string `json:"clique,omitempty"`
}
