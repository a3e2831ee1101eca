package trainlog

import (
	"bytes"
	"slices"
	"strings"

	"github.com/weighbridge/weighbridge/meter"
)

// nvidiaSMI reads what nvidia-smi --query-gpu=... --format=csv prints:
//
//	timestamp, index, name, uuid, utilization.gpu [%], power.draw [W], clocks.current.sm [MHz]
//	2026/08/22 10:00:01.123, 0, NVIDIA H100 80GB HBM3, GPU-00000000-..., 100 %, 512.31 W, 1830 MHz
//
// It is telemetry: it adds to a run's hardware and to no count. Devices are told
// apart by their uuid, because an index names another device on another machine.
// A utilisation is the share of time in which anything ran.
type nvidiaSMI struct {
	table table
	seen  []string
	names []string // distinct, in the order they were seen
}

func (d *nvidiaSMI) name() string { return "nvidia-smi" }
func (d *nvidiaSMI) marks() []string {
	return d.table.marks(append(gauges(), "^timestamp", "^index,", "^uuid,", "^name,")...)
}

// gauges are how the columns begin that only nvidia-smi has.
func gauges() []string {
	return []string{"utilization.", "power.draw", "clocks.current", "memory.", "temperature."}
}

func (d *nvidiaSMI) clone() parser {
	return &nvidiaSMI{d.table.clone(), clipped(d.seen), clipped(d.names)}
}

func (d *nvidiaSMI) read(l line, n *notes) verdict {
	if d.table.separator == 0 {
		d.table.separator = ','
	}
	if d.heading(l, n) {
		return understood
	}
	row, ok := d.table.row(l)
	if !ok {
		return foreign
	}
	name := string(row.cell("name"))
	if name != "" && len(name) <= maxWord && !contains(d.names, name) && len(d.names) < maxDevices {
		d.names = append(d.names, name)
	}
	uuid := row.cell("uuid")
	if !bytes.HasPrefix(uuid, []byte("GPU-")) {
		return understood
	}
	if !contains(d.seen, string(uuid)) && len(d.seen) < maxDevices {
		d.seen = append(d.seen, string(uuid))
	}
	return signature
}

// heading reads the line of names, each perhaps with its unit in brackets.
func (d *nvidiaSMI) heading(l line, n *notes) bool {
	if !d.table.header(l, "uuid") {
		if d.table.columns == nil && d.nameless(l) {
			n.add(Unidentified, l.at, 0, 0)
		}
		return false
	}
	if !contains(d.table.columns, "name") && !contains(d.table.columns, "index") {
		d.table.columns = nil
		return false
	}
	if bytes.Contains(l.text, []byte("utilization.gpu")) {
		n.add(Occupancy, l.at, 0, 0)
	}
	return true
}

// nameless reports whether the line is a heading that lacks the uuid.
func (d *nvidiaSMI) nameless(l line) bool {
	heading := d.table.clone()
	if !heading.header(l, "index") && !heading.header(l, "name") {
		return false
	}
	return slices.ContainsFunc(gauges(), func(g string) bool {
		return slices.ContainsFunc(heading.columns, func(column string) bool { return strings.HasPrefix(column, g) })
	})
}

func (d *nvidiaSMI) observe(*meter.Observation) {}

func (d *nvidiaSMI) figures() []Figure {
	var list sheet
	if len(d.seen) > 0 {
		list.count("devices", uint64(len(d.seen)))
	}
	if len(d.names) == 1 {
		list.word("device", []byte(d.names[0]))
	}
	return list
}
