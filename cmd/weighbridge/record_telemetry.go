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
	if slices.ContainsFunc(records, r.ToldBy) {
		r.Operations, r.Method, r.Grade = meter.Exact(meter.Ops{}), meter.NoMethod, meter.GradeReported
		r.Witnesses = slices.DeleteFunc(r.Witnesses, func(w meter.Witness) bool { return w.Quantity == meter.Performed })
		r.Findings = slices.DeleteFunc(r.Findings, func(f meter.Finding) bool { return f.Code == "telemetry" || f.Code == "utilization-unstated" })
		r.Findings = append(r.Findings, meter.Finding{Code: "telemetry", Message: fmt.Sprintf(
			"a file of the format %s tells what hardware was held or paid for: it adds to the hardware, and to no count, since another record says what was computed", r.Observed.Format)})
		return nil
	}
	r.Findings = append(r.Findings, meter.Finding{Code: "telemetry-only", Message: fmt.Sprintf(
		"no record of %s says what was computed on this hardware in this time, so it is not known; when one does, of the run that --run names or in a time that meets --period, record this file again with --supersede", r.Model)})
	return nil
}
