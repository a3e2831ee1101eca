package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/weighbridge/weighbridge/attest/weights"
	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/estimate"
	"github.com/weighbridge/weighbridge/meter/tensors"
)

// guardWeights holds the parameters that a model's shape gives against the
// headers of the weights in a directory. More than 1 % apart is an error: a
// count from that shape would be of another model.
func guardWeights(architecture estimate.Architecture, dir string) (estimate.Agreement, error) {
	header, err := tensors.ReadDir(os.DirFS(dir))
	if errors.Is(err, tensors.ErrNoWeights) {
		return estimate.Agreement{}, fmt.Errorf("%s: %w: the model's shape cannot be compared with them", dir, err)
	}
	if err != nil {
		return estimate.Agreement{}, fmt.Errorf("%s: %w", dir, err)
	}
	return architecture.CheckWeights(header, "the weights in "+dir)
}

// weigh takes in the weights that the work made: their digest, and, where the
// count follows from a shape, that the shape is theirs.
func (f recordFlags) weigh(ctx context.Context, record *meter.Record) error {
	if f.weights == "" {
		return nil
	}
	if f.architecture.config != "" {
		architecture, err := readArchitecture(f.architecture.config)
		if err != nil {
			return err
		}
		agreement, err := guardWeights(architecture, f.weights)
		if err != nil {
			return fmt.Errorf("--weights: %w", err)
		}
		for i := range record.Witnesses {
			record.Witnesses[i].Source += "; " + agreement.String()
		}
	}
	files, err := weights.Hash(ctx, f.weights, weights.Options{})
	if err != nil {
		return fmt.Errorf("--weights: %w", err)
	}
	record.Output = files.Root()
	return nil
}

// guardRun is the same at the end of a run. Training is done and its operations
// are spent, so what disagrees is a finding and no error.
func guardRun(settings json.RawMessage, dir string) []meter.Finding {
	var kept runSettings
	if dir == "" || json.Unmarshal(settings, &kept) != nil || len(kept.Architecture) == 0 || kept.Adapter != nil {
		return nil // what an adapter's training writes is not of the base's shape
	}
	architecture, err := estimate.ParseConfig(kept.Architecture)
	if err != nil {
		return nil // the record says so itself
	}
	agreement, err := guardWeights(architecture, dir)
	var mismatch *estimate.MismatchError
	switch {
	case errors.As(err, &mismatch):
		return []meter.Finding{{Code: "parameters-disagree", Message: err.Error() + ": the formula's count is of another model"}}
	case err != nil:
		return []meter.Finding{{Code: "parameters-unread", Message: fmt.Sprintf("the model's shape was not compared with the weights: %v", err)}}
	}
	return []meter.Finding{{Code: "parameters-agree", Message: agreement.String()}}
}

// shapeOfLog holds the parameters that the log states against those of the shape.
func (c runCount) shapeOfLog() error {
	if c.architecture == nil || c.observed.Parameters == nil {
		return nil
	}
	var rounding meter.Ops
	if c.observed.ParametersRounding != nil {
		rounding = *c.observed.ParametersRounding
	}
	return c.architecture.CheckStated(*c.observed.Parameters, rounding, "the log")
}
