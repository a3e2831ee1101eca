package probe

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"unicode"

	"github.com/weighbridge/weighbridge/provenance"
)

// Inventory is what was found on a host. A field that could not be read is
// empty, and a finding says why.
type Inventory struct {
	Devices      []Device   `json:"devices"` // by PCI address
	CPU          string     `json:"cpu,omitempty"`
	Cores        int        `json:"cores,omitempty"`  // logical processors online
	Memory       uint64     `json:"memory,omitempty"` // bytes
	Kernel       string     `json:"kernel,omitempty"` // release
	Machine      string     `json:"machine,omitempty"`
	NVIDIA       string     `json:"nvidia_driver,omitempty"` // version of NVIDIA's driver
	AMD          string     `json:"amd_driver,omitempty"`    // version of AMD's, where it is not the kernel's own
	Confidential string     `json:"confidential_computing,omitempty"`
	Source       string     `json:"nvidia_source,omitempty"` // which of NVIDIA's software was asked
	Absent       string     `json:"nvidia_absent,omitempty"` // why none of it was, one line; normal where there is no NVIDIA device
	Container    *Container `json:"container,omitempty"`     // nil: none was seen
	Findings     []Finding  `json:"findings"`
}

// Device is one accelerator on the PCI bus.
type Device struct {
	// Product is the catalogue's full name when the device is Known, else what
	// its driver calls it, else "unknown device vvvv:dddd"; never empty.
	Product string `json:"product"`
	// Known says that the device is one product of the catalogue.
	Known bool `json:"known"`
	// Candidates are the products that it may be where its id, or a name and an
	// id that disagree, stand for several.
	Candidates []string         `json:"candidates,omitempty"`
	DriverName string           `json:"driver_name,omitempty"` // the product as the driver names it
	PCI        provenance.PCIID `json:"pci"`
	Subsystem  provenance.PCIID `json:"subsystem,omitempty"`
	Address    string           `json:"address"` // domain:bus:device.function
	UUID       string           `json:"uuid,omitempty"`
	Serial     string           `json:"serial,omitempty"`
	VBIOS      string           `json:"vbios,omitempty"`
	Driver     string           `json:"driver,omitempty"` // the kernel's driver; empty when none is bound
	Memory     uint64           `json:"memory,omitempty"` // bytes
	Fabric     *Fabric          `json:"fabric,omitempty"`
	NVLinks    int              `json:"nvlinks,omitempty"`
	// Partitioned: the work runs on Slices and not on the whole.
	Partitioned bool    `json:"partitioned,omitempty"`
	Slices      []Slice `json:"slices,omitempty"`
	// Held: nothing keeps the job from this device. A partitioned device is
	// held when one of its slices is.
	Held      bool   `json:"held"`
	NotHeldBy string `json:"not_held_by,omitempty"` // what keeps the job from it
	// Classification is that of the product. Where there are several candidates
	// of one class it carries their class and nothing else; the zero value,
	// which is undetermined, where they differ or nothing is known.
	Classification provenance.Classification `json:"-"`

	order  int // as its vendor's software numbers it
	minor  int // of /dev/nvidiaN; -1: not known
	render int // of /dev/dri/renderDN; -1: not known
}

// Slice is a part of a device that works as a device of its own: a MIG slice, or
// a partition of AMD's.
type Slice struct {
	UUID        string `json:"uuid,omitempty"`
	Profile     string `json:"profile,omitempty"`
	Compute     uint64 `json:"compute,omitempty"` // units of computation, 0: not known,
	ComputeOf   uint64 `json:"compute_of,omitempty"`
	Memory      uint64 `json:"memory,omitempty"` // bytes
	GPUInstance int    `json:"-"`                // as telemetry names a MIG slice; -1: not known
	Held        bool   `json:"held"`
	NotHeldBy   string `json:"not_held_by,omitempty"`

	computeInstance int
	order, render   int
}

// Finding is something about the host that a reader must know.
type Finding struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// Sources is what an inventory is made of.
type Sources struct {
	Host      fs.FS // the machine's files, rooted at /
	Catalogue *provenance.Catalogue
	// NVIDIA is what NVIDIA's software said; nil: it was not there, and Silence
	// is the line that says why.
	NVIDIA  *Report
	Silence string
	// Environment are the job's variables, NAME=VALUE; nil: not known.
	Environment []string
	Process     string // the process of the job under /proc; empty: self
}

