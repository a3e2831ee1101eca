package main

import (
	"fmt"
	"math/big"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/provenance"
)

// utilizationMeaning is said wherever a utilisation is asked for or used:
// flopcheck and the field know three meanings, apart by a factor of five.
const utilizationMeaning = `Utilisation is the share of the chips' dense peak that the model's required operations fill, averaged over all chip-hours of the
run, restarts and waiting included (MFU over all hours). It is not the occupancy that nvidia-smi shows as GPU-Util, and a
framework's MFU leaves out the hours in which nothing was logged. Not stated, 0.20 to 0.44 with 0.29 in the middle is taken: what
32 published runs reached.`

// machineFlags say on what a run is planned.
type machineFlags struct {
	chip        string
	chips       uint64
	utilization string
	precision   string
}

func (f *machineFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.chip, "chip", "", "the accelerator, by its whole name: \"NVIDIA H100 SXM5 80GB\"")
	flags.Uint64Var(&f.chips, "chips", 0, "how many of them")
	flags.StringVar(&f.utilization, "utilization", "", "share of the dense peak that training reaches over all hours, as in 0.38")
	flags.StringVar(&f.precision, "precision", string(provenance.BF16), "number format whose dense peak is meant: "+names(provenance.Formats()))
}

// machine is a number of chips with what they reach. All figures are exact.
type machine struct {
	product   string
	precision provenance.Format
	chips     uint64
	peak      *big.Rat // operations per second and chip, dense
	low       *big.Rat // utilisation
	usual     *big.Rat
	high      *big.Rat
	stated    bool // the utilisation
}

// maxChips bounds a plan: far above all chips ever made.
const maxChips = 1_000_000_000

// read returns the machine, or nil when no chip is named.
func (f machineFlags) read() (*machine, error) {
	if f.chip == "" {
		if f.chips != 0 || f.utilization != "" {
			return nil, usage("--chips and --utilization are of chips: name them with --chip; `weighbridge hardware list` shows the names")
		}
		return nil, nil
	}
	if f.chips > maxChips {
		return nil, usage("--chips: found %d, expected at most %d", f.chips, maxChips)
	}
	usual := provenance.UsualShare()
	m := &machine{chips: f.chips, precision: provenance.Format(f.precision), low: usual.Low, usual: usual.Middle, high: usual.High}
	if f.utilization != "" {
		u, err := provenance.ParseNumber(f.utilization)
		if err != nil || u.Rat().Sign() == 0 || u.Rat().Cmp(big.NewRat(1, 1)) > 0 {
			return nil, usage("--utilization: found %q, expected a share of the dense peak above 0 and up to 1, as in 0.38", f.utilization)
		}
		m.low, m.usual, m.high, m.stated = u.Rat(), u.Rat(), u.Rat(), true
	}
	return m, m.find(f)
}

func (m *machine) find(f machineFlags) error {
	if !slices.Contains(provenance.Formats(), m.precision) {
		return usage("--precision: found %q, expected one of %s", f.precision, names(provenance.Formats()))
	}
	catalogue, err := provenance.Embedded()
	if err != nil {
		return err
	}
	accelerator, err := catalogue.Find(f.chip)
	if err != nil {
		return fmt.Errorf("--chip: %w", err)
	}
	m.product = accelerator.Name()
	m.peak = accelerator.Peak(m.precision).Rat()
	if m.peak == nil {
		return fmt.Errorf("--chip: the catalogue has no %s peak of %s, so no time can be given: name another format with --precision", m.precision, m.product)
	}
	m.peak.Mul(m.peak, big.NewRat(1e12, 1)) // the catalogue states T(FL)OPS
	return nil
}

// chipSeconds is how long one chip takes at the utilisation.
func (m *machine) chipSeconds(operations, utilization *big.Rat) *big.Rat {
	return new(big.Rat).Quo(operations, new(big.Rat).Mul(m.peak, utilization))
}

// date is start plus the time that all chips together take, rounded up to the
// second; nil where the number of chips is not known or the date past the year 9999.
func (m *machine) date(start time.Time, operations, utilization *big.Rat) *time.Time {
	if m == nil || m.chips == 0 {
		return nil
	}
	seconds := m.chipSeconds(operations, utilization)
	return secondsAfter(start, seconds.Quo(seconds, new(big.Rat).SetInt(meter.NewOps(m.chips).Big())))
}

// secondsAfter is start plus seconds, rounded up, or nil past the year 9999.
func secondsAfter(start time.Time, seconds *big.Rat) *time.Time {
	whole, rest := new(big.Int).QuoRem(seconds.Num(), seconds.Denom(), new(big.Int))
	if rest.Sign() > 0 {
		whole.Add(whole, big.NewInt(1))
	}
	last := time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)
	left := big.NewInt(last.Unix() - start.Unix())
	if whole.Cmp(left) > 0 {
		return nil
	}
	at := time.Unix(start.Unix()+whole.Int64(), 0).UTC() // a start within a second counts from that second
	return &at
}
