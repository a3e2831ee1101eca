//go:build linux && cgo

package nvml

import (
	"errors"
	"fmt"
	"strings"

	"github.com/NVIDIA/go-nvml/pkg/nvml"

	"github.com/weighbridge/weighbridge/provenance/probe"
)

// Library is NVIDIA's library, loaded. Its methods are for one goroutine, and
// any of them may hang as long as the driver does.
type Library struct {
	api     nvml.Interface
	symbols map[string]bool
	meters  []*meter // nil until the first Signals
}

// Open loads the library of the driver. The error is one line: no driver, or
// what the driver answers.
func Open() (*Library, error) { return open(nvml.New()) }

func open(api nvml.Interface) (*Library, error) {
	switch ret := api.Init(); ret {
	case nvml.SUCCESS:
		return &Library{api: api, symbols: map[string]bool{}}, nil
	case nvml.ERROR_LIBRARY_NOT_FOUND:
		return nil, errors.New("no NVIDIA driver library (libnvidia-ml.so.1)")
	default:
		return nil, fmt.Errorf("NVIDIA's library: %s", text(ret.Error()))
	}
}

// Close ends the use of the library.
func (l *Library) Close() {
	for _, m := range l.meters {
		m.free()
	}
	l.api.Shutdown()
}

// has reports whether the driver's library has a function.
func (l *Library) has(symbol string) bool {
	known, asked := l.symbols[symbol]
	if !asked {
		known = l.api.Extensions().LookupSymbol(symbol) == nil
		l.symbols[symbol] = known
	}
	return known
}

// maxDevices bounds what a library may claim.
const maxDevices = 4096

// Report asks for the inventory: every device that the driver shows to this
// process.
func (l *Library) Report() (probe.Report, error) {
	r := probe.Report{Source: "NVML", Confidential: l.confidential()}
	if version, ret := l.api.SystemGetDriverVersion(); ret == nvml.SUCCESS {
		r.Driver = text(version)
	}
	if version, ret := l.api.SystemGetCudaDriverVersion(); ret == nvml.SUCCESS {
		r.CUDA = fmt.Sprintf("%d.%d", version/1000, version%1000/10) // CUDA_VERSION of cuda.h
	}
	count, ret := l.api.DeviceGetCount()
	if ret != nvml.SUCCESS || count < 0 || count > maxDevices {
		return r, fmt.Errorf("NVIDIA's library: counting devices: %d, %s", count, text(ret.Error()))
	}
	for i := range count {
		device, ret := l.api.DeviceGetHandleByIndex(i)
		if ret != nvml.SUCCESS { // lost, or kept from this process
			continue
		}
		r.GPUs = append(r.GPUs, l.gpu(device))
	}
	return r, nil
}

// confidential is the machine's confidential-computing mode; "" where the
// library does not know it.
func (l *Library) confidential() string {
	if !l.has("nvmlSystemGetConfComputeState") {
		return ""
	}
	state, ret := l.api.SystemGetConfComputeState()
	switch {
	case ret != nvml.SUCCESS:
		return ""
	case state.DevToolsMode != 0:
		return "devtools"
	case state.CcFeature == nvml.CC_SYSTEM_FEATURE_ENABLED:
		return "on"
	}
	return "off"
}

func (l *Library) gpu(device nvml.Device) probe.ReportedGPU {
	g := probe.ReportedGPU{Minor: -1}
	ask := func(symbol string, get func() (string, nvml.Return)) string {
		if l.has(symbol) {
			if value, ret := get(); ret == nvml.SUCCESS {
				return text(value)
			}
		}
		return ""
	}
	g.Name = ask("nvmlDeviceGetName", device.GetName)
	g.UUID = ask("nvmlDeviceGetUUID", device.GetUUID)
	g.Serial = ask("nvmlDeviceGetSerial", device.GetSerial)
	g.VBIOS = ask("nvmlDeviceGetVbiosVersion", device.GetVbiosVersion)
	if minor, ret := device.GetMinorNumber(); ret == nvml.SUCCESS {
		g.Minor = minor
	}
	if memory, ret := device.GetMemoryInfo(); ret == nvml.SUCCESS {
		g.Memory = memory.Total
	}
	if pci, ret := device.GetPciInfo(); ret == nvml.SUCCESS {
		g.Address = address(pci)
		g.PCI, g.Board = swapped(pci.PciDeviceId), swapped(pci.PciSubSystemId)
	}
	l.fabric(device, &g)
	l.slices(device, &g)
	return g
}

