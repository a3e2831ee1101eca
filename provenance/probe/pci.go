package probe

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"strconv"
	"strings"

	"github.com/weighbridge/weighbridge/provenance"
)

const (
	pciDevices   = "sys/bus/pci/devices"
	nvidiaVendor = "10de"
	amdVendor    = "1002"
)

var pciAddress = regexp.MustCompile(`^[0-9a-f]{4,8}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]$`)

// devices lists the accelerators on the PCI bus.
func (r *reader) devices() []Device {
	entries, err := fs.ReadDir(r.host, pciDevices)
	if err != nil {
		reason := "is not there: no PCI bus, or a container without /sys"
		if !errors.Is(err, fs.ErrNotExist) {
			reason = "cannot be listed: " + err.Error()
		}
		r.note("pci-unknown", "/%s %s; accelerators cannot be seen", pciDevices, reason)
	}
	devices := []Device{}
	for _, entry := range entries {
		if !pciAddress.MatchString(entry.Name()) {
			r.note("pci-absurd", "/%s/%s: expected an address such as 0000:18:00.0", pciDevices, entry.Name())
			continue
		}
		if d, ok := r.device(entry.Name()); ok {
			devices = append(devices, d)
		}
	}
	return devices
}

// device reads one entry of the bus; false when it is no accelerator, or so
// broken that it cannot be told.
func (r *reader) device(address string) (Device, bool) {
	dir := pciDevices + "/" + address
	class, ok := r.hex(dir+"/class", 6)
	if !ok {
		return Device{}, false
	}
	vendor, okVendor := r.hex(dir+"/vendor", 4)
	id, okDevice := r.hex(dir+"/device", 4)
	if !okVendor || !okDevice {
		return Device{}, false
	}
	found := provenance.PCIMatch{Device: provenance.PCIID(vendor + ":" + id)}
	candidates := r.catalogue.FindPCI(found)
	if len(candidates) == 0 && !acceleratorClass(class) {
		return Device{}, false
	}
	if len(candidates) == 0 && displayOnly(vendor) != "" {
		r.note("display-only", "%s is a %s (%s), no accelerator: not counted", address, displayOnly(vendor), found.Device)
		return Device{}, false
	}
	found.Subsystem = r.subsystem(dir)
	d := Device{PCI: found.Device, Subsystem: found.Subsystem, Address: address, Held: true, order: -1, minor: -1, render: -1}
	d.Driver = r.driver(dir)
	r.name(&d, dir)
	r.identify(&d)
	return d, true
}

// acceleratorClass: base class 03 is a display controller (0300 VGA, 0302 3D,
// 0380 other), 12 a processing accelerator (PCI Code and ID Assignment, and
// include/linux/pci_ids.h).
func acceleratorClass(class string) bool {
	return strings.HasPrefix(class, "03") || strings.HasPrefix(class, "12")
}

// displayOnly describes the display adapters of management controllers and
// hypervisors, which compute nothing; "" for any other vendor.
func displayOnly(vendor string) string {
	switch vendor {
	case "1a03":
		return "display of an ASPEED management controller"
	case "102b":
		return "Matrox display, as management controllers have"
	case "1234", "1b36", "1af4", "1013", "15ad", "1414", "80ee":
		return "virtual machine's display adapter"
	}
	return ""
}

var hexDigits = regexp.MustCompile(`^0x[0-9a-f]+$`)

// hex reads an attribute such as "0x10de" and returns its digits, exactly n.
func (r *reader) hex(name string, n int) (string, bool) {
	data, err := r.read(name, maxAttribute)
	text := strings.ToLower(strings.TrimSpace(string(data)))
	switch {
	case err != nil:
		r.note("device-unreadable", "/%s: %v; the device is not counted", name, err)
		return "", false
	case !hexDigits.MatchString(text) || len(text) != n+2:
		r.note("device-absurd", "/%s: %.40q: expected 0x and %d hexadecimal digits; the device is not counted", name, text, n)
		return "", false
	}
	return text[2:], true
}

// subsystem reads the subsystem's ids, empty when they cannot be read or are
// not set. Which board it is may hang on them, but that a device is there not.
func (r *reader) subsystem(dir string) provenance.PCIID {
	read := func(name string) string {
		data, err := r.read(dir+"/"+name, maxAttribute)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			r.note("unreadable", "/%s/%s: %v", dir, name, err)
		}
		return strings.TrimPrefix(strings.ToLower(strings.TrimSpace(string(data))), "0x")
	}
	text := read("subsystem_vendor") + ":" + read("subsystem_device")
	match, err := provenance.ParsePCI(text)
	if err != nil || text == "0000:0000" || text == "ffff:ffff" {
		return ""
	}
	return match.Device
}

// driver reads the bound driver's name from uevent; unlike the link beside it
// that is a plain file, so that a copied tree has it too.
func (r *reader) driver(dir string) string {
	data, err := r.read(dir+"/uevent", maxAttribute)
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(data)) {
		if name, ok := strings.CutPrefix(strings.TrimSpace(line), "DRIVER="); ok {
			return printable(name, 64)
		}
	}
	return ""
}

