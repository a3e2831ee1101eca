package main

import (
	"fmt"
	"runtime"

	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/provenance/probe"
)

// maxRecordedDevices is how many devices a record lists one by one: no machine
// has as many, and a journal's first line has an end.
const maxRecordedDevices = 1024

// recordedHost is the machine as a record has it, and the accelerators: those
// that the job holds, or, where none was seen, those that a person declares.
func recordedHost(seen probe.Inventory, declared []meter.Device) (*meter.Host, []meter.Device, []meter.Finding) {
	host := &meter.Host{CPU: seen.CPU, Cores: uint64(max(seen.Cores, 0)), Kernel: seen.Kernel, Machine: seen.Machine}
	if host.Machine == "" {
		host.Machine = runtime.GOARCH
	}
	findings := hostFindings(seen)
	if len(seen.Devices) == 0 {
		return host, declared, findings
	}
	devices := measuredDevices(seen)
	if len(declared) > 0 {
		findings = append(findings, meter.Finding{Code: "hardware-declared-too", Message: fmt.Sprintf(
			"the host shows %d accelerators, of which the job holds %d, which are recorded; --hardware names %d kinds, which are not", len(seen.Devices), len(devices), len(declared))})
	}
	if len(devices) > maxRecordedDevices {
		findings = append(findings, meter.Finding{Code: "hardware-too-many", Message: fmt.Sprintf(
			"the host shows %d accelerators of the job: they are counted by kind, without their UUIDs", len(devices))})
		devices = byKind(devices)
	}
	return host, devices, findings
}

// hostFindings are the findings that change what was held, or how sure it is.
func hostFindings(seen probe.Inventory) []meter.Finding {
	var findings []meter.Finding
	for _, f := range seen.Findings {
		switch f.Code {
		case "not-held", "held-by-variable", "visible-stopped", "device-order-assumed", "device-group-unknown", "uuid-disagrees", "slice-unknown", "slices-absurd",
			"name-and-id-disagree", "device-unreadable", "device-absurd":
			findings = append(findings, meter.Finding{Code: f.Code, Message: f.Message})
		}
	}
	return findings
}

// byKind counts devices by product.
func byKind(devices []meter.Device) []meter.Device {
	var kinds []meter.Device
	at := map[string]int{}
	for _, d := range devices {
		i, seen := at[d.Product]
		if !seen {
			i = len(kinds)
			at[d.Product] = i
			kinds = append(kinds, meter.Device{Product: d.Product, PCI: d.PCI, Grade: d.Grade})
		}
		kinds[i].Count++
	}
	return kinds
}
