package fdp

import (
	"testing"
	"time"

	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/provenance"
)

// TestUnrecordedBeginning (F14): weights whose beginning the ledger does not
// show are undetermined, however little else is recorded of them.
func TestUnrecordedBeginning(t *testing.T) {
	rules, err := Embedded()
	if err != nil {
		t.Fatal(err)
	}
	catalogue, err := provenance.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	neverStarted := func(r *meter.Record) { r.Outcome = meter.NeverStarted }
	differs := func(r *meter.Record) { r.Findings = []meter.Finding{{Code: meter.InputDiffers, Message: "of another"}} }
	for _, c := range []struct {
		name    string
		records []meter.Record
		want    Verdict
	}{
		{"pre-training", []meter.Record{work("a/m@1", meter.Pretraining, "5")}, DoesNotApply},
		{"a fine-tuning of nothing", []meter.Record{work("a/m@1", meter.FineTuning, "5")}, Undetermined},
		{"a run that never started", []meter.Record{work("a/m@1", meter.Pretraining, "0", neverStarted)}, Undetermined},
		{"an evaluation alone", []meter.Record{work("a/m@1", meter.Evaluation, "5")}, Undetermined},
		{"a student without a beginning", []meter.Record{work("a/m@1", meter.FineTuning, "5", from("b/t@1", meter.DistillsFrom)), work("b/t@1", meter.Pretraining, "5")}, Undetermined},
		{"a fine-tuning of a known base", []meter.Record{work("a/m@1", meter.FineTuning, "5", from("b/base@1", meter.FineTunes)), work("b/base@1", meter.Pretraining, "5")}, DoesNotApply},
		{"weights of another than the base", []meter.Record{work("a/m@1", meter.FineTuning, "5", from("b/base@1", meter.FineTunes), differs), work("b/base@1", meter.Pretraining, "5")}, Undetermined},
		{"a base without a beginning", []meter.Record{work("a/m@1", meter.FineTuning, "5", from("b/base@1", meter.FineTunes)), work("b/base@1", meter.Evaluation, "5")}, Undetermined},
	} {
		t.Run(c.name, func(t *testing.T) {
			facts, err := FromLineage("a/m@1", lookupIn(c.records...))
			if err != nil {
				t.Fatal(err)
			}
			positions, err := Positions(rules, catalogue, facts, Question{AsOf: time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC)})
			if err != nil || len(positions) == 0 || positions[0].ThresholdVerdict != c.want {
				t.Errorf("found %v, %v; expected %s", positions, err, c.want)
			}
		})
	}
}
