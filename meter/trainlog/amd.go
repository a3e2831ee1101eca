package trainlog

import (
	"bytes"
	"strings"

	"github.com/weighbridge/weighbridge/meter"
)

// amdExporter reads a scrape of AMD's device-metrics-exporter (metrics list at
// afd0fe81; labels as samples in public trackers have them), in the text format
// of Prometheus, its names with or without the prefix amd_:
//
//	gpu_prof_tensor_active_percent{card_series="AMD Instinct MI300X OAM",...,gpu_uuid="ccff74a1-...",serial_number="692409005408"} 11
//
// It is telemetry: it adds to a run's hardware and to no count. The counter of
// 16-bit operations leaves FP8 and INT8 out. A line of a partition counts against
// a part of the device.
type amdExporter struct {
	devices []string // by serial number or UUID, in the order they were first seen
	tensor  []string // per device, "" where none
	ops     []string
	model   string
}

func (d *amdExporter) name() string    { return "amd-exporter" }
func (d *amdExporter) marks() []string { return []string{"^# HELP ", "^# TYPE "} } // all others have a brace
func (d *amdExporter) clone() parser {
	return &amdExporter{clipped(d.devices), clipped(d.tensor), clipped(d.ops), d.model}
}

func (d *amdExporter) read(l line, n *notes) verdict {
	text := l.text
	for _, comment := range []string{"# HELP ", "# TYPE "} {
		if rest, ok := bytes.CutPrefix(text, []byte(comment)); ok && strings.HasPrefix(amdName(rest), "gpu_") {
			return understood
		}
	}
	name, rest, found := bytes.Cut(text, []byte("{"))
	end := bytes.LastIndexByte(rest, '}')
	metric := amdName(name)
	if !found || end < 0 || !strings.HasPrefix(metric, "gpu_") || !l.whole {
		return foreign
	}
	labels := rest[:end]
	device := label(labels, "serial_number")
	if device == "" {
		device = label(labels, "gpu_uuid")
	}
	if device == "" || label(labels, "card_series")+label(labels, "card_model") == "" {
		return foreign
	}
	if partition := label(labels, "gpu_compute_partition_type"); partition != "" && !strings.EqualFold(partition, "spx") {
		n.add(Slice, l.at, 0, 0)
		return understood
	}
	value, _, _ := bytes.Cut(bytes.TrimSpace(rest[end+1:]), []byte(" ")) // a time may follow
	if !d.take(metric, device, value) {
		n.add(Sentinel, l.at, 0, 0)
	}
	if series := label(labels, "card_series"); series != "" && len(series) <= maxWord {
		d.model = series
	}
	return signature
}

// amdName is a metric's name in lower case, without a prefix.
func amdName(name []byte) string {
	return strings.TrimPrefix(strings.ToLower(string(name[:min(len(name), 128)])), "amd_")
}

// take keeps the last value of a device; false when it is none.
func (d *amdExporter) take(metric, device string, value []byte) bool {
	at := -1
	for i, have := range d.devices {
		if have == device {
			at = i
		}
	}
	if at < 0 && len(d.devices) < maxDevices {
		at = len(d.devices)
		d.devices, d.tensor, d.ops = append(d.devices, device), append(d.tensor, ""), append(d.ops, "")
	}
	if at < 0 || metric != "gpu_prof_tensor_active_percent" && metric != "gpu_prof_total_16_ops" {
		return true
	}
	plain, ok := plainNumber(value)
	if !ok {
		return false
	}
	if metric == "gpu_prof_tensor_active_percent" {
		d.tensor[at] = plain
	} else {
		d.ops[at] = plain
	}
	return true
}

func (d *amdExporter) observe(*meter.Observation) {}

func (d *amdExporter) figures() []Figure {
	var list sheet
	if len(d.devices) > 0 {
		list.count("devices", uint64(len(d.devices)))
	}
	list.word("device", []byte(d.model))
	for name, values := range map[string][]string{"tensor_active_percent": stated(d.tensor), "operations_16bit_counter": stated(d.ops)} {
		if len(values) > 0 {
			list.set(name, Numbers, strings.Join(values, ","))
		}
	}
	return list
}

// stated leaves out devices without a value: absence is not zero.
func stated(values []string) []string {
	var list []string
	for _, v := range values {
		if v != "" {
			list = append(list, v)
		}
	}
	return list
}
