//go:build linux && cgo

package nvml

import (
	"math"
	"testing"

	"github.com/NVIDIA/go-nvml/pkg/nvml"
	"github.com/NVIDIA/go-nvml/pkg/nvml/mock"
	"github.com/NVIDIA/go-nvml/pkg/nvml/mock/dgxh100"
	"github.com/NVIDIA/go-nvml/pkg/nvml/mock/server"
)

// gpmNode is one H100 whose driver has the counters that values returns, by
// metric; a metric without a value is not known to it.
func gpmNode(values func(sample int) map[nvml.GpmMetricId]float64) (*Library, *server.Server) {
	node := only(dgxh100.New(), "nvmlGpmQueryDeviceSupport", "nvmlGpmSampleAlloc", "nvmlGpmSampleGet", "nvmlGpmSampleFree", "nvmlGpmMetricsGet",
		"nvmlDeviceGetUtilizationRates", "nvmlDeviceGetTotalEnergyConsumption")
	node.Devices = node.Devices[:1]
	d := node.Devices[0].(*server.Device)
	d.UUID = "GPU-1"
	samples := 0
	d.GetUtilizationRatesFunc = func() (nvml.Utilization, nvml.Return) { return nvml.Utilization{Gpu: 100}, nvml.SUCCESS }
	d.GetTotalEnergyConsumptionFunc = func() (uint64, nvml.Return) { return 1000 * uint64(samples), nvml.SUCCESS }
	node.GpmQueryDeviceSupportFunc = func(nvml.Device) (nvml.GpmSupport, nvml.Return) {
		return nvml.GpmSupport{IsSupportedDevice: 1}, nvml.SUCCESS
	}
	node.GpmSampleAllocFunc = func() (nvml.GpmSample, nvml.Return) { return &mock.GpmSample{}, nvml.SUCCESS }
	node.GpmSampleFreeFunc = func(nvml.GpmSample) nvml.Return { return nvml.SUCCESS }
	node.GpmSampleGetFunc = func(nvml.Device, nvml.GpmSample) nvml.Return { samples++; return nvml.SUCCESS }
	node.GpmMetricsGetFunc = func(get *nvml.GpmMetricsGetType) nvml.Return {
		known := values(samples)
		for i := range get.NumMetrics {
			m := &get.Metrics[i]
			value, ok := known[nvml.GpmMetricId(m.MetricId)]
			m.Value, m.NvmlReturn = value, uint32(nvml.SUCCESS)
			if !ok {
				m.NvmlReturn = uint32(nvml.ERROR_NOT_SUPPORTED)
			}
		}
		return nvml.SUCCESS
	}
	library, err := open(node)
	if err != nil {
		panic(err)
	}
	return library, node
}

func find(signals []Signal, name string) (float64, bool) {
	for _, s := range signals {
		if s.Name == name {
			return s.Value, true
		}
	}
	return 0, false
}

// TestCycleCountersFirst: the ratio of the cycle counters wins over the driver's
// own percentage, and a counter that began again is unknown.
func TestCycleCountersFirst(t *testing.T) {
	library, _ := gpmNode(func(sample int) map[nvml.GpmMetricId]float64 {
		n := float64(sample)
		active := 400 * n
		if sample == 4 {
			active = 1
		}
		return map[nvml.GpmMetricId]float64{nvml.GPM_METRIC_SM_CYCLES_ELAPSED: 1000 * n, nvml.GPM_METRIC_MMA_CYCLES_ACTIVE: active,
			nvml.GPM_METRIC_SM_UTIL: 93, nvml.GPM_METRIC_HMMA_TENSOR_UTIL: math.NaN(), nvml.GPM_METRIC_FP32_UTIL: 101}
	})
	defer library.Close()
	if _, ok := find(library.Signals(), "tensor-active"); ok {
		t.Error("one sample alone gives a ratio")
	}
	library.Signals() // the first pair of samples: the counters have no value before
	signals := library.Signals()
	if value, ok := find(signals, "tensor-active"); !ok || value != 0.4 {
		t.Errorf("tensor-active %v, %t, expected 0.4", value, ok)
	}
	if value, _ := find(signals, "sm-active"); value != 0.93 {
		t.Errorf("sm-active %v, expected the driver's own 0.93", value)
	}
	for _, name := range []string{"hmma-active", "fp32-active", "imma-active"} {
		if value, ok := find(signals, name); ok {
			t.Errorf("%s %v from no value", name, value)
		}
	}
	if value, _ := find(signals, "gpu-util"); value != 1 {
		t.Errorf("gpu-util %v", value)
	}
	if value, ok := find(library.Signals(), "tensor-active"); ok {
		t.Errorf("a counter that began again gives %v", value)
	}
}

// TestOlderDriver: without cycle counters the percentages stand, and without GPM
// NVML's occupancy alone.
func TestOlderDriver(t *testing.T) {
	library, node := gpmNode(func(int) map[nvml.GpmMetricId]float64 {
		return map[nvml.GpmMetricId]float64{nvml.GPM_METRIC_ANY_TENSOR_UTIL: 41.2}
	})
	library.Signals()
	if value, ok := find(library.Signals(), "tensor-active"); !ok || math.Abs(value-0.412) > 1e-12 {
		t.Errorf("tensor-active %v, %t", value, ok)
	}
	node.GpmSampleGetFunc = func(nvml.Device, nvml.GpmSample) nvml.Return { return nvml.ERROR_IN_USE }
	signals := library.Signals()
	if _, ok := find(signals, "tensor-active"); ok {
		t.Error("a sample that was not taken gives a ratio")
	}
	if len(signals) != 2 {
		t.Errorf("found %+v, expected gpu-util and energy", signals)
	}
}
