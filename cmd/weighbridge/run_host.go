package main

import (
	"fmt"
	"io/fs"
	"regexp"
	"runtime"
	"strings"

	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/provenance/probe"
)

// maxRecordedDevices is how many devices a record lists one by one: no machine
// has as many, and a journal's first line has an end.
const maxRecordedDevices = 1024

// recordedHost is the machine as a record has it, and the accelerators: those
// that the job holds, or, where none was seen, those that a person declares.
func recordedHost(called meter.Host, seen probe.Inventory, declared []meter.Device) (*meter.Host, []meter.Device, []meter.Finding) {
	host := &called
	host.CPU, host.Cores, host.Kernel, host.Machine = seen.CPU, uint64(max(seen.Cores, 0)), seen.Kernel, seen.Machine
	if host.Machine == "" {
		host.Machine = runtime.GOARCH
	}
	findings := hostFindings(seen)
	if len(seen.Devices) == 0 {
		return host, declared, findings
	}
	devices := measuredDevices(seen)
	if f, found := declaredElse(declared, devices); found {
		findings = append(findings, f)
	}
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

// called is what accounting calls the machine and the job: under Slurm its own
// names (sbatch(1), "OUTPUT ENVIRONMENT VARIABLES"), else the name that the kernel
// has. What is no plain word is left out.
func (a *app) called() meter.Host {
	word := func(text string) string {
		if !hostWord.MatchString(text) {
			return ""
		}
		return text
	}
	host := meter.Host{Name: word(a.env.getenv("SLURMD_NODENAME"))}
	if host.Name == "" {
		kernel, _ := fs.ReadFile(a.env.host, "proc/sys/kernel/hostname") // absent: no name
		host.Name = word(strings.TrimSpace(string(kernel)))
	}
	if host.Job = word(a.env.getenv("SLURM_JOB_ID")); host.Job == "" {
		return host
	}
	host.Cluster = word(a.env.getenv("SLURM_CLUSTER_NAME"))
	array, task := word(a.env.getenv("SLURM_ARRAY_JOB_ID")), word(a.env.getenv("SLURM_ARRAY_TASK_ID"))
	if array != "" && task != "" {
		host.Task = array + "_" + task
	}
	return host
}

var hostWord = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,252}$`)

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
