package main

import (
	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/estimate"
)

// passesOf are the passes over its tokens that an activity consists of: sampling,
// evaluating and filtering run a model forward and no more. 0 is training.
func passesOf(a meter.Activity) estimate.Passes {
	switch a {
	case meter.Rollout, meter.TeacherInference, meter.SyntheticData, meter.DataProcessing, meter.Evaluation, meter.Inference, meter.Recomputation, meter.Quantization:
		return estimate.Forward
	}
	return 0
}

// besides raises the upper bound of a count by what an activity may run over the
// same tokens beside the update, where no stage says what it was, and says so. The
// count of the forward pass is that of the most tokens.
func besides(a meter.Activity, count *meter.Interval, forward func() (estimate.Count, error)) ([]meter.Finding, error) {
	message := ""
	switch a {
	case meter.PreferenceTuning:
		message = "preference tuning often runs a reference model forward over the same tokens: the upper bound holds one; weighbridge record --stage dpo or kto (--no-reference where there was none) counts it as it was"
		if !count.High.Known {
			break
		}
		reference, err := forward()
		if err != nil {
			return nil, err
		}
		sum, err := meter.Interval{High: count.High}.Add(meter.Interval{High: reference.Operations.High})
		if err != nil {
			return nil, err
		}
		count.High = sum.High
	case meter.ReinforcementLearning:
		message = "the tokens of the updates do not tell how often they were gone over, nor the passes for old and reference log-probabilities, of a critic and of a reward model: no upper bound; weighbridge record --stage ppo or grpo counts them"
		count.High = meter.Bound{}
	case meter.Quantization:
		message = "the calibration's forward pass is counted; what the quantiser computes from it is not: no upper bound; weighbridge record --stage ptq counts it"
		count.High = meter.Bound{}
	default:
		return nil, nil
	}
	return []meter.Finding{{Code: "stage-unstated", Message: message}}, nil
}
