package main

import (
	"testing"

	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/estimate"
)

// TestPassesOfEveryActivity: the closed list is decided activity by activity, and
// what a stage counts as a forward pass is one without a stage too.
func TestPassesOfEveryActivity(t *testing.T) {
	trains := map[meter.Activity]bool{
		meter.Pretraining: true, meter.ContinuedPretraining: true, meter.FineTuning: true, meter.PreferenceTuning: true, meter.ReinforcementLearning: true,
		meter.RewardModelTraining: true, meter.TeacherTraining: true, meter.Exploration: true, meter.QuantizationAwareTraining: true, meter.Merging: true,
	}
	for _, a := range meter.Activities() {
		want := estimate.Forward
		if trains[a] {
			want = 0
		}
		if got := passesOf(a); got != want {
			t.Errorf("%s: passes %b, want %b", a, got, want)
		}
	}
}
