package sampling

import "strings"

// Unit is one device of the job, or one slice of a device.
type Unit struct {
	Product  string
	UUID     string // of the device or slice
	Chip     string // UUID of the whole chip; equal to UUID for a whole one
	Serial   string
	Instance int     // number of the GPU instance (MIG) or partition (AMD); -1: the whole chip
	Share    float64 // of the chip, above 0 up to 1
}

// Reading is one value that a source gives for a unit.
type Reading struct {
	UUID     string // of a chip or slice; empty where the source has only a serial
	Serial   string
	Instance int // of a slice of the chip; -1: what UUID names
	Name     string
	Kind     Kind
	Value    float64 // a share from 0 to 1, or the state of a counter
}

// Kind says what a value is.
type Kind string

// The kinds, named as in the record.
const (
	Rate       Kind = "rate"
	Occupancy  Kind = "occupancy"
	Operations Kind = "operations"
	Energy     Kind = "energy" // millijoules
)

func (k Kind) counter() bool { return k == Operations || k == Energy }

// matches reports whether a reading is of this unit. A reading of the whole chip
// is none of a slice: others work on it too.
func (u Unit) matches(r Reading) bool {
	switch {
	case r.UUID != "" && strings.EqualFold(r.UUID, u.UUID):
		return r.Instance < 0 || r.Instance == u.Instance
	case r.UUID != "" && strings.EqualFold(r.UUID, u.Chip), r.Serial != "" && r.Serial == u.Serial:
		return r.Instance == u.Instance
	}
	return false
}
