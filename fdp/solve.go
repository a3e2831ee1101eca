package fdp

import (
	"fmt"
	"math/big"
	"slices"

	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/provenance"
)

// Solution is how many more operations of one activity it takes until a regime
// answers otherwise whether the weights are controlled.
type Solution struct {
	Regime     string         `json:"regime"`
	Activity   meter.Activity `json:"activity"`
	Now        Verdict        `json:"now"`
	Operations *meter.Ops     `json:"operations"` // the fewest that change the verdict; null when none up to Limit does
	Then       Verdict        `json:"then"`       // the verdict with them
	Applies    *meter.Ops     `json:"applies"`    // the fewest with which it applies; null when none does
	Note       string         `json:"note,omitempty"`
}

// Solve adds operations of each activity to the developer's own work, kept, and
// finds the fewest that change the answer of each regime of q, exactly. It looks
// first at powers of four up to meter.MostOperations and then between: an answer
// that turns and turns back within one such step is not seen. An activity that a
// regime does not count changes nothing, and says so by a null.
func Solve(r *Rules, c *provenance.Catalogue, f Facts, q Question, activities []meter.Activity) ([]Solution, error) {
	if _, err := Evaluate(r, c, f, q); err != nil {
		return nil, err
	}
	var out []Solution
	for _, regime := range q.regimes(r) {
		s := &solver{pack: r.packs[regime], catalogue: c, facts: f.flat(), question: q}
		if !s.pack.weighs() {
			continue
		}
		alike := map[string]Solution{} // activities of which the table says the same
		for _, activity := range activities {
			row := fmt.Sprintf("%+v", cellOf(s.pack.activity[activity]))
			solved, found := alike[row]
			if !found {
				solved = s.solve(activity)
				alike[row] = solved
			}
			solved.Regime, solved.Activity = regime, activity
			out = append(out, solved)
		}
	}
	return out, nil
}

// cellOf is a row of the counting table without what it is about and why.
func cellOf(row activityRow) activityRow {
	row.Activity, row.Why, row.Cite = "", "", citation{}
	return row
}

type solver struct {
	pack      *pack
	catalogue *provenance.Catalogue
	facts     Facts
	question  Question
	err       error
}

// controlled is the answer with n more operations of the activity.
func (s *solver) controlled(activity meter.Activity, n *big.Int) Verdict {
	f := s.facts
	if n.Sign() > 0 {
		ops, err := meter.OpsFromBig(n)
		if err != nil {
			s.err = err
			return Undetermined
		}
		exact := meter.Exact(ops)
		f.Operations = append(slices.Clone(f.Operations), Work{Activity: activity, Interval: &exact, Weights: "kept"})
	}
	models, contradiction := f.models()
	if contradiction != nil {
		s.err = fmt.Errorf("%s: %s", contradiction.path, contradiction.message)
		return Undetermined
	}
	e := newEvaluationOf(models, s.pack, s.catalogue, f, s.question)
	verdict := e.rule(s.pack.Outcomes.Controlled).verdict
	if e.numbers.err != nil {
		s.err = e.numbers.err
	}
	return verdict
}

func (s *solver) solve(activity meter.Activity) Solution {
	s.err = nil
	out := Solution{Now: s.controlled(activity, new(big.Int))}
	if s.facts.Operations == nil {
		out.Note = "operations is not stated: more of them cannot be added to what is not known"
		return out
	}
	changed := func(v Verdict) bool { return v != out.Now }
	if n := s.first(activity, new(big.Int), changed); n != nil {
		out.Then = s.controlled(activity, n)
		out.Operations = opsOf(n)
	}
	switch {
	case out.Operations == nil:
	case out.Then == Applies:
		out.Applies = out.Operations
	case out.Now != Applies:
		out.Applies = opsOf(s.first(activity, out.Operations.Big(), func(v Verdict) bool { return v == Applies }))
	}
	if s.err != nil {
		out.Note = s.err.Error()
	}
	return out
}

func opsOf(n *big.Int) *meter.Ops {
	if n == nil {
		return nil
	}
	ops, err := meter.OpsFromBig(n)
	if err != nil {
		return nil
	}
	return &ops
}

// first finds the fewest operations above from for which the answer is wanted: the
// first power of four at which it is, then bisection between it and the one before.
func (s *solver) first(activity meter.Activity, from *big.Int, wanted func(Verdict) bool) *big.Int {
	most := meter.MostOperations().Big()
	below, above := new(big.Int).Set(from), big.NewInt(1)
	for ; ; above.Lsh(above, 2) {
		if above.Cmp(from) <= 0 {
			continue
		}
		if above.Cmp(most) > 0 {
			return nil
		}
		if wanted(s.controlled(activity, above)) {
			break
		}
		below.Set(above)
	}
	for half := new(big.Int); ; {
		half.Add(below, above).Rsh(half, 1)
		if half.Cmp(below) == 0 {
			return above
		}
		if wanted(s.controlled(activity, half)) {
			above.Set(half)
		} else {
			below.Set(half)
		}
	}
}
