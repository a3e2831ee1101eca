package main

import (
	"fmt"
	"math/big"
	"slices"

	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/ledger"
	"github.com/weighbridge/weighbridge/meter/trainlog"
)

// telemetry: what was held or paid for is no count. What was computed on it is not
// known, unless another record says it ([recordFlags.onlyHeld]).
func (i imported) telemetry(r *meter.Record) {
	r.Operations, r.Method, r.Grade = meter.Unbounded(meter.Ops{}), meter.NoMethod, meter.GradeReported
	r.Findings = append(r.Findings, meter.Finding{Code: "telemetry", Message: fmt.Sprintf(
		"a file of the format %s tells what hardware was held or paid for, and not what was computed on it", i.count.observed.Format)})
}

// onChipsOf: the chip-time that a scheduler's file states is a count of its own, in
// the range that the utilisation leaves, and the ceiling of the run.
func (f recordFlags) onChipsOf(i imported, r *meter.Record) error {
	if !f.chips.given() {
		return nil
	}
	var seconds *big.Rat
	if stated, found := i.whole("device_seconds"); found {
		seconds = new(big.Rat).SetInt(stated.Big())
	}
	hardware, err := f.chips.read(seconds, meter.GradeReported)
	if err != nil {
		return err
	}
	r.Findings = slices.DeleteFunc(r.Findings, func(f meter.Finding) bool { return f.Code == "telemetry" })
	if err := hardware.count(r); err != nil {
		return err
	}
	hardware.ceiling.hold(r, true)
	return nil
}

// onlyHeld: where another record says what was computed, a file that says only what
// was held adds hardware and no work; else the work may be anything up to the ceiling.
func (f recordFlags) onlyHeld(l *ledger.Ledger, r *meter.Record) error {
	if r.Observed == nil || !trainlog.Telemetry(r.Observed.Format) || f.chips.utilization != "" {
		return nil
	}
	records, err := l.Records(r.Model)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(records, func(other meter.Record) bool { return counts(other, *r, f.run != "") }) {
		r.Operations, r.Method, r.Grade = meter.Exact(meter.Ops{}), meter.NoMethod, meter.GradeReported
		r.Witnesses = slices.DeleteFunc(r.Witnesses, func(w meter.Witness) bool { return w.Quantity == meter.Performed })
		r.Findings = slices.DeleteFunc(r.Findings, func(f meter.Finding) bool { return f.Code == "telemetry" || f.Code == "utilization-unstated" })
		r.Findings = append(r.Findings, meter.Finding{Code: "telemetry", Message: fmt.Sprintf(
			"a file of the format %s tells what hardware was held or paid for: it adds to the hardware, and to no count, since another record says what was computed", r.Observed.Format)})
		return nil
	}
	r.Findings = append(r.Findings, meter.Finding{Code: "telemetry-only", Message: fmt.Sprintf(
		"no record of %s says what was computed on this hardware in this time, so it is not known; when one does, record this file again with --supersede", r.Model)})
	return nil
}

// counts reports whether other says what was computed in the run that r is about:
// with a name that was given, in that run; else in the same activity and time.
func counts(other, r meter.Record, named bool) bool {
	telemetry := other.Observed != nil && trainlog.Telemetry(other.Observed.Format)
	switch {
	case telemetry || other.Activity != r.Activity || other.Method == meter.NoMethod:
		return false
	case named:
		return other.Run == r.Run
	case other.Period == nil || r.Period == nil:
		return true
	}
	return other.Period.Start.Before(r.Period.End) && r.Period.Start.Before(other.Period.End)
}
