//go:build linux && cgo

package nvml

import (
	"github.com/NVIDIA/go-nvml/pkg/nvml"
)

// meter reads one device, or one MIG instance of it.
type meter struct {
	device   nvml.Device
	uuid     string
	instance int // of a slice; -1: the whole device
	api      nvml.Interface
	gpm      bool
	before   nvml.GpmSample // nil until the first sample
	after    nvml.GpmSample
	cycles   map[nvml.GpmMetricId]float64 // of the sample before
}

// Signals reads every device and returns what can be told of the time since
// the call before: nothing the first time. A device that does not answer is
// left out, which is unknown and not zero. The signals of one device are best
// first: ratios of cycle counters, GPM's own ratios, then what NVML calls
// utilisation.
func (l *Library) Signals() []Signal {
	if l.meters == nil {
		l.meters = l.newMeters()
	}
	var signals []Signal
	for _, m := range l.meters {
		if m.gpm {
			signals = append(signals, m.readGPM()...)
		}
		if m.instance < 0 {
			signals = append(signals, l.readNVML(m)...)
		}
	}
	return signals
}

func (l *Library) newMeters() []*meter {
	meters := []*meter{}
	count, ret := l.api.DeviceGetCount()
	if ret != nvml.SUCCESS {
		return meters
	}
	for i := range min(count, maxDevices) {
		device, ret := l.api.DeviceGetHandleByIndex(i)
		uuid, ret2 := "", nvml.ERROR_UNKNOWN
		if ret == nvml.SUCCESS {
			uuid, ret2 = device.GetUUID()
		}
		if ret2 != nvml.SUCCESS {
			continue
		}
		gpu := l.gpu(device)
		gpm := l.supportsGPM(device)
		if !gpu.MIG {
			meters = append(meters, &meter{device: device, uuid: text(uuid), instance: -1, api: l.api, gpm: gpm})
			continue
		}
		for _, s := range gpu.Slices {
			if gpm && s.GPUInstance >= 0 && l.has("nvmlGpmMigSampleGet") {
				meters = append(meters, &meter{device: device, uuid: s.UUID, instance: s.GPUInstance, api: l.api, gpm: true})
			}
		}
	}
	return meters
}

// supportsGPM asks before any other function of GPM is used (Hopper and later).
func (l *Library) supportsGPM(device nvml.Device) bool {
	for _, symbol := range []string{"nvmlGpmQueryDeviceSupport", "nvmlGpmSampleAlloc", "nvmlGpmSampleGet", "nvmlGpmSampleFree", "nvmlGpmMetricsGet"} {
		if !l.has(symbol) {
			return false
		}
	}
	support, ret := l.api.GpmQueryDeviceSupport(device)
	return ret == nvml.SUCCESS && support.IsSupportedDevice != 0
}

// ratios are the signals of GPM: the name, the cycle counter (nvml.h, "since
// reboot") and the ratio in per cent that older drivers have.
var ratios = [...]struct {
	name            string
	cycles, perCent nvml.GpmMetricId
}{
	{"tensor-active", nvml.GPM_METRIC_MMA_CYCLES_ACTIVE, nvml.GPM_METRIC_ANY_TENSOR_UTIL},
	{"hmma-active", nvml.GPM_METRIC_HMMA_CYCLES_ACTIVE, nvml.GPM_METRIC_HMMA_TENSOR_UTIL},
	{"imma-active", nvml.GPM_METRIC_IMMA_CYCLES_ACTIVE, nvml.GPM_METRIC_IMMA_TENSOR_UTIL},
	{"dfma-active", nvml.GPM_METRIC_DFMA_CYCLES_ACTIVE, nvml.GPM_METRIC_DFMA_TENSOR_UTIL},
	{"sm-active", nvml.GPM_METRIC_SM_CYCLES_ACTIVE, nvml.GPM_METRIC_SM_UTIL},
	{"fp64-active", nvml.GPM_METRIC_FP64_CYCLES_ACTIVE, nvml.GPM_METRIC_FP64_UTIL},
	{"fp32-active", nvml.GPM_METRIC_FP32_CYCLES_ACTIVE, nvml.GPM_METRIC_FP32_UTIL},
	{"fp16-active", nvml.GPM_METRIC_FP16_CYCLES_ACTIVE, nvml.GPM_METRIC_FP16_UTIL},
}

