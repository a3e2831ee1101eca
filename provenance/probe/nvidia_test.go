package probe

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// TestDeviceNamedTwice: a device that NVIDIA's software names twice is one, by its
// address or its UUID, whichever comes first; two of one kind are two.
func TestDeviceNamedTwice(t *testing.T) {
	bus := fstest.MapFS{}
	for name, text := range map[string]string{"class": "0x030200", "vendor": "0x10de", "device": "0x2330"} {
		bus["sys/bus/pci/devices/0000:18:00.0/"+name] = &fstest.MapFile{Data: []byte(text + "\n")}
	}
	gpu := func(address, uuid string) ReportedGPU {
		return ReportedGPU{Name: "NVIDIA H100 80GB HBM3", PCI: "10de:2330", Address: address, UUID: uuid, Minor: -1, MIG: true, Slices: []ReportedSlice{{UUID: "MIG-1", Compute: 4, Of: 7}}}
	}
	here, there, lost := gpu("0000:18:00.0", "GPU-1"), gpu("0000:19:00.0", "GPU-1"), gpu("", "GPU-1")
	vectors := map[string]struct {
		host     fstest.MapFS
		gpus     []ReportedGPU
		count    int
		repeated bool
	}{
		"without a bus":              {fstest.MapFS{}, []ReportedGPU{here, here}, 1, true},
		"by UUID alone":              {fstest.MapFS{}, []ReportedGPU{here, there, lost}, 1, true},
		"on the bus":                 {bus, []ReportedGPU{here, here}, 1, true},
		"first where the bus is not": {bus, []ReportedGPU{there, here}, 1, true},
		"one address, two UUIDs":     {bus, []ReportedGPU{here, gpu("0000:18:00.0", "GPU-2")}, 1, true},
		"two devices":                {fstest.MapFS{}, []ReportedGPU{here, gpu("0000:19:00.0", "GPU-2")}, 2, false},
		"two without UUIDs":          {fstest.MapFS{}, []ReportedGPU{gpu("0000:18:00.0", ""), gpu("0000:19:00.0", "")}, 2, false},
	}
	for name, v := range vectors {
		i, err := Read(Sources{Host: v.host, Catalogue: catalogue(t), NVIDIA: &Report{Source: "nvidia-smi", GPUs: v.gpus}})
		if err != nil {
			t.Fatal(err)
		}
		said := slices.ContainsFunc(i.Findings, func(f Finding) bool {
			return f.Code == "device-repeated" && strings.Contains(f.Message, "nvidia-smi names 0000:1")
		})
		if len(i.Devices) != v.count || said != v.repeated || len(i.Devices[0].Slices) != 1 || !i.Devices[0].Held {
			t.Errorf("%s: %s", name, render(i))
		}
	}
}
