package main

import (
	"fmt"
	"math/big"
	"slices"

	"github.com/spf13/pflag"

	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/provenance"
)

// The meanings of a utilisation. GPU-Util, which nvidia-smi shows, is none of
// them: it is occupancy and bounds nothing.
const (
	meansMFU          = "mfu"           // operations required over peak, over all hours
	meansHFU          = "hfu"           // operations performed over peak, over all hours: recomputation is in it
	meansTensorActive = "tensor-active" // share of cycles in which a tensor pipe worked: a ceiling
)

func utilizationMeanings() []string { return []string{meansMFU, meansHFU, meansTensorActive} }

// chipFlags say on what chips, for how long and how busy, work was done.
type chipFlags struct {
	hours       string
	chip        string
	utilization string
	meaning     string
	precision   string
}

func (f *chipFlags) register(flags *pflag.FlagSet) {
	flags.StringVar(&f.hours, "chip-hours", "", "hours of chips held, waiting and restarts included, decimal: alone it is the count (method hardware), beside another count its ceiling")
	flags.StringVar(&f.chip, "chip", "", "with --chip-hours or a scheduler's file in --from, the accelerator by its whole name: \"NVIDIA H100 SXM5 80GB\"")
	flags.StringVar(&f.utilization, "utilization", "", "share of the chips' dense peak, decimal, over all the chip-hours")
	flags.StringVar(&f.meaning, "utilization-meaning", "", "what --utilization is: mfu (operations required over peak), hfu (performed, recomputation included) or\ntensor-active (a ceiling). Not stated, the count is a range from 0 to the peak")
	flags.StringVar(&f.precision, "precision", "", "number format that the work is proven to have run in, whose dense peak is meant: "+names(provenance.Formats()))
}

// given says that chips are spoken of at all.
func (f chipFlags) given() bool { return f != chipFlags{} }

// hardwareCount is what follows from chips, hours and a utilisation.
type hardwareCount struct {
	ceiling     ceilingOf
	share       *big.Rat // nil: not stated
	meaning     string
	utilization string
	precise     provenance.CeilingAt // at --precision; unknown where it is not given
}

// read computes. The time is that of --chip-hours, or what a file states.
func (f chipFlags) read(stated *big.Rat, grade meter.Grade) (hardwareCount, error) {
	seconds, err := f.seconds(stated)
	if err != nil {
		return hardwareCount{}, err
	}
	catalogue, err := provenance.Embedded()
	if err != nil {
		return hardwareCount{}, err
	}
	accelerator, err := catalogue.Find(f.chip)
	if err != nil {
		return hardwareCount{}, fmt.Errorf("--chip: %w", err)
	}
	c := hardwareCount{ceiling: ceiling([]heldTime{{accelerator.Name(), seconds, grade}}, catalogue), meaning: f.meaning, utilization: f.utilization}
	if !c.ceiling.known() {
		return c, fmt.Errorf("--chip: the catalogue has no peak rate of %s, so nothing can be computed from its hours", accelerator.Name())
	}
	if c.share, err = f.share(); err != nil {
		return c, err
	}
	return c, c.proven(f.precision, accelerator, seconds)
}

func (f chipFlags) seconds(stated *big.Rat) (*big.Rat, error) {
	switch {
	case f.chip == "":
		return nil, usage("--chip is missing: hours are of a chip; name it as `weighbridge hardware list` does")
	case f.hours == "" && stated == nil:
		return nil, usage("--chip-hours is missing: a chip that was held for no stated time bounds nothing")
	case f.hours != "" && stated != nil:
		return nil, usage("record: found --chip-hours and a file that states them, expected one of them")
	case stated != nil:
		return stated, nil
	}
	hours, err := provenance.ParseNumber(f.hours)
	if err != nil {
		return nil, usage("--chip-hours: %w", err)
	}
	return new(big.Rat).Mul(hours.Rat(), big.NewRat(3600, 1)), nil
}

func (f chipFlags) share() (*big.Rat, error) {
	if f.meaning != "" && !slices.Contains(utilizationMeanings(), f.meaning) {
		return nil, usage("--utilization-meaning: found %q, expected one of %s; nvidia-smi's GPU-Util is occupancy, from which no count follows", f.meaning, names(utilizationMeanings()))
	}
	if f.utilization == "" {
		if f.meaning != "" {
			return nil, usage("--utilization-meaning without --utilization: expected both")
		}
		return nil, nil
	}
	u, err := provenance.ParseNumber(f.utilization)
	if err != nil || u.Rat().Sign() == 0 || u.Rat().Cmp(big.NewRat(1, 1)) > 0 {
		return nil, usage("--utilization: found %q, expected a share of the dense peak above 0 and up to 1, as in 0.38", f.utilization)
	}
	return u.Rat(), nil
}

