package provenance

import (
	"fmt"
	"regexp"
	"strings"
)

// PCIID is a pair of PCI ids in lower case, four hexadecimal digits each:
// vendor and device, as in "10de:2330", or subsystem vendor and subsystem.
type PCIID string

var pciPair = regexp.MustCompile(`^[0-9a-f]{4}:[0-9a-f]{4}$`)

// PCIMatch is what identifies a product on the PCI bus. Without a subsystem
// every board with the device id is meant.
type PCIMatch struct {
	Device    PCIID `json:"device"`
	Subsystem PCIID `json:"subsystem,omitempty"`
}

// ParsePCI reads "vvvv:dddd" or "vvvv:dddd/ssss:ssss", in either case.
func ParsePCI(text string) (PCIMatch, error) {
	device, subsystem, qualified := strings.Cut(strings.ToLower(text), "/")
	if !pciPair.MatchString(device) || qualified && !pciPair.MatchString(subsystem) {
		return PCIMatch{}, fmt.Errorf("PCI id %.40q: expected vendor:device in hexadecimal, as in 10de:2330, or with a subsystem, as in 10de:25b6/10de:157e", text)
	}
	return PCIMatch{PCIID(device), PCIID(subsystem)}, nil
}

// String returns the form that [ParsePCI] reads.
func (m PCIMatch) String() string {
	if m.Subsystem == "" {
		return string(m.Device)
	}
	return string(m.Device) + "/" + string(m.Subsystem)
}

// covers reports whether a device found as other may be the product m. An
// unknown subsystem on either side rules nothing out.
func (m PCIMatch) covers(other PCIMatch) bool {
	return m.Device == other.Device && (m.Subsystem == "" || other.Subsystem == "" || m.Subsystem == other.Subsystem)
}
