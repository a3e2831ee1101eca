package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/wrap"
	"github.com/weighbridge/weighbridge/provenance/probe"
	"github.com/weighbridge/weighbridge/provenance/probe/nvml"
	"github.com/weighbridge/weighbridge/provenance/probe/sampling"
)

// useFlags say who is asked how busy the accelerators are while the job runs.
type useFlags struct {
	host     hostFlags
	identity string
	dcgm     string
	amd      string
	interval time.Duration
}

func (f *useFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	f.host.register(cmd, "host-root")
	flags.StringVar(&f.identity, "identity-document", "", "a cloud's document on this instance, kept as evidence; its signature is not verified")
	flags.StringVar(&f.dcgm, "dcgm-exporter", "", "address of NVIDIA's dcgm-exporter, such as http://localhost:9400/metrics, read while the job runs")
	flags.StringVar(&f.amd, "amd-exporter", "", "address of AMD's device-metrics-exporter, such as http://localhost:5000/metrics")
	flags.DurationVar(&f.interval, "sample-interval", 10*time.Second, "time between two readings of an exporter, 100ms to 10m; NVIDIA's library is read once a second")
}

// exporters are those that were asked for. What is wrong with an address is said
// before the job starts; what is wrong with an exporter never stops it.
func (f useFlags) exporters() ([]*sampling.Exporter, error) {
	if f.interval < 100*time.Millisecond || f.interval > 10*time.Minute {
		return nil, usage("--sample-interval %s: expected 100ms to 10m", f.interval)
	}
	var exporters []*sampling.Exporter
	for _, e := range []struct{ flag, source, address string }{{"--dcgm-exporter", sampling.SourceDCGM, f.dcgm}, {"--amd-exporter", sampling.SourceAMD, f.amd}} {
		if e.address == "" {
			continue
		}
		exporter, err := sampling.NewExporter(e.source, e.address)
		if err != nil {
			return nil, usage("%s: %w", e.flag, err)
		}
		exporters = append(exporters, exporter)
	}
	return exporters, nil
}

// identityDocument is the document, once it is known to be one.
func (f useFlags) identityDocument() (string, error) {
	if f.identity == "" {
		return "", nil
	}
	if _, err := readIdentity(f.identity); err != nil {
		return "", err
	}
	data, err := identityBytes(f.identity)
	return string(data), err
}

// runHost is what of the machine is sampled while the job runs.
type runHost struct {
	units     []sampling.Unit
	library   *nvml.Library // nil: none
	exporters []*sampling.Exporter
	tool      bool // nvidia-smi gave the inventory, and is asked on
}

// sample starts to sample the devices that the job holds, and says how the
// journal asks for it; nil when there is nothing to sample. stop ends it and
// never waits for a source that hangs.
func (a *app) sample(f useFlags, h runHost) (ask func() wrap.Usage, stop func()) {
	switch {
	case len(h.units) == 0 && h.library != nil:
		h.library.Close()
		fallthrough
	case len(h.units) == 0:
		if len(h.exporters) > 0 {
			a.warn("no accelerator of the job was seen, so no exporter is read")
		}
		return nil, func() {}
	case h.library == nil && !h.tool && len(h.exporters) == 0:
		return nil, func() {}
	}
	o := sampling.SamplerOptions{Units: h.units, Library: h.library, Exporters: h.exporters, Interval: f.interval, Now: a.env.now,
		Warn: func(line string) { a.warn("%s", line) }}
	if h.tool {
		o.Tool = askUtilization
	}
	s := sampling.Start(o)
	return func() wrap.Usage { return sampledUse(s.Summaries(), s.Findings()) }, s.Stop
}

// sampledUse is what was sampled as the record has it.
func sampledUse(summaries []sampling.Summary, findings []sampling.Finding) wrap.Usage {
	var u wrap.Usage
	for _, s := range summaries {
		if n := len(u.Use); n == 0 || u.Use[n-1].Product != s.Product {
			// The time held is filled in from the devices and the period.
			u.Use = append(u.Use, meter.Use{Product: s.Product, Grade: meter.GradeMeasured})
		}
		signal := meter.Signal{Name: s.Name, Kind: meter.SignalKind(s.Kind), Source: s.Source, Samples: s.Samples, Covered: s.Covered}
		if signal.Kind == meter.RateSignal || signal.Kind == meter.OccupancySignal {
			signal.Share = &meter.Share{Low: s.Low, Mean: s.Mean, High: s.High}
		} else if total, err := meter.OpsFromBig(s.Total); err == nil { // no counter comes near 2^128
			signal.Total = &total
		}
		last := &u.Use[len(u.Use)-1]
		last.Signals = append(last.Signals, signal)
	}
	for _, f := range findings {
		u.Findings = append(u.Findings, meter.Finding{Code: f.Code, Message: f.Message})
	}
	return u
}

// unitsOf are the devices and slices that the job holds.
func unitsOf(i probe.Inventory) []sampling.Unit {
	var units []sampling.Unit
	for _, d := range i.Devices {
		if !d.Held {
			continue
		}
		if !d.Partitioned {
			units = append(units, sampling.Unit{Product: d.Product, UUID: d.UUID, Chip: d.UUID, Serial: d.Serial, Instance: -1, Share: 1})
			continue
		}
		for n, s := range d.Slices {
			if !s.Held {
				continue
			}
			u := sampling.Unit{Product: d.Product, UUID: s.UUID, Chip: d.UUID, Serial: d.Serial, Instance: s.GPUInstance, Share: 1}
			if s.Compute > 0 {
				u.Share = float64(s.Compute) / float64(s.ComputeOf)
			}
			if u.Instance < 0 {
				u.Instance = n // AMD numbers partitions from 0
			}
			units = append(units, u)
		}
	}
	return units
}

// measuredDevices are the devices that the job holds, as the record has them.
func measuredDevices(seen probe.Inventory) []meter.Device {
	var devices []meter.Device
	for _, d := range seen.Devices {
		if !d.Held {
			continue
		}
		device := meter.Device{Product: d.Product, PCI: string(d.PCI), Address: d.Address, UUID: d.UUID, Serial: d.Serial, Count: 1, Grade: meter.GradeMeasured}
		if !d.Partitioned {
			devices = append(devices, device)
			continue
		}
		for _, s := range d.Slices {
			if s.Held {
				devices = append(devices, sliceOf(device, d, s))
			}
		}
	}
	return devices
}

// sliceOf is a slice as a device of its own. One whose share is not known stands
// for the whole chip, which is never too little.
func sliceOf(device meter.Device, d probe.Device, s probe.Slice) meter.Device {
	device.UUID = s.UUID
	if s.Compute == 0 || s.Compute == s.ComputeOf {
		return device
	}
	device.Slice = &meter.Slice{Chip: d.UUID, Profile: s.Profile, Compute: s.Compute, ComputeOf: s.ComputeOf}
	if s.Memory > 0 && s.Memory <= d.Memory {
		device.Slice.Memory, device.Slice.MemoryOf = s.Memory, d.Memory
	}
	return device
}

// seenHost reads the machine for a run.
func (a *app) seenHost(ctx context.Context, f hostFlags) (probe.Inventory, *nvml.Library, error) {
	f.given = f.root != "/"
	sources, library, release, err := a.sources(ctx, f)
	defer release()
	if err != nil {
		return probe.Inventory{}, nil, err
	}
	if sources.Environment == nil { // another view of this very machine
		sources.Environment = a.env.environ
	}
	inventory, err := probe.Read(sources)
	return inventory, library, err
}