// address is the kernel's form of a PCI address; function is always 0.
func address(p nvml.PciInfo) string {
	return fmt.Sprintf("%04x:%02x:%02x.0", p.Domain, p.Bus, p.Device)
}

// swapped turns 0x233010de, device before vendor, into 10de:2330.
func swapped(id uint32) string {
	if id == 0 {
		return ""
	}
	return fmt.Sprintf("%04x:%04x", id&0xffff, id>>16)
}

func (l *Library) fabric(device nvml.Device, g *probe.ReportedGPU) {
	if l.has("nvmlDeviceGetNvLinkState") {
		for link := range nvml.NVLINK_MAX_LINKS {
			state, ret := device.GetNvLinkState(link)
			if ret != nvml.SUCCESS {
				break // no link of this number
			}
			if state == nvml.FEATURE_ENABLED {
				g.NVLinks++
			}
		}
	}
	if !l.has("nvmlDeviceGetGpuFabricInfo") {
		return
	}
	info, ret := device.GetGpuFabricInfo()
	if ret != nvml.SUCCESS || info.State == nvml.GPU_FABRIC_STATE_NOT_SUPPORTED {
		return
	}
	g.Fabric.State = map[uint8]string{nvml.GPU_FABRIC_STATE_NOT_STARTED: "not started", nvml.GPU_FABRIC_STATE_IN_PROGRESS: "in progress", nvml.GPU_FABRIC_STATE_COMPLETED: "completed"}[info.State]
	if u := info.ClusterUuid; u != [16]uint8{} { // nil where the fabric is one machine's
		g.Fabric.Cluster = fmt.Sprintf("%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:])
		g.Fabric.Clique = fmt.Sprint(info.CliqueId)
	}
}

// slices lists the MIG devices. Shares are in compute slices: those of the
// instance, of those that the whole GPU has.
func (l *Library) slices(device nvml.Device, g *probe.ReportedGPU) {
	if !l.has("nvmlDeviceGetMigMode") {
		return
	}
	mode, _, ret := device.GetMigMode()
	if ret != nvml.SUCCESS || mode != nvml.DEVICE_MIG_ENABLE {
		return
	}
	g.MIG = true
	if !l.has("nvmlDeviceGetMaxMigDeviceCount") || !l.has("nvmlDeviceGetAttributes_v2") {
		return
	}
	count, ret := device.GetMaxMigDeviceCount()
	if ret != nvml.SUCCESS {
		return
	}
	whole := l.wholeSlices(device)
	for i := range min(count, 64) {
		mig, ret := device.GetMigDeviceHandleByIndex(i)
		if ret != nvml.SUCCESS {
			continue // indices may have holes
		}
		g.Slices = append(g.Slices, slice(mig, whole))
	}
}

func slice(mig nvml.Device, whole uint64) probe.ReportedSlice {
	s := probe.ReportedSlice{GPUInstance: -1, ComputeInstance: -1}
	if uuid, ret := mig.GetUUID(); ret == nvml.SUCCESS {
		s.UUID = text(uuid)
	}
	if id, ret := mig.GetGpuInstanceId(); ret == nvml.SUCCESS {
		s.GPUInstance = id
	}
	if id, ret := mig.GetComputeInstanceId(); ret == nvml.SUCCESS {
		s.ComputeInstance = id
	}
	a, ret := mig.GetAttributes()
	if ret != nvml.SUCCESS {
		return s
	}
	s.Memory = a.MemorySizeMB << 20
	if c := uint64(a.ComputeInstanceSliceCount); c > 0 && c <= whole {
		s.Compute, s.Of = c, whole
	}
	s.Profile = fmt.Sprintf("%dg.%dgb", a.GpuInstanceSliceCount, (a.MemorySizeMB+1023)>>10)
	if a.ComputeInstanceSliceCount < a.GpuInstanceSliceCount {
		s.Profile = fmt.Sprintf("%dc.%s", a.ComputeInstanceSliceCount, s.Profile)
	}
	return s
}

// wholeSlices is how many compute slices the largest profile of the GPU has.
func (l *Library) wholeSlices(device nvml.Device) (whole uint64) {
	if !l.has("nvmlDeviceGetGpuInstanceProfileInfo") {
		return 0
	}
	for profile := range nvml.GPU_INSTANCE_PROFILE_COUNT {
		if info, ret := device.GetGpuInstanceProfileInfo(profile); ret == nvml.SUCCESS {
			whole = max(whole, uint64(info.SliceCount))
		}
	}
	return whole
}

// text keeps what may be printed of a text of the library's.
func text(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, s)
	return strings.TrimSpace(s[:min(len(s), 256)])
}
