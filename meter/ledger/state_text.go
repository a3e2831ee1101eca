package ledger

import (
	"strconv"

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

// appendTotals adds the one encoding of totals: that of encodeJSON, without its
// detours.
func appendTotals(out []byte, totals []Total) []byte {
	out = append(out, '[')
	for i, t := range totals {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(append(append(out, `{"activity":"`...), t.Activity...), `","operations":{"low":"`...)
		out = append(append(out, t.Operations.Low.String()...), `","estimate":`...)
		out = append(appendKnown(out, t.Operations.Estimate), `,"high":`...)
		out = append(appendKnown(out, t.Operations.High), `},"records":`...)
		out = append(strconv.AppendUint(out, t.Records, 10), `,"grade":"`...)
		out = append(append(out, t.Grade...), `"}`...)
	}
	return append(out, ']')
}

func appendKnown(out []byte, b meter.Bound) []byte {
	if !b.Known {
		return append(out, "null"...)
	}
	return append(append(append(out, '"'), b.Ops.String()...), '"')
}
