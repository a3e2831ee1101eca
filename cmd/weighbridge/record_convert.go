package main

import (
	"fmt"
	"strconv"

	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/estimate"
)

// convert replaces a stated number by the canonical one where it is said how it
// was counted and the ratio is known. The number as stated stays as a witness,
// and a finding says what was done.
func (f recordFlags) convert(record *meter.Record, stated meter.Ops) error {
	if f.countedAs == "" {
		return nil
	}
	c, err := f.conversion(stated)
	if err != nil {
		return err
	}
	record.Operations, record.Convention = meter.Exact(c.Operations), c.Convention
	record.Witnesses = append(record.Witnesses, meter.Witness{Quantity: meter.Required, Method: meter.Declared, Grade: meter.GradeDeclared,
		Operations: meter.Exact(stated), Source: "as stated, counted by " + c.From})
	record.Findings = append(record.Findings, meter.Finding{Code: "converted", Message: c.Source})
	return nil
}

func (f recordFlags) conversion(stated meter.Ops) (estimate.Conversion, error) {
	if f.architecture.config == "" {
		c, found, err := estimate.ConvertUnit(stated, f.countedAs)
		if err == nil && !found {
			err = fmt.Errorf("the ratio depends on the model: name its config.json with --architecture, and --sequence-length")
		}
		if err != nil {
			return c, usage("--counted-as: %w", err)
		}
		return c, nil
	}
	length, err := strconv.ParseUint(f.architecture.sequence, 10, 64)
	if err != nil {
		return estimate.Conversion{}, usage("--sequence-length: found %q, expected one length: the ratio of --counted-as depends on it", f.architecture.sequence)
	}
	architecture, err := readArchitecture(f.architecture.config)
	if err != nil {
		return estimate.Conversion{}, err
	}
	c, err := architecture.Convert(stated, f.countedAs, length)
	if err != nil {
		return c, usage("--counted-as: %w", err)
	}
	return c, nil
}
