package ledger

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/big"
	"strconv"

	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/canonical"
)

// sums are the net totals of a log, recomputed with big integers. Beside each
// sum stands the number of records whose bound is not known.
type sums struct {
	activities map[meter.Activity]*sum
	parents    map[meter.Parent]int64
	shared     *int64  // records of runs that several processes share
	text       *[]byte // room for encode
}

type sum struct {
	low, estimate, high big.Int
	noEstimate, noHigh  int64
	records             int64
	grades              map[meter.Grade]int64
	text                []byte // its encoding, until it changes
}

func newSums() sums {
	return sums{map[meter.Activity]*sum{}, map[meter.Parent]int64{}, new(int64), new([]byte)}
}

// add takes a record in (by is 1) or out (by is -1).
func (s sums) add(r *meter.Record, by int64) {
	have := s.activities[r.Activity]
	if have == nil {
		have = &sum{grades: map[meter.Grade]int64{}}
		s.activities[r.Activity] = have
	}
	addOps(&have.low, r.Operations.Low, by)
	addBound(&have.estimate, &have.noEstimate, r.Operations.Estimate, by)
	addBound(&have.high, &have.noHigh, r.Operations.High, by)
	have.records += by
	have.grades[r.Grade] += by
	have.text = have.text[:0]
	if have.records == 0 {
		delete(s.activities, r.Activity)
	}
	if r.Part != nil {
		*s.shared += by
	}
	if len(r.Parents) == 0 {
		return
	}
	named := map[meter.Parent]bool{}
	for _, p := range r.Parents {
		if !named[p] {
			named[p] = true
			s.parents[p] += by
		}
	}
}

func addOps(total *big.Int, o meter.Ops, by int64) {
	var room big.Int
	n := &room
	if small, ok := o.Uint64(); ok {
		n.SetUint64(small)
	} else {
		n = o.Big()
	}
	if by < 0 {
		total.Sub(total, n)
	} else {
		total.Add(total, n)
	}
}

func addBound(total *big.Int, unknown *int64, b meter.Bound, by int64) {
	if !b.Known {
		*unknown += by
		return
	}
	addOps(total, b.Ops, by)
}

// appendBound adds a bound as it stands in JSON.
func appendBound(out []byte, total *big.Int, unknown int64) []byte {
	if unknown != 0 {
		return append(out, "null"...)
	}
	return append(total.Append(append(out, '"'), 10), '"')
}

// grade is the lowest of the records.
func (s *sum) grade() string {
	for _, g := range []string{"declared", "derived", "reported", "measured", "attested"} {
		if s.grades[meter.Grade(g)] > 0 {
			return g
		}
	}
	return ""
}

// encode is the sums in the encoding of a body, until the next change of them.
func (s sums) encode() []byte {
	out := append((*s.text)[:0], '[')
	for _, a := range meter.Activities() {
		t := s.activities[a]
		if t == nil {
			continue
		}
		if len(out) > 1 {
			out = append(out, ',')
		}
		if len(t.text) == 0 {
			t.text = t.append(t.text, a)
		}
		out = append(out, t.text...)
	}
	*s.text = append(out, ']')
	return *s.text
}

// append adds the encoding of one activity's total.
func (s *sum) append(out []byte, a meter.Activity) []byte {
	out = append(append(append(out, `{"activity":"`...), a...), `","operations":{"low":`...)
	out = append(appendBound(out, &s.low, 0), `,"estimate":`...)
	out = append(appendBound(out, &s.estimate, s.noEstimate), `,"high":`...)
	out = append(appendBound(out, &s.high, s.noHigh), `},"records":`...)
	out = append(strconv.AppendInt(out, s.records, 10), `,"grade":"`...)
	return append(append(out, s.grade()...), `"}`...)
}

// differ says how stored totals differ from the sums, or nothing.
func (s sums) differ(stored []Total) string {
	found, err := canonical.Encode(stored)
	if want := s.encode(); err != nil || !bytes.Equal(found, want) {
		return fmt.Sprintf("found %s, the records give %s", found, want)
	}
	return ""
}

// state holds a stored state against sums, member by member.
func (c *checker) state(name string, stored []byte, want sums) {
	var st struct {
		Tallies []struct {
			Activity   meter.Activity `json:"activity"`
			Records    int64          `json:"records"`
			Low        string         `json:"low"`
			Estimate   string         `json:"estimate"`
			NoEstimate int64          `json:"no_estimate"`
			High       string         `json:"high"`
			NoHigh     int64          `json:"no_high"`
			Grades     []int64        `json:"grades"`
		} `json:"tallies"`
		Parents []struct {
			meter.Parent
			Records int64 `json:"records"`
		} `json:"parents"`
		Shared int64 `json:"shared"`
	}
	if err := json.Unmarshal(stored, &st); err != nil {
		c.problem("state-unreadable", name, "%v", err)
		return
	}
	if st.Shared != *want.shared {
		c.problem("state-differs", name, "found %d records of runs that are shared, expected %d", st.Shared, *want.shared)
	}
	left := len(want.activities)
	seen := map[meter.Activity]bool{}
	for _, t := range st.Tallies {
		if seen[t.Activity] {
			c.problem("state-differs", name, "%s stands twice", t.Activity)
		}
		seen[t.Activity] = true
		found := fmt.Sprint(t.Records, t.Low, t.Estimate, t.NoEstimate, t.High, t.NoHigh, t.Grades)
		if give := want.activities[t.Activity].print(); found != give {
			c.problem("state-differs", name, "%s: found %s, the records give %s", t.Activity, found, give)
		}
		left--
	}
	if left != 0 {
		c.problem("state-differs", name, "found %d activities, the records give %d", len(st.Tallies), len(want.activities))
	}
	for _, p := range st.Parents {
		if p.Records < 1 {
			c.problem("state-differs", name, "parent %s (%s): found %d records that name it, expected at least 1", p.Model, p.Relation, p.Records)
		}
		if p.Records != want.parents[p.Parent] {
			c.problem("state-differs", name, "parent %s (%s): found %d records that name it, expected %d", p.Model, p.Relation, p.Records, want.parents[p.Parent])
		}
		delete(want.parents, p.Parent)
	}
	for p, n := range want.parents {
		if n != 0 {
			c.problem("state-differs", name, "parent %s (%s) is not there, %d records name it", p.Model, p.Relation, n)
		}
	}
}

func (s *sum) print() string {
	if s == nil {
		return "none"
	}
	var grades []int64
	for _, g := range meter.Grades() {
		grades = append(grades, s.grades[g])
	}
	return fmt.Sprint(s.records, s.low.String(), s.estimate.String(), s.noEstimate, s.high.String(), s.noHigh, grades)
}
