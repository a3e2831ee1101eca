package attest

import (
	"testing"

	"github.com/weighbridge/weighbridge/meter"
)

// TestInherited (R7): the records that enter another ledger give the same lineage,
// to the operation, graded attested; the same statement gives the same records.
func TestInherited(t *testing.T) {
	c, h := exampleCompute(t), exampleHardware()
	records := c.Inherited(&h, "attested-0")
	of := map[meter.ModelRef][]meter.Record{}
	for i, r := range records {
		if r.Sequence != uint64(i) || r.Run != "attested-0" || r.Grade != meter.GradeAttested {
			t.Errorf("%+v", r)
		}
		if err := r.Validate(); err != nil {
			t.Error(err)
		}
		of[r.Model] = append(of[r.Model], r)
	}
	if records[0].Output != c.Weights.Root || len(records[0].Hardware) == 0 || records[0].Hardware[0].Count != h.Devices[0].Count {
		t.Errorf("%+v", records[0])
	}
	again, err := LineageFromRecords(c.Model, func(m meter.ModelRef) ([]meter.Record, bool) { r, known := of[m]; return r, known })
	if err != nil {
		t.Fatal(err)
	}
	for i, total := range again.Activities {
		want := c.Lineage.Activities[i]
		if total.Activity != want.Activity || total.Interval != want.Interval || total.Records > 0 && total.Grade != meter.GradeAttested {
			t.Errorf("%+v, expected %+v", total, want)
		}
	}
	if len(again.Missing) != len(c.Lineage.Missing) {
		t.Errorf("missing %v", again.Missing)
	}
}

// TestAttestedFacts (R6): what somebody else signed is attested, all of it, and the
// facts themselves are those of FactsOf.
func TestAttestedFacts(t *testing.T) {
	c, h := exampleCompute(t), exampleHardware()
	plain, err := FactsOf(c, &h)
	if err != nil {
		t.Fatal(err)
	}
	facts, err := AttestedFacts(c, &h)
	if err != nil {
		t.Fatal(err)
	}
	a, errA := plain.Encode()
	b, errB := facts.Encode()
	if errA != nil || errB != nil || string(a) != string(b) {
		t.Errorf("%s\n%s", a, b)
	}
	for path, grade := range facts.Grades() {
		if grade != meter.GradeAttested {
			t.Errorf("%s is %s", path, grade)
		}
	}
	if len(facts.Grades()) == 0 {
		t.Error("no grades")
	}
}
