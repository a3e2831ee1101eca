package meter

import (
	"errors"
	"fmt"
	"math/big"
	"slices"
)

// Use is how long a record's work held the accelerators of one product, and how
// busy they were by the signals that somebody read meanwhile. What was not
// sampled is unknown, never zero: a mean is the mean of what Covered says.
type Use struct {
	Product string `json:"product"` // as in Hardware
	Devices uint64 `json:"devices"` // distinct devices, slices counted as devices
	// ChipMilliseconds is the time held, of whole chips: the sum over the
	// devices of the time that this process's work had each. A slice counts by
	// its share of the chip's compute, and the sum is rounded up.
	ChipMilliseconds uint64   `json:"chip_milliseconds"`
	Grade            Grade    `json:"grade"`
	Signals          []Signal `json:"signals,omitempty"` // best first
}

// SignalKind says what a signal means, and so what may be computed from it. The
// list is closed.
type SignalKind string

// The kinds of signal.
const (
	// RateSignal is a share of cycles in which units of computation worked: a
	// share of the peak rate can be bounded by it.
	RateSignal SignalKind = "rate"
	// OccupancySignal is a share of time in which anything at all ran, as in
	// nvidia-smi's GPU-Util: 100 % with one of 132 processors busy. It says
	// nothing on operations and is never multiplied with a rate.
	OccupancySignal SignalKind = "occupancy"
	// OperationsSignal is a counter of operations in the chip.
	OperationsSignal SignalKind = "operations"
	// EnergySignal is a counter of millijoules.
	EnergySignal SignalKind = "energy"
)

// SignalKinds returns the closed list.
func SignalKinds() []SignalKind {
	return []SignalKind{RateSignal, OccupancySignal, OperationsSignal, EnergySignal}
}

// ParseSignalKind returns the kind named s, or an error that lists them.
func ParseSignalKind(s string) (SignalKind, error) {
	return parseListed("kind of signal", s, SignalKinds())
}

// Signal is what one source said of one quantity, over all devices of a [Use].
type Signal struct {
	Name    string     `json:"name"`   // such as tensor-active; SPEC.md lists them
	Kind    SignalKind `json:"kind"`   //
	Source  string     `json:"source"` // who was read: gpm, nvml, dcgm-exporter, amd-exporter, nvidia-smi
	Samples uint64     `json:"samples"`
	// Covered is how many of the Use's chip-milliseconds the samples stand
	// for. The rest is unknown.
	Covered uint64 `json:"covered_milliseconds"`
	Share   *Share `json:"share,omitempty"` // of a rate or an occupancy
	Total   *Ops   `json:"total,omitempty"` // of a counter: operations, or millijoules
}

// Share is a ratio in millionths, 0 to 1 000 000: the lowest and highest sample,
// rounded outward, and the mean over the time covered, rounded up.
type Share struct {
	Low  uint64 `json:"low_ppm"`
	Mean uint64 `json:"mean_ppm"`
	High uint64 `json:"high_ppm"`
}

// UseOf is the use of the devices over a period, each held from its start to its
// end, with the signals that were sampled of their products. It is nil without
// devices or a period.
func UseOf(devices []Device, p *Period, sampled []Use) []Use {
	if p == nil {
		return nil
	}
	var out []Use
	held := map[string]*big.Rat{}
	for _, d := range devices {
		i := slices.IndexFunc(out, func(u Use) bool { return u.Product == d.Product })
		if i < 0 {
			i = len(out)
			out = append(out, Use{Product: d.Product})
			held[d.Product] = new(big.Rat)
		}
		out[i].Devices += d.Count
		out[i].Grade = LowestGrade(out[i].Grade, d.Grade)
		share := d.share()
		held[d.Product].Add(held[d.Product], share.Mul(share, milliseconds(p.End.Sub(p.Start))))
	}
	for i := range out {
		u := &out[i]
		u.ChipMilliseconds = min(roundUp(held[u.Product]), maxDevices)
		u.Devices = min(u.Devices, maxDevices)
		for _, s := range sampled {
			if s.Product == u.Product {
				u.Signals = append(u.Signals, s.within(u.ChipMilliseconds)...)
			}
		}
	}
	return out
}

// within are the signals, of which none covers more than the time held: samples
// and period are taken by different clocks.
func (u Use) within(most uint64) []Signal {
	signals := slices.Clone(u.Signals)
	for i := range signals {
		signals[i].Covered = min(signals[i].Covered, most)
	}
	return signals
}

// FullShare is the share that is all of it.
const FullShare = 1_000_000

func (u Use) validate() error {
	_, err := ParseGrade(string(u.Grade))
	if u.Product == "" || u.Devices == 0 || u.Devices > maxDevices || u.ChipMilliseconds > maxDevices {
		err = errors.Join(err, fmt.Errorf("found product %q, %d devices, %d chip-milliseconds: expected a product, at least one device and at most %d of each",
			clip(u.Product), u.Devices, u.ChipMilliseconds, uint64(maxDevices)))
	}
	for i, s := range u.Signals {
		if fault := s.validate(u); fault != nil {
			err = errors.Join(err, fmt.Errorf("signals[%d]: %w", i, fault))
		}
	}
	return err
}

func (s Signal) validate(u Use) error {
	_, err := ParseSignalKind(string(s.Kind))
	if s.Name == "" || s.Source == "" || s.Samples == 0 || s.Samples > maxDevices {
		err = errors.Join(err, fmt.Errorf("found name %q, source %q and %d samples: expected each", clip(s.Name), clip(s.Source), s.Samples))
	}
	if s.Covered > u.ChipMilliseconds {
		err = errors.Join(err, fmt.Errorf("covered_milliseconds %d: expected at most chip_milliseconds %d", s.Covered, u.ChipMilliseconds))
	}
	isShare := s.Kind == RateSignal || s.Kind == OccupancySignal
	if isShare != (s.Share != nil) || isShare == (s.Total != nil) {
		err = errors.Join(err, fmt.Errorf("expected a share of a rate or occupancy, a total of a counter, and not both"))
	}
	if h := s.Share; h != nil && (h.Low > h.Mean || h.Mean > h.High || h.High > FullShare) {
		err = errors.Join(err, fmt.Errorf("share %d, %d, %d: expected low <= mean <= high <= %d", h.Low, h.Mean, h.High, FullShare))
	}
	return err
}

// Slice is the part of a chip that a device is, where it is not all of it. The
// ratios are exact.
type Slice struct {
	Chip      string `json:"chip"`              // UUID of the whole chip
	Profile   string `json:"profile,omitempty"` // as the vendor names it, such as 3g.40gb
	Compute   uint64 `json:"compute"`           // units of computation,
	ComputeOf uint64 `json:"compute_of"`        // of so many of the chip
	Memory    uint64 `json:"memory,omitempty"`  // bytes,
	MemoryOf  uint64 `json:"memory_of,omitempty"`
}

func (s *Slice) validate() error {
	if s == nil {
		return nil
	}
	if s.Compute == 0 || s.Compute > s.ComputeOf || s.ComputeOf > maxDevices || s.Memory > s.MemoryOf || s.MemoryOf > maxDevices {
		return fmt.Errorf("slice: found %d of %d units and %d of %d bytes: expected a part of a chip", s.Compute, s.ComputeOf, s.Memory, s.MemoryOf)
	}
	return nil
}
