package trainlog

import (
	"bytes"
	"math/big"
	"strings"

	"github.com/weighbridge/weighbridge/meter"
)

// dcgm reads a scrape of NVIDIA's dcgm-exporter (README and default counters at
// d5e5f510; sentinels of dcgm_fields.h at 72fa3fea), in the text format of
// Prometheus:
//
//	DCGM_FI_PROF_PIPE_TENSOR_ACTIVE{gpu="0",UUID="GPU-...",...,modelName="NVIDIA H100 80GB HBM3",...} 0.412
//
// It is telemetry: it adds to a run's hardware and to no count. A line of a MIG
// instance counts against a slice of the device. A value that is not there is
// unknown, never zero.
type dcgm struct {
	ratios  []string // per device, in the order they were first seen
	devices []string // their UUIDs
	seen    []string // UUIDs of all devices
	model   string
}

// maxDevices bounds what is kept of one host or scrape.
const maxDevices = 4096

func (d *dcgm) name() string    { return "dcgm" }
func (d *dcgm) marks() []string { return []string{"DCGM_FI_"} }
func (d *dcgm) clone() parser {
	c := *d
	c.ratios, c.devices, c.seen = clipped(d.ratios), clipped(d.devices), clipped(d.seen)
	return &c
}

// clipped returns a copy that shares nothing.
func clipped(list []string) []string { return append([]string(nil), list...) }

func (d *dcgm) read(l line, n *notes) verdict {
	if bytes.HasPrefix(l.text, []byte("# HELP DCGM_FI_")) || bytes.HasPrefix(l.text, []byte("# TYPE DCGM_FI_")) {
		return understood
	}
	if !bytes.HasPrefix(l.text, []byte("DCGM_FI_")) {
		return foreign
	}
	name, rest, found := bytes.Cut(l.text, []byte("{"))
	end := bytes.LastIndexByte(rest, '}')
	if !found || end < 0 {
		return foreign
	}
	labels := rest[:end]
	value, _, _ := bytes.Cut(bytes.TrimSpace(rest[end+1:]), []byte(" ")) // a time may follow
	uuid := label(labels, "UUID")
	switch {
	case uuid == "" || !l.whole:
		return foreign
	case label(labels, "GPU_I_ID") != "":
		n.add(Slice, l.at, 0, 0)
		return understood
	case sentinel(value):
		n.add(Sentinel, l.at, 0, 0)
		return understood
	}
	if !contains(d.seen, uuid) && len(d.seen) < maxDevices {
		d.seen = append(d.seen, uuid)
	}
	if model := label(labels, "modelName"); model != "" && len(model) <= maxWord {
		d.model = model
	}
	switch string(name) {
	case "DCGM_FI_PROF_PIPE_TENSOR_ACTIVE", "DCGM_FI_PROF_TENSOR_UTIL_RATIO": // the legacy name and its successor
		d.ratio(uuid, value)
	}
	return signature
}

// ratio keeps the last value of a device.
func (d *dcgm) ratio(uuid string, value []byte) {
	plain, ok := plainNumber(value)
	if !ok {
		return
	}
	for i, have := range d.devices {
		if have == uuid {
			d.ratios[i] = plain
			return
		}
	}
	if len(d.devices) < maxDevices {
		d.devices, d.ratios = append(d.devices, uuid), append(d.ratios, plain)
	}
}

func contains(list []string, s string) bool {
	for _, have := range list {
		if have == s {
			return true
		}
	}
	return false
}

// label returns the value of a label; "" when it is absent.
func label(labels []byte, name string) string {
	for rest := labels; ; {
		at := bytes.Index(rest, []byte(name+`="`))
		if at < 0 {
			return ""
		}
		value := rest[at+len(name)+2:]
		if at > 0 && rest[at-1] != ',' && rest[at-1] != ' ' {
			rest = value
			continue
		}
		if end := bytes.IndexByte(value, '"'); end >= 0 {
			return string(value[:end])
		}
		return ""
	}
}

// sentinel reports whether a value stands for none: INT32 from 0x7ffffff0,
// INT64 from 0x7ffffffffffffff0, FP64 from 2^47 (dcgm_fields.h), or a text.
func sentinel(value []byte) bool {
	r, ok := exactly(value)
	if !ok {
		return true
	}
	if r.IsInt() && r.Num().IsInt64() {
		v := r.Num().Int64()
		return v >= 0x7ffffff0 && v <= 0x7fffffff || v >= 0x7ffffffffffffff0
	}
	return r.Cmp(new(big.Rat).SetInt64(1<<47)) >= 0
}

func (d *dcgm) observe(*meter.Observation) {}

func (d *dcgm) figures() []Figure {
	var list sheet
	if len(d.seen) > 0 {
		list.count("devices", uint64(len(d.seen)))
	}
	list.word("device", []byte(d.model))
	if len(d.ratios) > 0 {
		list.set("tensor_active_ratio", Numbers, strings.Join(d.ratios, ","))
	}
	return list
}
