package verify

import (
	"fmt"
	"slices"

	"github.com/weighbridge/weighbridge/attest"
)

// Level is how far a claim can be trusted (SPEC.md, "Levels"). It is computed from
// what was verified, and never read from what arrived.
type Level int

// The levels.
const (
	NoLevel        Level = iota // nothing that was verified says it
	Declared                    // it only says who is lying, if anyone is
	Metered                     // a ledger whose head outsiders have witnessed
	CrossChecked                // a second source of another organisation agrees
	HardwareRooted              // quotes of the machines bind it
)

// Levels returns the words for the levels, lowest first.
func Levels() []string {
	return []string{"none", "declared", "metered", "cross-checked", "hardware-rooted"}
}

// String is the word for l.
func (l Level) String() string {
	if l < 0 || int(l) >= len(Levels()) {
		return fmt.Sprintf("level %d", int(l))
	}
	return Levels()[l]
}

// MarshalText writes the word.
func (l Level) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// ParseLevel returns the level of a word of [Levels].
func ParseLevel(s string) (Level, error) {
	if at := slices.Index(Levels(), s); at >= 0 {
		return Level(at), nil
	}
	return 0, fmt.Errorf("level %.60q is not known: expected one of %v", s, Levels())
}

// MinLevels are the levels that a policy asks for. The zero value asks for none.
type MinLevels struct{ Claim, Quantity, Hardware Level }

// Assurance are the levels that were reached: of the quantity, of the hardware,
// and of the claim as a whole, which is the lower of the two.
type Assurance struct {
	Claim    Level `json:"claim"`
	Quantity Track `json:"quantity"`
	Hardware Track `json:"hardware"`
	// Checkpoints are the last ones of the logs of which a proof came along, fits
	// together and is of the heads that the statement names.
	Checkpoints []CheckedPoint `json:"checkpoints,omitempty"`
}

// Track is one track of assurance.
type Track struct {
	Level Level    `json:"level"`
	Next  Level    `json:"next"`
	Why   []string `json:"why_not_next"` // the conditions of the next level that were not met
}

// levels computes the assurance, and holds it to the policy.
func (v *verification) levels() {
	a := Assurance{Quantity: v.quantity(), Checkpoints: v.result.Assurance.Checkpoints}
	a.Hardware = v.hardwareTrack(a.Quantity.Level)
	a.Claim = min(a.Quantity.Level, a.Hardware.Level)
	v.result.Assurance = a
	want := v.policy.Levels
	for _, c := range []struct {
		what        string
		found, want Level
		why         []string
	}{
		{"the claim", a.Claim, want.Claim, append(slices.Clone(a.Quantity.Why), a.Hardware.Why...)},
		{"the quantity", a.Quantity.Level, want.Quantity, a.Quantity.Why},
		{"the hardware", a.Hardware.Level, want.Hardware, a.Hardware.Why},
	} {
		if c.found < c.want {
			v.problem(CodeLevel, fmt.Sprintf("%s reaches the level %s: the policy asks for %s; %s", c.what, c.found, c.want, c.why[0]),
				"ask the signer for the evidence of that level, or ask for less in the policy")
		}
	}
}

// quantity: level 1 needs a statement about these weights by a key of the policy,
// level 2 the proof of its logs. Nothing of this version gives more.
func (v *verification) quantity() Track {
	c := v.accepted(func(s attest.Statement) bool { return s.TrainingCompute != nil })
	if c == nil {
		return Track{NoLevel, Declared, []string{"no training-compute statement about these weights by a key that was named was accepted"}}
	}
	if why := v.unmetered(*c); len(why) > 0 {
		return Track{Declared, Metered, clipped(why)}
	}
	return Track{Metered, CrossChecked, []string{"no figure for the same work, signed by a second source of another organisation, came along"}}
}

// hardwareTrack: level 1 needs every accelerator named as the catalogue has it; for
// an empty list nothing is named. Level 2 needs what it needs for the quantity, and
// devices that the meter itself told apart.
func (v *verification) hardwareTrack(quantity Level) Track {
	h := v.accepted(func(s attest.Statement) bool { return s.Hardware != nil })
	if h == nil {
		return Track{NoLevel, Declared, []string{"no hardware statement about these weights by a key that was named was accepted"}}
	}
	if why := v.unnamed(*h.Hardware); len(why) > 0 {
		return Track{NoLevel, Declared, why}
	}
	var why []string
	if quantity < Metered {
		why = append(why, "the quantity is not metered, so that no record of the hardware is proved")
	}
	switch {
	case h.Disclosed != nil:
		why = append(why, "the hardware statement hides figures, so that nothing shows that they are those of the log")
	case quantity >= Metered:
		why = append(why, v.unseenDevices(*h.Hardware)...)
	default:
		why = append(why, "no serial number or UUID of a device, read by the meter, is proved for each record")
	}
	if len(why) > 0 {
		return Track{Declared, Metered, clipped(why)}
	}
	return Track{Metered, CrossChecked, []string{"no second source of another organisation named the same devices"}}
}

func (v *verification) unnamed(h attest.Hardware) []string {
	if len(h.Devices) == 0 {
		return []string{"the hardware statement names no accelerator: none was seen, which does not say that there was none"}
	}
	catalogue, err := attest.EmbeddedCatalogue()
	if err != nil {
		return []string{"this build's catalogue of accelerators cannot be read: " + err.Error()}
	}
	var why []string
	for _, d := range h.Devices {
		if _, err := catalogue.Find(d.Product); err != nil {
			why = append(why, fmt.Sprintf("%.80q is not an accelerator of the catalogue", d.Product))
		}
	}
	return clipped(why)
}

// accepted returns the accepted statement that is asked for, or nil.
func (v *verification) accepted(is func(attest.Statement) bool) *attest.Statement {
	if at := slices.IndexFunc(v.result.Verified, is); at >= 0 {
		return &v.result.Verified[at]
	}
	return nil
}