// name asks the device's driver for the product's name and the device's UUID.
// NVIDIA's writes /proc/driver/nvidia/gpus/ADDRESS/information; AMD's has
// attributes beside the ids (kernel documentation, gpu/amdgpu/driver-misc).
func (r *reader) name(d *Device, dir string) {
	switch vendor, _, _ := strings.Cut(string(d.PCI), ":"); vendor {
	case nvidiaVendor:
		file := "proc/driver/nvidia/gpus/" + d.Address + "/information"
		data, err := r.read(file, maxAttribute)
		if err != nil {
			r.note("driver-silent", "%s: product by PCI id and no UUID, because the NVIDIA driver tells nothing of it (not loaded, not bound, or not shown to this container): %v", d.Address, err)
			return
		}
		info := fields(data)
		d.DriverName, d.UUID, d.VBIOS = info["Model"], shown(info["GPU UUID"]), shown(info["Video BIOS"])
		d.minor = smallNumber(cmp.Or(info["Device Minor"], "-"))
	case amdVendor:
		d.DriverName = r.optional(dir + "/product_name")
		d.Serial = r.optional(dir + "/serial_number")
		d.VBIOS = r.optional(dir + "/vbios_version")
		d.UUID = r.uniqueID(dir + "/unique_id")
		d.Memory, _ = strconv.ParseUint(r.optional(dir+"/mem_info_vram_total"), 10, 60)
	}
	if d.DriverName == "Unknown" { // what NVIDIA's driver prints before the device is initialised
		d.DriverName = ""
	}
}

// shown drops the question marks that a driver prints of a device before its first use.
func shown(text string) string {
	if strings.Contains(text, "?") {
		return ""
	}
	return text
}

// uniqueID reads amdgpu's attribute, hexadecimal digits, as a UUID; "" where the
// device has none.
func (r *reader) uniqueID(name string) string {
	text := r.optional(name)
	unique, err := strconv.ParseUint(strings.TrimPrefix(text, "0x"), 16, 64)
	switch {
	case text == "" || err == nil && unique == 0:
		return ""
	case err != nil:
		r.note("device-absurd", "/%s: %.40q: expected up to 16 hexadecimal digits; the device has no UUID", name, text)
		return ""
	}
	return amdUUID(unique)
}

// identify settles what the device is. The PCI id and the driver's name must
// not contradict each other; neither wins over the other.
func (r *reader) identify(d *Device) {
	id := provenance.PCIMatch{Device: d.PCI, Subsystem: d.Subsystem}
	found, products := r.catalogue.FindPCI(id), r.catalogue.Sharing(id)
	byName, err := r.find(d.DriverName)
	switch named := d.DriverName != "" && err == nil; {
	case named && (len(found) == 0 || contains(found, byName)):
		found, products = []provenance.Accelerator{byName}, nil
	case named:
		r.note("name-and-id-disagree", "%s: PCI id %s is %s, but the driver calls it %q", d.Address, d.PCI, join(products), d.DriverName)
		found, products = append(found, byName), append(products, byName.Name())
	case d.DriverName != "" && len(found) > 0 && strings.HasPrefix(string(d.PCI), nvidiaVendor+":"):
		r.note("driver-name-unknown", "%s: PCI id %s is %s, but the driver calls it %q, a name that the catalogue does not have", d.Address, d.PCI, join(products), d.DriverName)
	}
	switch {
	case len(found) == 0:
		r.unknown(d, err)
	case len(products) > 1:
		r.ambiguous(d, found, products)
	default:
		r.known(d, found[0])
	}
}

// find asks the catalogue for each name once.
func (r *reader) find(name string) (provenance.Accelerator, error) {
	answer, asked := r.names[name]
	if !asked && name != "" {
		answer.found, answer.err = r.catalogue.Find(name)
		r.names[name] = answer
	}
	return answer.found, answer.err
}

func (r *reader) known(d *Device, a provenance.Accelerator) {
	if _, seen := r.classes[a.Name()]; !seen && a.DevicesPerProduct() > 1 {
		r.note("device-is-part", "one %s shows %d devices, and each is listed (%s is the first); their class is that of the whole", a.Name(), a.DevicesPerProduct(), d.Address)
	}
	d.Product, d.Known, d.Classification = a.Name(), true, r.classify(a)
}

// unknown fills in a device that the catalogue does not have.
func (r *reader) unknown(d *Device, err error) {
	var unknown *provenance.UnknownProductError
	called := ""
	d.Product = "unknown device " + string(d.PCI)
	if d.DriverName != "" {
		d.Product = d.DriverName
		called = fmt.Sprintf(", which the driver calls %q", d.DriverName)
		if errors.As(err, &unknown) && len(unknown.Nearest) > 0 {
			called += " (the nearest names are " + strings.Join(unknown.Nearest, ", ") + ")"
		}
	}
	r.note("device-unknown", "%s: the catalogue has no device with PCI id %s%s: no figures, no class", d.Address, d.PCI, called)
}

// ambiguous fills in a device that may be one of several products: a class
// only if the catalogue has them all and they are of one class.
func (r *reader) ambiguous(d *Device, found []provenance.Accelerator, products []string) {
	d.Candidates = products
	d.Product = d.DriverName
	if d.Product == "" {
		d.Product = "one of " + strings.Join(products, ", ")
	}
	if shared := r.classify(found[0]).ECCN; len(found) == len(products) && r.sameClass(found, shared) {
		d.Classification = provenance.Classification{ECCN: shared}
	}
	r.note("device-ambiguous", "%s: PCI id %s may be %s: class %s", d.Address, d.PCI, join(products), d.ECCN())
}

func (r *reader) classify(a provenance.Accelerator) provenance.Classification {
	c, done := r.classes[a.Name()]
	if !done {
		c = a.Classify()
		r.classes[a.Name()] = c
	}
	return c
}

func (r *reader) sameClass(all []provenance.Accelerator, class provenance.ECCN) bool {
	for _, a := range all {
		if r.classify(a).ECCN != class {
			return false
		}
	}
	return true
}

func contains(all []provenance.Accelerator, a provenance.Accelerator) bool {
	for _, b := range all {
		if b.Name() == a.Name() {
			return true
		}
	}
	return false
}

func join(products []string) string { return strings.Join(products, " or ") }
