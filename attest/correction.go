package attest

import (
	"fmt"
	"strings"
	"time"

	"github.com/weighbridge/weighbridge/meter"
)

// The kinds of a correction, as in meter/ledger.
const (
	CorrectionVoid      = "void"
	CorrectionSupersede = "supersede"
)

// Correction is one later entry of a log that took a record out of the totals or
// put another in its place. The totals of a statement are net of corrections;
// they stand beside them, so that nobody mistakes a corrected number for one that
// never changed.
type Correction struct {
	Model    meter.ModelRef `json:"model"` // whose log
	Kind     string         `json:"kind"`  // void or supersede
	Run      string         `json:"run"`
	Sequence uint64         `json:"sequence"`
	Reason   string         `json:"reason"`
	Author   string         `json:"author"`
	Time     time.Time      `json:"time"`
	Before   Corrected      `json:"before"`          // what counted until then
	After    *Corrected     `json:"after,omitempty"` // what counts in its place; absent with void
}

// Corrected is what a correction changes of a record.
type Corrected struct {
	Activity meter.Activity `json:"activity"`
	Weights  string         `json:"weights"`
	meter.Interval
	Grade   meter.Grade    `json:"grade"`
	Parents []meter.Parent `json:"parents,omitempty"`
}

// CorrectedOf returns what a correction shows of r.
func CorrectedOf(r meter.Record) Corrected {
	return Corrected{r.Activity, r.Weights, r.Operations, r.Grade, r.Parents}
}

func (c Corrected) validate() error {
	if c.Weights != meter.WeightsKept && c.Weights != meter.WeightsDiscarded {
		return fmt.Errorf("weights: %q: expected kept or discarded", clip(c.Weights))
	}
	if _, err := meter.ParseActivity(string(c.Activity)); err != nil {
		return err
	}
	if _, err := meter.ParseGrade(string(c.Grade)); err != nil {
		return err
	}
	if err := c.Interval.Validate(); err != nil {
		return err
	}
	return validParents("", c.Parents)
}

func (c Correction) validate() error {
	switch {
	case c.Kind != CorrectionVoid && c.Kind != CorrectionSupersede:
		return fmt.Errorf("kind %q: expected void or supersede", clip(c.Kind))
	case (c.Kind == CorrectionSupersede) != (c.After != nil):
		return fmt.Errorf("after: expected with supersede, and only there")
	case strings.TrimSpace(c.Run) == "" || strings.TrimSpace(c.Reason) == "" || strings.TrimSpace(c.Author) == "" || c.Sequence > maxCount:
		return fmt.Errorf("expected the run and sequence of the record, a reason and an author")
	}
	if err := validModel("model", c.Model); err != nil {
		return err
	}
	if err := validTime("time", c.Time); err != nil {
		return err
	}
	if err := c.Before.validate(); err != nil {
		return fmt.Errorf("before: %w", err)
	}
	if c.After == nil {
		return nil
	}
	if err := c.After.validate(); err != nil {
		return fmt.Errorf("after: %w", err)
	}
	return nil
}

// validateCorrections: each is of a model that the lineage names.
func (c TrainingCompute) validateCorrections() error {
	named := map[meter.ModelRef]bool{}
	for _, m := range append(c.Lineage.Models, c.Lineage.Generators...) {
		named[m.Model] = true
	}
	for _, m := range c.Lineage.Missing {
		named[m] = true
	}
	for i, correction := range c.Corrections {
		if err := correction.validate(); err != nil {
			return fmt.Errorf("corrections[%d]: %w", i, err)
		}
		if !named[correction.Model] {
			return fmt.Errorf("corrections[%d]: %s is no model of the lineage", i, correction.Model)
		}
	}
	return nil
}
