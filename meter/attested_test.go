package meter

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// told is a record of somebody's telling: run "" is one of the ledger's own.
func told(run string, sequence uint64, activity Activity, low, high uint64) Record {
	r := Record{Model: "a/b@1", Run: run, Sequence: sequence, Activity: activity, Weights: WeightsKept, Grade: GradeAttested,
		Operations: Interval{Low: NewOps(low), Estimate: Known(NewOps(low)), High: Known(NewOps(high))}}
	if run == "" {
		r.Run, r.Grade = fmt.Sprint("own-", sequence), GradeMeasured
	}
	return r
}

func unbounded(r Record) Record {
	r.Operations = Unbounded(Ops{})
	return r
}

func sumsOf(t *testing.T, records []Record) []ActivityTotal {
	t.Helper()
	sums, err := SumRecords(records)
	if err != nil {
		t.Fatal(err)
	}
	return sums
}

// TestAttestedCountsOnce (N7): work that several tell of counts once, and the bounds
// cover all that is told.
func TestAttestedCountsOnce(t *testing.T) {
	for name, c := range map[string]struct {
		records   []Record
		low, high uint64
		estimate  bool
	}{
		"the ledger's own and the same attested":    {[]Record{told("", 0, Pretraining, 60, 60), told("attested-a", 0, Pretraining, 60, 60)}, 60, 60, true},
		"attested less":                             {[]Record{told("", 0, Pretraining, 60, 60), told("attested-a", 0, Pretraining, 50, 50)}, 60, 60, true},
		"attested more":                             {[]Record{told("", 0, Pretraining, 60, 60), told("attested-a", 0, Pretraining, 90, 95)}, 60, 95, false},
		"attested twice":                            {[]Record{told("attested-a", 0, Pretraining, 60, 60), told("attested-b", 0, Pretraining, 60, 60)}, 60, 60, true},
		"attested twice, otherwise":                 {[]Record{told("attested-a", 0, Pretraining, 80, 80), told("attested-b", 0, Pretraining, 50, 50)}, 50, 80, false},
		"three tellings":                            {[]Record{told("", 0, Pretraining, 10, 10), told("attested-a", 0, Pretraining, 80, 80), told("attested-b", 0, Pretraining, 90, 90)}, 10, 90, false},
		"attested in two lines":                     {[]Record{told("", 0, Pretraining, 60, 60), told("attested-a", 0, Pretraining, 40, 40), told("attested-a", 1, Pretraining, 20, 20)}, 60, 60, true},
		"a statement of which more was shown later": {[]Record{unbounded(told("attested-00000000000000000000000000000001", 0, Pretraining, 0, 0)), told("attested-00000000000000000000000000000001-ab", 0, Pretraining, 40, 50)}, 40, 50, true},
		"alone": {[]Record{told("attested-a", 0, Pretraining, 40, 40), told("attested-a", 1, Pretraining, 20, 30)}, 60, 70, true},
	} {
		got := sumsOf(t, NetRuns(c.records))
		if len(got) != 1 || got[0].Operations.Low != NewOps(c.low) || got[0].Operations.High != Known(NewOps(c.high)) || got[0].Operations.Estimate.Known != c.estimate {
			t.Errorf("%s: %v, expected %d to %d", name, got, c.low, c.high)
		}
	}
	more := told("attested-a", 0, FineTuning, 5, 7)
	got := sumsOf(t, NetRuns([]Record{told("", 0, Pretraining, 60, 60), more}))
	if len(got) != 2 || got[1].Operations.High != Known(NewOps(7)) || got[1].Operations.Low != NewOps(0) {
		t.Errorf("work that only the statement tells of: %v", got)
	}
}

// TestAttestedProperties (N7): whatever is told by whom, in whatever order, the
// ledger's own low stands, high is that of whoever says most, and nothing is added
// by telling it again.
func TestAttestedProperties(t *testing.T) {
	random := rand.New(rand.NewPCG(4, 91))
	for range 2000 {
		var records []Record
		own, most := uint64(0), uint64(0)
		for i := range random.Uint64N(4) {
			n := random.Uint64N(100)
			records = append(records, told("", i, Pretraining, n, n))
			own += n
		}
		most = own
		for s := range random.Uint64N(4) {
			sum := uint64(0)
			for i := range 1 + random.Uint64N(3) {
				n := random.Uint64N(100)
				records = append(records, told(fmt.Sprint("attested-", s), i, Pretraining, n, n))
				sum += n
			}
			most = max(most, sum)
		}
		if len(records) == 0 {
			continue
		}
		want := sumsOf(t, NetRuns(records))
		if want[0].Operations.High != Known(NewOps(most)) || own > 0 && want[0].Operations.Low != NewOps(own) {
			t.Fatalf("%v: %v, expected at least %d and at most %d", records, want, own, most)
		}
		random.Shuffle(len(records), func(i, j int) { records[i], records[j] = records[j], records[i] })
		if got := sumsOf(t, NetRuns(records)); !slices.Equal(got, want) {
			t.Fatalf("another order: %v, expected %v", got, want)
		}
	}
}
