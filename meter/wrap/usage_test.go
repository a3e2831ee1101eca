package wrap

import (
	"os"
	"testing"
	"time"

	"github.com/weighbridge/weighbridge/meter"
)

// TestUsageInTheJournal: a segment with use is read back; one without leaves it
// as it was, and does not appear for its sake.
func TestUsageInTheJournal(t *testing.T) {
	start := time.Date(2026, 11, 24, 6, 0, 0, 0, time.UTC)
	h := testHead()
	h.Schema, h.Start, h.Command = JournalSchema, start, []string{"x"}
	j, err := createJournal(t.TempDir(), h)
	if err != nil {
		t.Fatal(err)
	}
	defer j.file.Close()
	use := Usage{
		Use: []meter.Use{{Product: "NVIDIA H100 SXM5 80GB", Grade: meter.GradeMeasured, Signals: []meter.Signal{
			{Name: "tensor-active", Kind: meter.RateSignal, Source: "gpm", Samples: 4, Covered: 4000, Share: &meter.Share{Mean: 412000, High: 500000}},
		}}},
		Findings: []meter.Finding{{Code: "use-gaps", Message: "m"}},
	}
	for i, u := range []Usage{use, {}, {}} { // the third has nothing new
		if err := j.observe(meter.Observation{Lines: uint64(min(i, 1))}, u, start.Add(time.Duration(i)*time.Second)); err != nil {
			t.Fatal(err)
		}
	}
	journal, err := ReadJournal(j.path)
	if err != nil {
		t.Fatal(err)
	}
	got := journal.Usage
	if journal.Segments != 2 || len(got.Use) != 1 || got.Use[0].Signals[0].Share.Mean != 412000 || len(got.Findings) != 1 || journal.Observation.Lines != 1 {
		data, _ := os.ReadFile(j.path)
		t.Errorf("found %+v in\n%s", journal, data)
	}
}

// TestUsageIsCompact: samplers are asked once a minute, and after a day every
// ten minutes: a year of segments has bounded weight.
func TestUsageIsCompact(t *testing.T) {
	asked := 0
	j := &journaler{usage: func() Usage { asked++; return Usage{} }}
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for second := time.Duration(0); second <= 365*24*time.Hour; second += 5 * time.Second {
		j.useAt(start.Add(second))
	}
	if want := 24*60 + 364*24*6; asked < want-10 || asked > want+10 {
		t.Errorf("asked %d times in a year, expected about %d", asked, want)
	}
	if u := (&journaler{}).useAt(start); len(u.Use) != 0 {
		t.Errorf("nobody samples, and there is %+v", u)
	}
}