// proven narrows both ends of the ceiling to the format that is stated.
func (c *hardwareCount) proven(precision string, a provenance.Accelerator, seconds *big.Rat) error {
	if precision == "" {
		return nil
	}
	format := provenance.Format(precision)
	if !slices.Contains(provenance.Formats(), format) {
		return usage("--precision: found %q, expected one of %s", precision, names(provenance.Formats()))
	}
	peak := a.Peak(format)
	if !peak.Known() {
		return fmt.Errorf("--precision: the catalogue has no %s peak of %s", format, a.Name())
	}
	part := c.ceiling.parts[0]
	exact := new(big.Rat).Mul(provenance.OperationsPerSecond(peak), seconds)
	operations := new(big.Int).Quo(new(big.Int).Add(exact.Num(), new(big.Int).Sub(exact.Denom(), big.NewInt(1))), exact.Denom())
	c.precise = provenance.CeilingAt{Format: format, Peak: peak, Operations: operations}
	part.Training, part.Fastest = c.precise, c.precise
	c.ceiling.parts[0], c.ceiling.training, c.ceiling.fastest = part, operations, operations
	return nil
}

// count makes the hours the record's count, in the range that follows from the
// meaning of the utilisation.
func (c hardwareCount) count(r *meter.Record) error {
	operations, quantity, source, err := c.operations()
	if err != nil {
		return err
	}
	r.Operations, r.Method, r.Grade = operations, meter.HardwareTime, meter.GradeDeclared
	claim := meter.Witness{Quantity: quantity, Method: meter.HardwareTime, Grade: meter.GradeDeclared, Operations: operations, Source: source}
	r.Witnesses = append(r.Witnesses, claim)
	if c.share == nil || c.meaning == "" {
		r.Findings = append(r.Findings, c.unstated()...)
		return nil
	}
	if c.meaning != meansTensorActive {
		if finding, found := c.ceiling.plausible(claim); found {
			r.Findings = append(r.Findings, finding)
		}
	}
	return nil
}

// operations is the range, with what it is a range of.
func (c hardwareCount) operations() (meter.Interval, meter.Quantity, string, error) {
	hours := hoursText(c.ceiling.parts[0].ChipSeconds)
	product := c.ceiling.parts[0].Product
	switch {
	case c.share == nil || c.meaning == "":
		high, err := meter.OpsFromBig(c.ceiling.fastest)
		return meter.Interval{High: meter.Known(high)}, meter.Performed, fmt.Sprintf(
			"%s chip-hours of %s, from nothing to its dense peak in %s", hours, product, c.ceiling.parts[0].Fastest.Format), err
	case c.meaning == meansTensorActive:
		high, err := c.times(c.ceiling.fastest, c.share)
		return meter.Interval{High: meter.Known(high)}, meter.Performed, fmt.Sprintf(
			"%s chip-hours of %s with a tensor pipe active in %s of the cycles: at most that share of the dense peak in %s; recomputation, evaluation and other work on the chips are in it",
			hours, product, c.utilization, c.ceiling.parts[0].Fastest.Format), err
	}
	if c.ceiling.training == nil {
		return meter.Interval{}, "", "", fmt.Errorf("--utilization: the catalogue has neither a BF16 nor an FP16 peak of %s, so a share of it is no number: name the format with --precision", product)
	}
	high, err := c.times(c.ceiling.training, c.share)
	if err != nil {
		return meter.Interval{}, "", "", err
	}
	at := c.ceiling.parts[0].Training.Format
	if c.meaning == meansMFU {
		return meter.Exact(high), meter.Required, fmt.Sprintf("%s chip-hours of %s at an MFU of %s of its dense peak in %s, over all of the hours", hours, product, c.utilization, at), nil
	}
	low, err := c.times(c.ceiling.training, new(big.Rat).Mul(c.share, big.NewRat(3, 4))) // full recomputation: 4 passes for 3
	return meter.Interval{Low: low, High: meter.Known(high)}, meter.Required, fmt.Sprintf(
		"%s chip-hours of %s at an HFU of %s of its dense peak in %s: recomputation is in that, up to a quarter of it", hours, product, c.utilization, at), err
}

func (c hardwareCount) times(peak *big.Int, share *big.Rat) (meter.Ops, error) {
	product := new(big.Rat).Mul(new(big.Rat).SetInt(peak), share)
	whole := new(big.Int).Quo(new(big.Int).Add(product.Num(), new(big.Int).Sub(product.Denom(), big.NewInt(1))), product.Denom())
	return meter.OpsFromBig(whole)
}

// unstated says what usual shares would give, and that they are no count.
func (c hardwareCount) unstated() []meter.Finding {
	message := "no utilisation is stated"
	if c.share != nil {
		message = fmt.Sprintf("it is not stated what a utilisation of %s is (--utilization-meaning %s): MFU, HFU and the share of active cycles stand apart by a factor of three and more, and GPU-Util is none of them",
			c.utilization, names(utilizationMeanings()))
	}
	message += ", so the count is a range from nothing to the peak"
	if c.ceiling.training == nil {
		return []meter.Finding{{Code: "utilization-unstated", Message: message}}
	}
	band, ends := provenance.UsualShare(), [3]string{}
	for i, share := range []*big.Rat{band.Low, band.Middle, band.High} {
		operations, err := c.times(c.ceiling.training, share)
		if err != nil {
			return nil
		}
		ends[i] = operations.Short()
	}
	return []meter.Finding{{Code: "utilization-unstated", Message: fmt.Sprintf(
		"%s; the shares that 32 published runs reached (0.20, 0.29, 0.44 of the dense peak in %s over all hours) would give %s, %s, %s: an expectation and no bound",
		message, c.ceiling.parts[0].Training.Format, ends[0], ends[1], ends[2])}}
}
