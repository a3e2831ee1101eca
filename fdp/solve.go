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
	e := s.evaluation(activity, n)
	if e == nil {
		return Undetermined
	}
	verdict := e.rule(s.pack.Outcomes.Controlled).verdict
	if e.numbers.err != nil {
		s.err = e.numbers.err
	}
	return verdict
}

// evaluation has n more operations of the activity; nil, and the reason kept, where
// there is none.
func (s *solver) evaluation(activity meter.Activity, n *big.Int) *evaluation {
	f := s.facts
	if n.Sign() > 0 {
		ops, err := meter.OpsFromBig(n)
		if err != nil {
			s.err = err
			return nil
		}
		exact := meter.Exact(ops)
		f.Operations = append(slices.Clone(f.Operations), Work{Activity: activity, Interval: &exact, Weights: "kept"})
	}
	models, contradiction := f.models()
	if contradiction != nil {
		s.err = fmt.Errorf("%s: %s", contradiction.path, contradiction.message)
		return nil
	}
	return newEvaluationOf(models, s.pack, s.catalogue, f, s.question)
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
// first power of four at which it is, then between it and the one before, where the
// threshold leads to guess, and by bisection.
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
	narrow := func(n *big.Int) {
		if wanted(s.controlled(activity, n)) {
			above.Set(n)
		} else {
			below.Set(n)
		}
	}
	for _, n := range s.guesses(activity, below) {
		if n.Cmp(below) > 0 && n.Cmp(above) < 0 {
			narrow(n)
		}
	}
	for half := new(big.Int); ; {
		if half.Add(below, above).Rsh(half, 1); half.Cmp(below) == 0 {
			return above
		}
		narrow(half)
	}
}

// guesses are where the answer turns if every further operation counts: what is
// left to the threshold from each bound of what counts with below more, and one
// more and one fewer. They save trials, and decide nothing.
func (s *solver) guesses(activity meter.Activity, below *big.Int) []*big.Int {
	e := s.evaluation(activity, below)
	if e == nil {
		return nil
	}
	limit, known := e.threshold()
	if !known {
		return nil
	}
	counted := e.quantity(s.pack.Threshold.Quantity).interval
	var out []*big.Int
	for _, bound := range []meter.Bound{counted.High, counted.Estimate, meter.Known(counted.Low)} {
		if !bound.Known {
			continue
		}
		left := new(big.Int).Sub(limit.Big(), bound.Ops.Big())
		at := left.Add(left, below)
		for _, beside := range []int64{1, 0, -1} {
			out = append(out, new(big.Int).Add(at, big.NewInt(beside)))
		}
	}
	return out
}
