package probe

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Character devices: NVIDIA's major number (nvidia.ko; Documentation/
// admin-guide/devices.txt leaves it to them) and that of the direct rendering
// manager.
const (
	nvidiaMajor = 195
	drmMajor    = 226
)

// hide says that something keeps the job from the device.
func (d *Device) hide(by string) {
	if d.Held {
		d.Held, d.NotHeldBy = false, by
	}
	for i := range d.Slices {
		d.Slices[i].hide(by)
	}
}

func (s *Slice) hide(by string) {
	if s.Held {
		s.Held, s.NotHeldBy = false, by
	}
}

// settleHeld decides which devices are the job's: what the kernel keeps from it
// first, then what variables do, which bind only who obeys them.
func (r *reader) settleHeld(devices []Device) {
	if len(devices) == 0 {
		return
	}
	// What a driver or its software does not show was kept by the kernel.
	fenced := slices.ContainsFunc(devices, func(d Device) bool { return !d.Held })
	for i := range devices {
		if devices[i].Driver == "vfio-pci" { // Documentation/driver-api/vfio.rst
			devices[i].hide("its driver is vfio-pci, which hands it to a virtual machine")
		}
	}
	fenced = r.byNodes(devices) || fenced
	fenced = r.byDeviceGroup(devices) || fenced
	r.byContainer(devices, fenced)
	r.bySlurm(devices, fenced)
	chosen := r.byVendorVariables(devices)
	for i := range devices {
		d := &devices[i]
		if d.Held && d.Partitioned && !slices.ContainsFunc(d.Slices, func(s Slice) bool { return s.Held }) {
			d.Held, d.NotHeldBy = false, "it is partitioned, and no slice of it is the job's"
		}
	}
	r.tellHeld(devices, chosen)
}

func (r *reader) tellHeld(devices []Device, chosen bool) {
	seen := 0
	for _, d := range devices {
		if !d.Held {
			seen++
			r.note("not-held", "%s %s was seen and is not the job's: %s", d.Address, d.Product, d.NotHeldBy)
			continue
		}
		for _, s := range d.Slices {
			if !s.Held {
				r.note("not-held", "%s slice %s was seen and is not the job's: %s", d.Address, firstOf(s.UUID, s.Profile), s.NotHeldBy)
			}
		}
	}
	if chosen && seen > 0 {
		r.note("held-by-variable", "a variable is the job's own word: nothing keeps a process from other devices than it names")
	}
	if r.Environment == nil {
		r.note("held-unknown", "the job's variables are not known: devices that they keep from it are listed as held")
	}
}

// byNodes: a container has the /dev/nvidiaN and /dev/dri/renderDN of its devices
// only. Where neither vendor's control node is, /dev tells nothing.
func (r *reader) byNodes(devices []Device) (fenced bool) {
	nvidia, amd := r.exists("dev/nvidiactl"), r.exists("dev/kfd") && r.exists("dev/dri")
	hidden := func(d *Device, what string, minor int) bool {
		if minor < 0 || r.exists(fmt.Sprintf(what, minor)) {
			return false
		}
		d.hide("there is no /" + fmt.Sprintf(what, minor))
		return true
	}
	for i := range devices {
		switch d := &devices[i]; {
		case nvidia && isNVIDIA(*d):
			fenced = hidden(d, "dev/nvidia%d", d.minor) || fenced
		case amd && isAMD(*d) && len(d.Slices) == 0:
			fenced = hidden(d, "dev/dri/renderD%d", d.render) || fenced
		}
	}
	return fenced
}

// byDeviceGroup: control groups v1 list what a process may open. Those of v2 are
// programs in the kernel that nobody can read; what NVIDIA's software does not
// show tells of them.
func (r *reader) byDeviceGroup(devices []Device) (fenced bool) {
	groups := r.cgroups()
	path := groups.devices
	if path == "" {
		unseen := r.NVIDIA == nil && slices.ContainsFunc(devices, func(d Device) bool { return isNVIDIA(d) && d.Held })
		if groups.unified && groups.job() != "" && unseen {
			r.note("device-group-unknown", "control groups v2 keep devices from a job by a program in the kernel, which nobody can read; only NVIDIA's software would tell, and it was not asked: devices are listed as held")
		}
		return false
	}
	file := "sys/fs/cgroup/devices" + strings.TrimSuffix(path, "/") + "/devices.list"
	data, err := r.read(file, maxTable)
	if err != nil {
		file = "sys/fs/cgroup/devices/devices.list" // in a name space of its own
		if data, err = r.read(file, maxTable); err != nil {
			r.note("device-group-unknown", "/%s: %v; devices that the control group keeps from the job are listed as held", file, err)
			return false
		}
	}
	rules, limited := parseDeviceRules(string(data))
	if !limited {
		return false
	}
	for i := range devices {
		d := &devices[i]
		major, minor := nvidiaMajor, d.minor
		if isAMD(*d) {
			major, minor = drmMajor, d.render
		}
		if minor >= 0 && !rules.allows(major, minor) {
			d.hide(fmt.Sprintf("the device control group (/%s) does not allow %d:%d", file, major, minor))
			fenced = true
		}
	}
	return fenced
}

