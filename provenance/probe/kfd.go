package probe

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
)

const kfdNodes = "sys/class/kfd/kfd/topology/nodes"

// kfdNode is one GPU, or one partition of a GPU, as AMD's compute driver
// numbers them (drivers/gpu/drm/amd/amdkfd/kfd_topology.c).
type kfdNode struct {
	node    int
	address string
	unique  uint64 // 0: not said
	simds   uint64
	render  int
}

// kfd reads the topology: the GPUs in the order in which ROCm numbers them.
func (r *reader) kfd() (nodes []kfdNode, there bool) {
	entries, err := fs.ReadDir(r.host, kfdNodes)
	if err != nil {
		return nil, false // no compute driver of AMD's: normal
	}
	for _, entry := range entries {
		number, err := strconv.ParseUint(entry.Name(), 10, 16)
		if err != nil || len(nodes) >= maxReported {
			continue
		}
		dir := kfdNodes + "/" + entry.Name()
		id, err := r.read(dir+"/gpu_id", maxAttribute)
		if errors.Is(err, fs.ErrPermission) || strings.TrimSpace(string(id)) == "0" {
			continue // a GPU that a device control group keeps from us, or a processor
		}
		data, err := r.read(dir+"/properties", maxAttribute)
		if err != nil {
			r.note("unreadable", "/%s/properties: %v", dir, err)
			continue
		}
		if node, ok := parseKFD(data); ok {
			node.node = int(number)
			nodes = append(nodes, node)
		} else {
			r.note("kfd-absurd", "/%s/properties: expected a GPU with location_id, domain and simd_count", dir)
		}
	}
	slices.SortFunc(nodes, func(a, b kfdNode) int { return cmp.Compare(a.node, b.node) })
	return nodes, len(entries) > 0
}

// parseKFD reads "name value" lines. location_id is bus << 8 | device << 3 |
// function (pci_dev_id of the kernel), and of a partitioned GPU the partition
// in bits 28 to 31.
func parseKFD(data []byte) (kfdNode, bool) {
	values := map[string]uint64{}
	for line := range strings.Lines(string(data)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		if n, err := strconv.ParseUint(value, 10, 64); err == nil {
			values[name] = n
		}
	}
	location, domain := values["location_id"]&0x0fff_ffff, values["domain"]
	if values["simd_count"] == 0 || values["simd_count"] > 1<<24 || values["location_id"] > 0xffff_ffff || location > 0xffff || domain > 0xffff_ffff {
		return kfdNode{}, false
	}
	node := kfdNode{unique: values["unique_id"], simds: values["simd_count"], render: -1,
		address: fmt.Sprintf("%04x:%02x:%02x.%d", domain, location>>8, location>>3&0x1f, location&7)}
	if minor, ok := values["drm_render_minor"]; ok && minor < 1<<20 {
		node.render = int(minor)
	}
	return node, true
}

// amdUUID is a GPU's UUID as ROCm prints and reads it: GPU- and the sixteen hexadecimal
// digits of its unique id.
func amdUUID(unique uint64) string { return fmt.Sprintf("GPU-%016x", unique) }

// addKFD adds what the compute driver says of AMD's GPUs: order, identity, and
// the partitions of one that is divided (CPX, DPX and the like).
func (r *reader) addKFD(devices []Device) {
	nodes, there := r.kfd()
	if !there {
		return
	}
	total := map[string]uint64{}
	count := map[string]int{}
	for _, n := range nodes {
		total[n.address] += n.simds
		count[n.address]++
	}
	places := map[string]int{}
	for i, d := range devices {
		places[d.Address] = i
	}
	for order, n := range nodes {
		i, onBus := places[n.address]
		if !onBus || !isAMD(devices[i]) {
			r.note("kfd-unmatched", "/%s/%d: no AMD device on the bus at %s", kfdNodes, n.node, n.address)
			continue
		}
		d := &devices[i]
		if d.UUID == "" && n.unique != 0 {
			d.UUID = amdUUID(n.unique)
		}
		if count[n.address] == 1 {
			d.order, d.render = order, n.render
			continue
		}
		d.Partitioned = true
		d.Slices = append(d.Slices, Slice{UUID: fmt.Sprintf("%s/%d", cmp.Or(d.UUID, d.Address), len(d.Slices)), Profile: "partition",
			Compute: n.simds, ComputeOf: total[n.address], GPUInstance: -1, Held: true, order: order, render: n.render})
	}
	for i := range devices {
		if d := &devices[i]; isAMD(*d) && count[d.Address] == 0 {
			d.hide("AMD's compute driver (KFD) does not show it to this process")
		}
	}
}

func isAMD(d Device) bool { return strings.HasPrefix(string(d.PCI), amdVendor+":") }

func isNVIDIA(d Device) bool { return strings.HasPrefix(string(d.PCI), nvidiaVendor+":") }
