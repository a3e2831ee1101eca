//go:build linux && cgo

package nvml

import (
	"fmt"
	"testing"
	"testing/fstest"

	"github.com/NVIDIA/go-nvml/pkg/nvml"
	"github.com/NVIDIA/go-nvml/pkg/nvml/mock"
	"github.com/NVIDIA/go-nvml/pkg/nvml/mock/dgxa100"
	"github.com/NVIDIA/go-nvml/pkg/nvml/mock/dgxb200"
	"github.com/NVIDIA/go-nvml/pkg/nvml/mock/dgxh100"
	"github.com/NVIDIA/go-nvml/pkg/nvml/mock/dgxh200"
	"github.com/NVIDIA/go-nvml/pkg/nvml/mock/server"

	"github.com/weighbridge/weighbridge/provenance"
	"github.com/weighbridge/weighbridge/provenance/probe"
)

// TestNoDriver: this is what most machines that read a ledger have.
func TestNoDriver(t *testing.T) {
	library, err := Open()
	if err == nil {
		library.Close()
		return // a machine with a driver
	}
	if err.Error() == "" {
		t.Error("no reason is given")
	}
}

// only limits the library to some functions, as an older driver does.
func only(s *server.Server, symbols ...string) *server.Server {
	has := map[string]bool{"nvmlDeviceGetName": true, "nvmlDeviceGetUUID": true}
	for _, symbol := range symbols {
		has[symbol] = true
	}
	s.LookupSymbolFunc = func(symbol string) error {
		if !has[symbol] {
			return fmt.Errorf("%s: undefined symbol", symbol)
		}
		return nil
	}
	return s
}

// TestDGX: the inventories of the nodes that go-nvml ships as fixtures, whose
// other functions are missing as in an old driver, and their classes.
func TestDGX(t *testing.T) {
	catalogue, err := provenance.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	for name, v := range map[string]struct {
		node    *server.Server
		product string
		class   provenance.ECCN
		memory  uint64
	}{
		"a100": {dgxa100.New(), "NVIDIA A100 SXM4 40GB", provenance.ECCN3A090A, 40 << 30},
		"h100": {dgxh100.New(), "NVIDIA H100 SXM5 80GB", provenance.ECCN3A090A, 80 << 30},
		// These two have names and PCI ids that no product ships with (an H200 is
		// 10de:2335 and a B200 10de:2901): no figures, no class.
		"h200": {dgxh200.New(), "NVIDIA H200 141GB HBM3e", provenance.Undetermined, 141 << 30},
		"b200": {dgxb200.New(), "NVIDIA B200 180GB HBM3e", provenance.Undetermined, 180 << 30},
	} {
		library, err := open(only(v.node))
		if err != nil {
			t.Fatal(err)
		}
		report, err := library.Report()
		if err != nil {
			t.Fatal(err)
		}
		inventory, err := probe.Read(probe.Sources{Host: fstest.MapFS{}, Catalogue: catalogue, NVIDIA: &report, Environment: []string{}})
		if err != nil {
			t.Fatal(err)
		}
		groups := inventory.Groups()
		if report.Driver == "" || report.CUDA == "" || report.GPUs[7].UUID == "" || report.GPUs[7].Minor != 7 || report.GPUs[0].Memory != v.memory {
			t.Errorf("%s: %+v", name, report)
		}
		if groups[0].Product != v.product || groups[0].ECCN != v.class || groups[0].Count != 8 {
			t.Errorf("%s: %+v", name, groups)
		}
	}
}

