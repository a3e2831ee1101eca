package meter

import (
	"strings"
	"testing"
)

// TestPartRefusals: what no part and no span can be is refused in a record.
func TestPartRefusals(t *testing.T) {
	for name, change := range map[string]func(*Record){
		"rank-of-none":       func(r *Record) { r.Part = &Part{} },
		"rank-beyond":        func(r *Record) { r.Part = &Part{Rank: 4, Ranks: 4} },
		"counting-beyond":    func(r *Record) { r.Part = &Part{Ranks: 4, Counting: 4} },
		"span-empty":         func(r *Record) { r.Observed = &Observation{Spans: []Span{{From: 3, To: 3}}} },
		"span-backwards":     func(r *Record) { r.Observed = &Observation{Spans: []Span{{From: 4, To: 3}}} },
		"spans-overlap":      func(r *Record) { r.Observed = &Observation{Spans: []Span{{From: 0, To: 5}, {From: 4, To: 9}}} },
		"spans-out-of-order": func(r *Record) { r.Observed = &Observation{Spans: []Span{{From: 10, To: 12}, {From: 0, To: 5}}} },
		"span-beyond":        func(r *Record) { r.Observed = &Observation{Spans: []Span{{From: 0, To: 1 << 60}}} },
	} {
		r := partRecord()
		if err := r.Validate(); err != nil {
			t.Fatal(err)
		}
		change(&r)
		if err := r.Validate(); err == nil || !strings.Contains(err.Error(), "part") && !strings.Contains(err.Error(), "spans") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func partRecord() Record {
	return Record{Schema: RecordSchema, Model: "t/t@1", Run: "night", Activity: Pretraining, Weights: WeightsKept, Operations: Exact(NewOps(100)),
		Method: Counted, Grade: GradeReported, Outcome: Finished, Part: &Part{Ranks: 1}}
}

// TestNetRunsLeavesOtherRecordsAlone: a run of one process is what it was, and
// the records that were given are not changed.
func TestNetRunsLeavesOtherRecordsAlone(t *testing.T) {
	alone := partRecord()
	alone.Part = nil
	first, second := partRecord(), partRecord()
	first.Run, second.Run, second.Sequence = "other", "other", 32
	for _, r := range []*Record{&first, &second} {
		r.Observed = &Observation{Spans: []Span{{From: 0, To: 10, PerStep: 4}}}
	}
	given := []Record{alone, first, second}
	net := NetRuns(given)
	if net[0].Operations != alone.Operations || given[1].Operations != Exact(NewOps(100)) || len(given[1].Findings)+len(given[2].Findings) != 0 {
		t.Errorf("changed: %+v %+v", net[0].Operations, given)
	}
	totals, err := SumRecords(net[1:])
	if want := (Interval{NewOps(100), Known(NewOps(100)), Known(NewOps(200))}); err != nil || totals[0].Operations != want {
		t.Errorf("%+v, want %+v (%v)", totals, want, err)
	}
}

// TestNetRunsOfHugeGaps: a record that claims steps far away makes no overflow.
func TestNetRunsOfHugeGaps(t *testing.T) {
	first, second := partRecord(), partRecord()
	second.Sequence = 32
	first.Observed = &Observation{Spans: []Span{{From: 0, To: 1, PerStep: 1}}}
	second.Observed = &Observation{Spans: []Span{{From: maxDevices - 1, To: maxDevices, PerStep: 1}}}
	second.Operations = Exact(MostOperations())
	if _, err := SumRecords(NetRuns([]Record{first, second})); err != nil {
		t.Error(err)
	}
}
