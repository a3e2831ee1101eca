package probe

import (
	"fmt"
	"strconv"
	"strings"
)

// maxVisible bounds the entries of one variable.
const maxVisible = 4096

// Variables that choose devices, and who obeys them.
const (
	cudaVisible   = "CUDA_VISIBLE_DEVICES"   // the CUDA driver, and HIP where its own is not set
	hipVisible    = "HIP_VISIBLE_DEVICES"    // HIP
	rocrVisible   = "ROCR_VISIBLE_DEVICES"   // ROCm's runtime, below HIP
	nvidiaVisible = "NVIDIA_VISIBLE_DEVICES" // the container runtime
	slurmStep     = "SLURM_STEP_GPUS"        // nobody: they say what Slurm gave
	slurmJobGPUs  = "SLURM_JOB_GPUS"
)

// variable returns the last value of a variable of the job.
func (r *reader) variable(name string) (value string, set bool) {
	for _, entry := range r.Environment {
		if key, v, ok := strings.Cut(entry, "="); ok && key == name {
			value, set = v, true
		}
	}
	return value, set
}

// unit is one device, or one slice of one, as a variable may choose it.
type unit struct {
	device *Device
	slice  *Slice // nil: the whole device
	index  int    // the number that names it; slices of one MIG device share its
}

// visibleList picks the units that a list names, as the CUDA driver reads
// CUDA_VISIBLE_DEVICES (CUDA programming guide, environment variables): indices
// or UUIDs, of which a prefix is enough when it names one device only; what
// follows the first entry that names nothing, as -1 does, is not looked at.
// stopped is that entry, "" when there is none.
func visibleList(text string, units []unit) (chosen map[int]bool, stopped string) {
	chosen = map[int]bool{}
	if strings.TrimSpace(text) == "" {
		return chosen, ""
	}
	byIndex := map[int][]int{}
	for i, u := range units {
		byIndex[u.index] = append(byIndex[u.index], i)
	}
	for i, entry := range strings.Split(text, ",") {
		entry = strings.TrimSpace(entry)
		found := pick(entry, units, byIndex)
		if len(found) == 0 || i >= maxVisible {
			return chosen, strconv.Quote(entry)
		}
		for _, at := range found {
			chosen[at] = true
		}
	}
	return chosen, ""
}

// pick returns the units that one entry names; none when it names nothing, or
// is the beginning of several UUIDs.
func pick(entry string, units []unit, byIndex map[int][]int) []int {
	if n, err := strconv.ParseUint(entry, 10, 31); err == nil {
		return byIndex[int(n)]
	}
	if len(entry) <= len("GPU-") || !strings.HasPrefix(entry, "GPU-") && !strings.HasPrefix(entry, "MIG-") {
		return nil
	}
	var found []int
	for i, u := range units {
		if u.named(entry) {
			found = append(found, i)
		}
	}
	for _, at := range found {
		// All slices of a partitioned device answer to its UUID.
		if whole := strings.HasPrefix(entry, "GPU-") && units[at].device == units[found[0]].device; len(found) > 1 && !whole {
			return nil
		}
	}
	return found
}

// named reports whether the entry is the unit's UUID or the beginning of it. A
// slice also has the older name MIG-GPU-UUID/instance/instance, and that of its
// device.
func (u unit) named(entry string) bool {
	if u.slice == nil || strings.HasPrefix(entry, "GPU-") && !isAMD(*u.device) {
		return strings.HasPrefix(u.device.UUID, entry)
	}
	older := fmt.Sprintf("MIG-%s/%d/%d", u.device.UUID, u.slice.GPUInstance, u.slice.computeInstance)
	return strings.HasPrefix(u.slice.UUID, entry) || u.slice.GPUInstance >= 0 && older == entry
}

// deviceRules are the lines of a devices.list of control groups v1.
type deviceRules struct{ allowed map[[2]int]bool }

// anyMinor stands for "*".
const anyMinor = -1

// parseDeviceRules reads lines such as "c 195:3 rwm", "c 195:* rwm", "a *:* rwm"
// (Documentation/admin-guide/cgroup-v1/devices.rst). A group in which all is
// allowed gives no rules.
func parseDeviceRules(text string) (deviceRules, bool) {
	rules := deviceRules{map[[2]int]bool{}}
	for line := range strings.Lines(text) {
		parts := strings.Fields(line)
		if len(parts) != 3 {
			continue
		}
		major, minor, ok := strings.Cut(parts[1], ":")
		if parts[0] == "a" || parts[0] == "c" && major == "*" {
			return deviceRules{}, false
		}
		if parts[0] != "c" || !ok || !strings.Contains(parts[2], "w") {
			continue
		}
		m, n := smallNumber(major), smallNumber(minor)
		if minor == "*" {
			n = anyMinor
		} else if n < 0 {
			continue
		}
		if m >= 0 {
			rules.allowed[[2]int{m, n}] = true
		}
	}
	return rules, true
}

func (d deviceRules) allows(major, minor int) bool {
	return d.allowed[[2]int{major, anyMinor}] || d.allowed[[2]int{major, minor}]
}
