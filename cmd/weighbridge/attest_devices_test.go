package main

import (
	"fmt"
	"testing"

	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/provenance"
	"github.com/weighbridge/weighbridge/provenance/probe"
)

// TestDevicesCountedOnce: the same UUID on two ranks, in two runs and as two
// slices is one device; devices without one are the most that a record names.
func TestDevicesCountedOnce(t *testing.T) {
	catalogue, err := provenance.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	const h100, a100 = "NVIDIA H100 SXM5 80GB", "NVIDIA A100 SXM4 80GB"
	device := func(product, uuid string, count uint64) meter.Device {
		return meter.Device{Product: product, UUID: uuid, Count: count, Grade: meter.GradeMeasured}
	}
	slice := func(uuid string) meter.Device {
		d := device(a100, uuid, 1)
		d.Slice = &meter.Slice{Chip: "GPU-c", Compute: 1, ComputeOf: 7}
		return d
	}
	var counts deviceCounts
	for _, hardware := range [][]meter.Device{
		{device(h100, "GPU-a", 1), device(h100, "GPU-b", 1)}, // rank 0
		{device(h100, "GPU-b", 1), device(h100, "GPU-a", 1)}, // rank 1 on the same node
		{device(h100, "GPU-x", 1)},                           // another node
		{slice("MIG-1"), slice("MIG-2")}, {slice("MIG-1")},
		{device(h100, "", 4)}, {device(h100, "", 2)},
	} {
		counts.add(catalogue, meter.Record{Hardware: hardware})
	}
	got := counts.devices()
	if len(got) != 2 || got[0].Product != h100 || got[0].Count != 3+4 || got[1].Product != a100 || got[1].Count != 1 || got[1].ECCN != "3A090.a" {
		t.Errorf("found %+v", got)
	}
}

// TestManyDevicesAreCountedByKind: a machine that claims more devices than any
// has does not burst a journal's first line or a record.
func TestManyDevicesAreCountedByKind(t *testing.T) {
	seen := probe.Inventory{}
	for i := range 100_000 {
		seen.Devices = append(seen.Devices, probe.Device{Product: "NVIDIA H100 SXM5 80GB", PCI: "10de:2330", UUID: fmt.Sprint("GPU-", i), Held: i%2 == 0})
	}
	_, devices, findings := recordedHost(meter.Host{}, seen, nil)
	if len(devices) != 1 || devices[0].Count != 50_000 || devices[0].UUID != "" || len(findings) != 1 || findings[0].Code != "hardware-too-many" {
		t.Errorf("found %d devices, %+v, %+v", len(devices), devices[:1], findings)
	}
}