// readGPM takes a sample and compares it with the one before.
func (m *meter) readGPM() []Signal {
	if !m.sample() || m.before == nil {
		m.before, m.after = m.after, m.before
		return nil
	}
	values, ok := m.metrics()
	m.before, m.after = m.after, m.before
	if !ok {
		return nil
	}
	var signals []Signal
	elapsed, counted := m.since(values, nvml.GPM_METRIC_SM_CYCLES_ELAPSED)
	for _, r := range ratios {
		value, known := values[r.perCent]
		value /= 100
		if active, ok := m.since(values, r.cycles); ok && counted && elapsed > 0 {
			value, known = active/elapsed, true
		}
		if known && value >= 0 && value <= 1 {
			signals = append(signals, Signal{m.uuid, m.instance, r.name, "gpm", value})
		}
	}
	m.cycles = values
	return signals
}

func (m *meter) sample() bool {
	if m.after == nil {
		sample, ret := m.api.GpmSampleAlloc()
		if ret != nvml.SUCCESS {
			return false
		}
		m.after = sample
	}
	ret := nvml.ERROR_UNKNOWN
	if m.instance < 0 {
		ret = m.api.GpmSampleGet(m.device, m.after)
	} else {
		ret = m.api.GpmMigSampleGet(m.device, m.instance, m.after)
	}
	if ret != nvml.SUCCESS {
		m.free() // what follows is no neighbour of what was before
	}
	return ret == nvml.SUCCESS
}

// metrics returns what the driver knows of the two samples.
func (m *meter) metrics() (map[nvml.GpmMetricId]float64, bool) {
	get := nvml.GpmMetricsGetType{Sample1: m.before, Sample2: m.after}
	add := func(id nvml.GpmMetricId) {
		get.Metrics[get.NumMetrics].MetricId = uint32(id)
		get.NumMetrics++
	}
	add(nvml.GPM_METRIC_SM_CYCLES_ELAPSED)
	for _, r := range ratios {
		add(r.cycles)
		add(r.perCent)
	}
	if m.api.GpmMetricsGet(&get) != nvml.SUCCESS {
		return nil, false
	}
	values := map[nvml.GpmMetricId]float64{}
	for _, metric := range get.Metrics[:get.NumMetrics] {
		if nvml.Return(metric.NvmlReturn) == nvml.SUCCESS && metric.Value >= 0 { // not NaN either
			values[nvml.GpmMetricId(metric.MetricId)] = metric.Value
		}
	}
	return values, true
}

// since is how far a counter went between two samples; false where either has
// no value, or the counter began again.
func (m *meter) since(values map[nvml.GpmMetricId]float64, id nvml.GpmMetricId) (float64, bool) {
	now, ok := values[id]
	then, had := m.cycles[id]
	return now - then, ok && had && now >= then
}

func (m *meter) free() {
	for _, s := range []nvml.GpmSample{m.before, m.after} {
		if s != nil {
			m.api.GpmSampleFree(s)
		}
	}
	m.before, m.after, m.cycles = nil, nil, nil
}

// readNVML reads the signals that every driver has. gpu-util is the share of
// time in which any kernel ran: an occupancy.
func (l *Library) readNVML(m *meter) []Signal {
	var signals []Signal
	if l.has("nvmlDeviceGetUtilizationRates") {
		if u, ret := m.device.GetUtilizationRates(); ret == nvml.SUCCESS && u.Gpu <= 100 {
			signals = append(signals, Signal{m.uuid, -1, "gpu-util", "nvml", float64(u.Gpu) / 100})
		}
	}
	if l.has("nvmlDeviceGetTotalEnergyConsumption") {
		if mj, ret := m.device.GetTotalEnergyConsumption(); ret == nvml.SUCCESS && mj < 1<<53 {
			signals = append(signals, Signal{m.uuid, -1, "energy", "nvml", float64(mj)})
		}
	}
	return signals
}
