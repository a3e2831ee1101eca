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
// does not show is not this process's.
func (r *reader) addReport(i *Inventory) {
	if r.NVIDIA == nil {
		if r.Silence != "" {
			r.note("nvidia-silent", "%s: devices by what the kernel shows of them, without serials, MIG slices and the confidential-computing mode", r.Silence)
		}
		r.orderByBus(i.Devices)
		return
	}
	i.Source, i.Confidential = r.NVIDIA.Source, r.NVIDIA.Confidential
	reported, places := map[string]bool{}, map[string]int{}
	for at, d := range i.Devices {
		places[d.Address] = at
	}
	for order, g := range r.NVIDIA.GPUs {
		at, onBus := places[g.Address]
		if !onBus || !isNVIDIA(i.Devices[at]) {
			at = len(i.Devices)
			i.Devices = append(i.Devices, r.fromReport(g))
		}
		reported[i.Devices[at].Address] = true
		r.merge(&i.Devices[at], g, order)
	}
	for at := range i.Devices {
		if d := &i.Devices[at]; isNVIDIA(*d) && !reported[d.Address] {
			d.hide(i.Source + " does not show it to this process")
		}
	}
	slices.SortStableFunc(i.Devices, func(a, b Device) int { return strings.Compare(a.Address, b.Address) })
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