// byContainer: NVIDIA_VISIBLE_DEVICES is an order to the container runtime, and
// what it did is in /dev, and in what NVIDIA's software shows. The variable
// counts only where neither can be seen; runtimes that follow the Container Device Interface set it to
// void while they hand devices in.
func (r *reader) byContainer(devices []Device, fenced bool) {
	value, set := r.variable(nvidiaVisible)
	if !set || fenced || r.NVIDIA != nil || r.exists("dev/nvidiactl") {
		return
	}
	switch value {
	case "all":
		return
	case "", "none", "void":
		for i := range devices {
			if isNVIDIA(devices[i]) {
				devices[i].hide(fmt.Sprintf("%s is %q and /dev shows none of NVIDIA's devices", nvidiaVisible, value))
			}
		}
		return
	}
	r.choose(nvidiaVisible, value, heldUnits(devices, isNVIDIA))
}

// bySlurm: SLURM_STEP_GPUS and SLURM_JOB_GPUS number the devices of the whole
// machine, as in gres.conf. Where the kernel already keeps some from the job
// the numbers would be read against the wrong list, and add nothing.
func (r *reader) bySlurm(devices []Device, fenced bool) {
	name := slurmStep
	value, set := r.variable(name)
	if !set {
		name = slurmJobGPUs
		value, set = r.variable(name)
	}
	if !set || fenced || value == "" {
		return
	}
	if vendor := soleVendor(devices); vendor != nil {
		units := heldUnits(devices, vendor)
		slices.SortStableFunc(units, func(a, b unit) int { return cmp.Compare(a.device.minor, b.device.minor) })
		r.choose(name, value, numbered(units))
	}
}

// soleVendor is the one vendor of all devices; nil when there are two.
func soleVendor(devices []Device) func(Device) bool {
	for _, vendor := range []func(Device) bool{isNVIDIA, isAMD} {
		if !slices.ContainsFunc(devices, func(d Device) bool { return !vendor(d) }) {
			return vendor
		}
	}
	return nil
}

// byVendorVariables applies what the CUDA driver and AMD's runtimes obey, each
// on what the one before left, and reports whether one was set.
func (r *reader) byVendorVariables(devices []Device) (set bool) {
	apply := func(name string, vendor func(Device) bool) bool {
		value, found := r.variable(name)
		units := heldUnits(devices, vendor)
		if !found || len(units) == 0 {
			return false
		}
		set = true
		r.choose(name, value, units)
		return true
	}
	if value, found := r.variable(cudaVisible); found {
		r.warnOfOrder(value, heldUnits(devices, isNVIDIA))
	}
	apply(cudaVisible, isNVIDIA)
	apply(rocrVisible, isAMD)
	if !apply(hipVisible, isAMD) {
		apply(cudaVisible, isAMD) // HIP reads it where its own is not set
	}
	return set
}

// warnOfOrder: without CUDA_DEVICE_ORDER=PCI_BUS_ID, CUDA puts the fastest
// device first, by a measure of its own.
func (r *reader) warnOfOrder(value string, units []unit) {
	if order, _ := r.variable("CUDA_DEVICE_ORDER"); order == "PCI_BUS_ID" || strings.Contains(value, "-") || value == "" {
		return
	}
	for _, u := range units {
		if u.device.PCI != units[0].device.PCI {
			r.note("device-order-assumed", "%s=%s numbers devices of different kinds: CUDA puts the fastest first unless CUDA_DEVICE_ORDER=PCI_BUS_ID, and the order of the bus is assumed", cudaVisible, value)
			return
		}
	}
}

// heldUnits are the vendor's devices that are still the job's, in the order in
// which its software numbers them. A partitioned one stands as its slices.
func heldUnits(devices []Device, vendor func(Device) bool) []unit {
	var units []unit
	for i := range devices {
		d := &devices[i]
		if !vendor(*d) || !d.Held {
			continue
		}
		if !d.Partitioned {
			units = append(units, unit{device: d})
			continue
		}
		for j := range d.Slices {
			if d.Slices[j].Held {
				units = append(units, unit{device: d, slice: &d.Slices[j]})
			}
		}
	}
	slices.SortStableFunc(units, func(a, b unit) int { return cmp.Compare(a.order(), b.order()) })
	return numbered(units)
}

// numbered gives the units their numbers: a device each, and of AMD's
// partitions, which ROCm numbers as devices, each one.
func numbered(units []unit) []unit {
	next := -1
	for i := range units {
		if i == 0 || units[i].slice == nil || isAMD(*units[i].device) || units[i].device != units[i-1].device {
			next++
		}
		units[i].index = next
	}
	return units
}

func (u unit) order() int {
	if u.slice != nil && isAMD(*u.device) {
		return u.slice.order
	}
	return u.device.order
}

// choose hides the units that the list does not name.
func (r *reader) choose(name, value string, units []unit) {
	chosen, stopped := visibleList(value, units)
	if stopped != "" {
		r.note("visible-stopped", "%s=%s: entry %s names no device of %d: it and what follows count for nothing", name, value, stopped, len(units))
	}
	for i, u := range units {
		if chosen[i] {
			continue
		}
		by := fmt.Sprintf("%s is %q", name, printable(value, 120))
		if u.slice != nil {
			u.slice.hide(by)
		} else {
			u.device.hide(by)
		}
	}
}