// fabricNode is an H100 node whose driver answers everything that is asked.
func fabricNode() *server.Server {
	node := only(dgxh100.New(), "nvmlDeviceGetSerial", "nvmlDeviceGetVbiosVersion", "nvmlSystemGetConfComputeState", "nvmlDeviceGetNvLinkState",
		"nvmlDeviceGetGpuFabricInfo", "nvmlDeviceGetMigMode", "nvmlDeviceGetMaxMigDeviceCount", "nvmlDeviceGetAttributes_v2", "nvmlDeviceGetGpuInstanceProfileInfo")
	node.SystemGetConfComputeStateFunc = func() (nvml.ConfComputeSystemState, nvml.Return) {
		return nvml.ConfComputeSystemState{CcFeature: nvml.CC_SYSTEM_FEATURE_ENABLED}, nvml.SUCCESS
	}
	for i, device := range node.Devices {
		d := device.(*server.Device)
		d.GetSerialFunc = func() (string, nvml.Return) { return fmt.Sprint(1652923000000 + i), nvml.SUCCESS }
		d.GetVbiosVersionFunc = func() (string, nvml.Return) { return "96.00.89.00.01", nvml.SUCCESS }
		d.GetPciInfoFunc = func() (nvml.PciInfo, nvml.Return) {
			return nvml.PciInfo{Bus: uint32(0x18 + i), PciDeviceId: 0x233010de, PciSubSystemId: 0x16c110de}, nvml.SUCCESS
		}
		d.GetNvLinkStateFunc = func(link int) (nvml.EnableState, nvml.Return) {
			if link >= 18 {
				return 0, nvml.ERROR_INVALID_ARGUMENT
			}
			return nvml.FEATURE_ENABLED, nvml.SUCCESS
		}
		d.GetGpuFabricInfoFunc = func() (nvml.GpuFabricInfo, nvml.Return) {
			return nvml.GpuFabricInfo{State: nvml.GPU_FABRIC_STATE_COMPLETED, ClusterUuid: [16]uint8{0x5c, 0xd3}, CliqueId: 388}, nvml.SUCCESS
		}
	}
	return node
}

// migDevice is a slice with 3 of 7 compute slices.
func migDevice() nvml.Device {
	return &mock.Device{
		GetUUIDFunc:              func() (string, nvml.Return) { return "MIG-1", nvml.SUCCESS },
		GetGpuInstanceIdFunc:     func() (int, nvml.Return) { return 2, nvml.SUCCESS },
		GetComputeInstanceIdFunc: func() (int, nvml.Return) { return 0, nvml.SUCCESS },
		GetAttributesFunc: func() (nvml.DeviceAttributes, nvml.Return) {
			return nvml.DeviceAttributes{GpuInstanceSliceCount: 3, ComputeInstanceSliceCount: 3, MemorySizeMB: 40448}, nvml.SUCCESS
		},
	}
}

func TestEverythingAsked(t *testing.T) {
	node := fabricNode()
	first := node.Devices[0].(*server.Device)
	first.MigMode = nvml.DEVICE_MIG_ENABLE
	first.GetMaxMigDeviceCountFunc = func() (int, nvml.Return) { return 7, nvml.SUCCESS }
	first.GetMigDeviceHandleByIndexFunc = func(i int) (nvml.Device, nvml.Return) {
		if i != 1 {
			return nil, nvml.ERROR_NOT_FOUND
		}
		return migDevice(), nvml.SUCCESS
	}
	library, err := open(node)
	if err != nil {
		t.Fatal(err)
	}
	report, err := library.Report()
	if err != nil || report.Confidential != "on" || len(report.GPUs) != 8 {
		t.Fatalf("%+v, %v", report, err)
	}
	g := report.GPUs[0]
	want := probe.ReportedSlice{UUID: "MIG-1", Profile: "3g.40gb", Compute: 3, Of: 7, Memory: 40448 << 20, GPUInstance: 2}
	if !g.MIG || len(g.Slices) != 1 || g.Slices[0] != want {
		t.Errorf("slices %+v, expected %+v", g.Slices, want)
	}
	if g.Serial != "1652923000000" || g.NVLinks != 18 || g.Address != "0000:18:00.0" || g.PCI != "10de:2330" || g.Board != "10de:16c1" ||
		g.Fabric != (probe.Fabric{State: "completed", Cluster: "5cd30000-0000-0000-0000-000000000000", Clique: "388"}) {
		t.Errorf("found %+v", g)
	}
}

// TestLostDevice: a device that fell off the bus is left out, and a library that
// cannot count is an error.
func TestLostDevice(t *testing.T) {
	node := only(dgxh100.New())
	handle := node.DeviceGetHandleByIndexFunc
	node.DeviceGetHandleByIndexFunc = func(i int) (nvml.Device, nvml.Return) {
		if i == 3 {
			return nil, nvml.ERROR_GPU_IS_LOST
		}
		return handle(i)
	}
	library, _ := open(node)
	if report, err := library.Report(); err != nil || len(report.GPUs) != 7 {
		t.Errorf("%d devices, %v", len(report.GPUs), err)
	}
	for _, count := range []int{-1, 1 << 30} {
		node.DeviceGetCountFunc = func() (int, nvml.Return) { return count, nvml.SUCCESS }
		if _, err := library.Report(); err == nil {
			t.Errorf("%d devices were believed", count)
		}
	}
	node.InitFunc = func() nvml.Return { return nvml.ERROR_DRIVER_NOT_LOADED }
	if _, err := open(node); err == nil {
		t.Error("a driver that is not loaded was opened")
	}
}
