package probe

import (
	"regexp"
	"slices"
	"strings"

	"github.com/weighbridge/weighbridge/provenance"
)

var driverVersion = regexp.MustCompile(`\b(\d{3,4}\.\d+(?:\.\d+)?)\b`)

// nvidiaVersion is the version of NVIDIA's driver, by its software or by
// /proc/driver/nvidia/version.
func (r *reader) nvidiaVersion() string {
	if r.NVIDIA != nil && r.NVIDIA.Driver != "" {
		return r.NVIDIA.Driver
	}
	data, err := r.read("proc/driver/nvidia/version", maxAttribute)
	if err != nil {
		return ""
	}
	return driverVersion.FindString(string(data))
}

// addReport joins what NVIDIA's software says to the devices of the bus, by
// address. What it shows and the bus does not is a device all the same; what it
// does not show is not this process's, and what it names twice is one device.
func (r *reader) addReport(i *Inventory) {
	if r.NVIDIA == nil {
		if r.Silence != "" {
			r.note("nvidia-silent", "%s: devices by what the kernel shows of them, without serials, MIG slices and the confidential-computing mode", r.Silence)
		}
		r.orderByBus(i.Devices)
		return
	}
	i.Source, i.Confidential = r.NVIDIA.Source, r.NVIDIA.Confidential
	reported := map[int]bool{} // of the devices of the inventory
	places := map[string]int{}
	for at, d := range i.Devices {
		if isNVIDIA(d) {
			places[d.Address] = at
		}
	}
	for _, onBus := range []bool{true, false} { // what the bus shows gets its UUID first
		for order, g := range r.NVIDIA.GPUs {
			at, is := places[g.Address]
			switch {
			case is != onBus:
				continue
			case !is:
				at = r.offBus(i, g)
			}
			if reported[at] {
				r.note("device-repeated", "%s names %s %s again (%s): one device, as it was named first", r.NVIDIA.Source, i.Devices[at].Address, i.Devices[at].UUID, g.UUID)
				continue
			}
			reported[at] = true
			r.merge(&i.Devices[at], g, order)
		}
	}
	for at := range i.Devices {
		if d := &i.Devices[at]; isNVIDIA(*d) && !reported[at] {
			d.hide(i.Source + " does not show it to this process")
		}
	}
	slices.SortStableFunc(i.Devices, func(a, b Device) int { return strings.Compare(a.Address, b.Address) })
}

// offBus is the place of a device at no address of the bus: that of the one with
// its UUID, else a new one.
func (r *reader) offBus(i *Inventory, g ReportedGPU) int {
	at := slices.IndexFunc(i.Devices, func(d Device) bool { return isNVIDIA(d) && d.UUID != "" && d.UUID == g.UUID })
	if at < 0 {
		at = len(i.Devices)
		i.Devices = append(i.Devices, r.fromReport(g))
	}
	return at
}

// orderByBus numbers NVIDIA's devices as CUDA does with
// CUDA_DEVICE_ORDER=PCI_BUS_ID.
func (r *reader) orderByBus(devices []Device) {
	order := 0
	for i := range devices {
		if isNVIDIA(devices[i]) {
			devices[i].order = order
			order++
		}
	}
}

// fromReport is a device that only the software shows, as in a container
// without /sys.
func (r *reader) fromReport(g ReportedGPU) Device {
	d := Device{PCI: provenance.PCIID(g.PCI), Subsystem: provenance.PCIID(g.Board), Address: g.Address, DriverName: g.Name, Held: true, minor: -1, render: -1}
	if d.PCI == "" {
		d.PCI = nvidiaVendor + ":0000"
	}
	r.identify(&d)
	return d
}

func (r *reader) merge(d *Device, g ReportedGPU, order int) {
	if d.DriverName == "" && g.Name != "" {
		d.DriverName = g.Name
		r.identify(d)
	}
	if d.UUID != "" && g.UUID != "" && d.UUID != g.UUID {
		r.note("uuid-disagrees", "%s: the driver's file says %s, %s says %s, which is taken", d.Address, d.UUID, r.NVIDIA.Source, g.UUID)
	}
	if g.UUID != "" {
		d.UUID = g.UUID
	}
	d.Serial, d.Memory, d.NVLinks, d.order = g.Serial, g.Memory, g.NVLinks, order
	if g.VBIOS != "" {
		d.VBIOS = g.VBIOS
	}
	if g.Minor >= 0 {
		d.minor = g.Minor
	}
	if g.Fabric != (Fabric{}) {
		d.Fabric = &g.Fabric
	}
	d.Partitioned = g.MIG
	for _, s := range g.Slices {
		d.Slices = append(d.Slices, Slice{UUID: s.UUID, Profile: s.Profile, Compute: s.Compute, ComputeOf: s.Of, Memory: s.Memory,
			GPUInstance: s.GPUInstance, computeInstance: s.ComputeInstance, Held: true, render: -1})
	}
}

// limitSlices refuses shares that cannot be: more in sum than the whole.
func (r *reader) limitSlices(d *Device) {
	var compute, of uint64
	for _, s := range d.Slices {
		compute, of = compute+s.Compute, max(of, s.ComputeOf)
		if s.Compute == 0 {
			r.note("slice-unknown", "%s: the share of slice %s is not known: it is counted as the whole device", d.Address, firstOf(s.UUID, s.Profile, "without a name"))
		}
	}
	if compute > of {
		r.note("slices-absurd", "%s: its slices are %d of %d units: their shares are not used", d.Address, compute, of)
		for i := range d.Slices {
			d.Slices[i].Compute, d.Slices[i].ComputeOf = 0, 0
		}
	}
}

func firstOf(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}
