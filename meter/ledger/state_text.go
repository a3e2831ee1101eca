package ledger

import (
	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/canonical"
)

// readStateText reads a state by the short cut of package canonical, or gives up:
// a lineage of 100 000 models reads as many.
func readStateText(text string) (st state, ok bool) {
	s := canonical.New(text)
	s.Open()
	s.Need("tallies")
	list(&s, func() { st.Tallies = append(st.Tallies, readTally(&s)) })
	s.Need("parents")
	list(&s, func() {
		var p parentCount
		s.Open()
		p.Parent = meter.ReadParent(&s)
		s.Need("records")
		p.Records = s.Uint()
		s.Close()
		st.Parents = append(st.Parents, p)
	})
	s.Close()
	return st, s.Whole()
}

// list is one that may be empty.
func list(s *canonical.Reader, element func()) {
	if !s.Word("[]") {
		s.List(element)
	}
}

func readTally(s *canonical.Reader) (t tally) {
	s.Open()
	s.Need("activity")
	t.Activity = meter.Activity(s.Text())
	s.Need("records")
	t.Records = s.Uint()
	s.Need("low")
	t.Low = meter.ReadOps(s)
	s.Need("estimate")
	t.Estimate = meter.ReadOps(s)
	s.Need("no_estimate")
	t.NoEstimate = s.Uint()
	s.Need("high")
	t.High = meter.ReadOps(s)
	s.Need("no_high")
	t.NoHigh = s.Uint()
	s.Need("grades")
	t.Grades = make([]uint64, 0, 5)
	s.List(func() { t.Grades = append(t.Grades, s.Uint()) })
	s.Close()
	return t
}