// Read reads the host whose files are rooted at s.Host. The error is for
// missing arguments; whatever the sources hold is an inventory with findings.
func Read(s Sources) (Inventory, error) {
	if s.Host == nil || s.Catalogue == nil {
		return Inventory{}, errors.New("probe: a host's files and a catalogue are needed")
	}
	if s.Process == "" {
		s.Process = "self"
	}
	r := &reader{Sources: s, host: s.Host, catalogue: s.Catalogue, counts: map[string]int{}, classes: map[string]provenance.Classification{}, names: map[string]answer{}}
	inventory := Inventory{Devices: r.devices()}
	inventory.CPU, inventory.Cores = r.processor()
	inventory.Memory = r.memory()
	inventory.Kernel = r.line("proc/sys/kernel/osrelease", "kernel")
	inventory.Machine = r.optional("proc/sys/kernel/arch") // since Linux 6.1
	inventory.Container = r.container()
	r.drivers(&inventory)
	inventory.Absent = printable(s.Silence, 256)
	r.settleHeld(inventory.Devices)
	inventory.Findings = r.findings()
	return inventory, nil
}

// drivers adds what the vendors' drivers and software say.
func (r *reader) drivers(i *Inventory) {
	r.addKFD(i.Devices)
	if slices.ContainsFunc(i.Devices, isNVIDIA) || r.NVIDIA != nil {
		i.NVIDIA = r.nvidiaVersion()
		r.addReport(i)
	}
	if slices.ContainsFunc(i.Devices, isAMD) {
		i.AMD = r.optional("sys/module/amdgpu/version") // of the packaged driver only
	}
	for at := range i.Devices {
		if len(i.Devices[at].Slices) > 0 {
			r.limitSlices(&i.Devices[at])
		}
	}
}

// Group is a set of equal devices.
type Group struct {
	Product string           `json:"product"`
	PCI     provenance.PCIID `json:"pci"`
	Known   bool             `json:"known"`
	ECCN    provenance.ECCN  `json:"eccn"`
	Count   int              `json:"count"`
	Held    int              `json:"held"` // by the job
}

// Groups returns the devices counted by product and PCI id, in the order of
// their first addresses.
func (i Inventory) Groups() []Group {
	var groups []Group
	for _, d := range i.Devices {
		at := slices.IndexFunc(groups, func(g Group) bool { return g.Product == d.Product && g.PCI == d.PCI })
		if at < 0 {
			at = len(groups)
			groups = append(groups, Group{Product: d.Product, PCI: d.PCI, Known: d.Known, ECCN: d.ECCN()})
		}
		groups[at].Count++
		if d.Held {
			groups[at].Held++
		}
	}
	return groups
}

// ECCN is the device's class, undetermined where none was computed.
func (d Device) ECCN() provenance.ECCN {
	if d.Classification.ECCN == "" {
		return provenance.Undetermined
	}
	return d.Classification.ECCN
}

// reader carries what one reading collects.
type reader struct {
	Sources
	host      fs.FS
	catalogue *provenance.Catalogue
	notes     []Finding
	counts    map[string]int
	classes   map[string]provenance.Classification // by product: eight of one kind are classified once
	names     map[string]answer                    // by the driver's name
}

// answer is what the catalogue said to a name.
type answer struct {
	found provenance.Accelerator
	err   error
}

// maxPerCode bounds the findings of one kind, so that a host with 100 000
// broken devices gets a page and not a book.
const maxPerCode = 8

func (r *reader) note(code, format string, args ...any) {
	r.counts[code]++
	if r.counts[code] <= maxPerCode {
		r.notes = append(r.notes, Finding{code, printable(fmt.Sprintf(format, args...), 400)})
	}
}

// findings returns the notes, and one for every kind of which some were left out.
func (r *reader) findings() []Finding {
	all := slices.Clone(r.notes)
	if all == nil {
		all = []Finding{}
	}
	var more []Finding
	for code, n := range r.counts {
		if n > maxPerCode {
			more = append(more, Finding{code, fmt.Sprintf("and %d more of this kind", n-maxPerCode)})
		}
	}
	slices.SortFunc(more, func(a, b Finding) int { return strings.Compare(a.Code, b.Code) })
	return append(all, more...)
}

// printable replaces what a terminal might obey or not show, and cuts what is too long: the
// text comes from files that anybody may have written.
func printable(text string, limit int) string {
	text = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) || r == unicode.ReplacementChar {
			return '?'
		}
		return r
	}, strings.ToValidUTF8(text, "?"))
	if len(text) > limit {
		text = strings.ToValidUTF8(text[:limit], "") + "..."
	}
	return text
}
