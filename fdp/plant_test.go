package fdp

import (
	"testing"

	"github.com/weighbridge/weighbridge/meter"
)

// TestAPlantThatIsNotWholeIsOpen (F13, F15): hardware of work that made no weights is not
// in the plant, and where a record of work that did names none, only a listed product
// decides; a document that adds the rest closes the list.
func TestAPlantThatIsNotWholeIsOpen(t *testing.T) {
	r, catalogue := embeddedForTest(t)
	listed := func(over string, records ...meter.Record) (Verdict, []Missing) {
		t.Helper()
		f, err := FromLineage("acme/atlas@1", lookupIn(records...))
		if err != nil {
			t.Fatal(err)
		}
		laid, err := ParseFacts([]byte(over), "facts.yaml")
		if err != nil {
			t.Fatal(err)
		}
		if f, err = f.Merge(laid); err != nil {
			t.Fatal(err)
		}
		e := newEvaluation(r.packs["us-4e091"], catalogue, f, lawCase{}.question(t))
		o := e.plantListed()
		return o.verdict, e.hints(o.missing)
	}
	t4 := "{training: {hardware: [{product: T4, subject_to_ear: true}]}}"
	pretraining := work("acme/atlas@1", meter.Pretraining, "1e26", on("T4"))
	evaluation := work("acme/atlas@1", meter.Evaluation, "1e20", on("NVIDIA H100 SXM5 80GB"))
	unseen := work("acme/atlas@1", meter.FineTuning, "1e20")
	if got, _ := listed(t4, pretraining, evaluation); got != DoesNotApply {
		t.Errorf("hardware that evaluated the model is in its plant: %s", got)
	}
	got, missing := listed(t4, pretraining, unseen)
	if got != Undetermined || len(missing) != 1 || missing[0].Path != "training.hardware_complete" || missing[0].Hint == "State it in the facts document." {
		t.Errorf("a list with a gap counts as whole: %s, %v", got, missing)
	}
	if got, _ := listed("{training: {hardware_complete: true, hardware: [{product: T4, subject_to_ear: true}]}}", pretraining, unseen); got != DoesNotApply {
		t.Errorf("a document cannot close the list: %s", got)
	}
	h100 := work("acme/atlas@1", meter.Pretraining, "1e26", on("NVIDIA H100 SXM5 80GB"))
	if got, _ := listed("{training: {hardware: [{product: NVIDIA H100 SXM5 80GB, subject_to_ear: true}]}}", h100, unseen); got != Applies {
		t.Errorf("one listed product suffices, gap or not: %s", got)
	}
	never := unseen
	never.Outcome = meter.NeverStarted
	if got, _ := listed(t4, pretraining, never); got != DoesNotApply {
		t.Errorf("a run that never started has no plant: %s", got)
	}
}
