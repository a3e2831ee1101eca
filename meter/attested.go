package meter

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
)

// AttestedRun begins the name of the run of records that were attested elsewhere;
// the first 32 digits of the SHA-256 of the signed statement follow, and then, where
// figures that it hides were shown too, a hyphen and a digest over those.
const AttestedRun = "attested-"

// workKey is what rules ask of work, beside its operations.
type workKey struct {
	activity  Activity
	generator ModelRef
	kept      bool
}

func keyOf(r Record) workKey {
	// Discarded weights with a digest may be the beginning of kept ones, which a
	// statement then calls kept.
	return workKey{r.Activity, r.Generator, r.Weights == WeightsKept || r.Output != ""}
}

// beyond returns, for each record that somebody else tells of a model, the
// operations that it has beyond those that are held of it: what brings the high
// bound of the held ones up to that of the told ones, with the first record of its
// kind, and nothing below.
func beyond(held, told []Record) []Interval {
	have, theirs := sumsByKey(held), sumsByKey(told)
	out := make([]Interval, len(told))
	for i, r := range told {
		out[i] = Exact(Ops{})
		total, left := theirs[keyOf(r)]
		if !left { // an earlier record of its kind carries it
			continue
		}
		delete(theirs, keyOf(r))
		held, known := have[keyOf(r)]
		if !known {
			held = Exact(Ops{})
		}
		out[i] = above(total, held)
	}
	return out
}

func sumsByKey(records []Record) map[workKey]Interval {
	sums := map[workKey]Interval{}
	for _, r := range records {
		sum, known := sums[keyOf(r)]
		if !known {
			sum = Exact(Ops{})
		}
		sums[keyOf(r)] = sumOf(sum, r.Operations)
	}
	return sums
}

// sumOf adds; past 2^128 it is certainly not a number of operations, and there is
// no upper bound.
func sumOf(a, b Interval) Interval {
	sum, err := a.Add(b)
	if err != nil {
		return Unbounded(a.Low)
	}
	return sum
}

// above is what brings the high bound of held up to that of theirs.
func above(theirs, held Interval) Interval {
	if !held.High.Known || theirs.High.Known && theirs.High.Ops.Cmp(held.High.Ops) <= 0 {
		return Exact(Ops{})
	}
	if !theirs.High.Known {
		return Unbounded(Ops{})
	}
	more, err := theirs.High.Ops.Sub(held.High.Ops)
	return Interval{High: Bound{more, err == nil}}
}

// NetAttested counts once what several tell of a model's work: the ledgers that
// recorded it, and each statement that was attested elsewhere, whose records have a
// run of their own. The recorded work counts, or without any the statement with
// the least; of the others what they have beyond it counts in the high bound alone,
// so that the bounds cover all of them (SPEC.md, N7). The result does not depend on the order of the records.
func NetAttested(records []Record) []Record {
	tellings := map[string][]int{} // run -> its records; "": all that was recorded
	for i, r := range records {
		run := ""
		if r.Grade == GradeAttested {
			run = r.Run
		}
		tellings[run] = append(tellings[run], i)
	}
	if len(tellings) < 2 {
		return records
	}
	out := slices.Clone(records)
	for run, closer := range lessClose(records, tellings) {
		for _, i := range tellings[run] {
			out[i].Operations = Exact(Ops{})
			out[i].Findings = append(slices.Clip(out[i].Findings), besideOther(closer, out[i].Operations))
		}
		delete(tellings, run)
	}
	order := byWeight(records, tellings)
	held := pick(records, tellings[order[0]])
	for _, run := range order[1:] {
		at := slices.Clone(tellings[run])
		slices.SortFunc(at, func(a, b int) int { return cmp.Compare(records[a].Sequence, records[b].Sequence) })
		more := beyond(held, pick(records, at))
		for k, i := range at {
			out[i].Operations = more[k]
			out[i].Findings = append(slices.Clip(out[i].Findings), besideOther(order[0], more[k]))
			held = append(held, out[i])
		}
	}
	return out
}

// statementOf is the statement that a run was attested by: the run's name begins
// with it, and goes on where figures that the statement hides were shown as well.
func statementOf(run string) string { return run[:min(len(run), len(AttestedRun)+32)] }

// lessClose returns the tellings that say less than another one of the same
// statement, of which more was shown, and that other.
func lessClose(records []Record, tellings map[string][]int) map[string]string {
	closest := map[string]string{} // statement -> run
	totals := map[string]Interval{}
	for _, run := range slices.Sorted(maps.Keys(tellings)) {
		if run == "" {
			continue
		}
		totals[run] = totalOf(records, tellings[run])
		have, known := closest[statementOf(run)]
		if !known || closer(totals[run], totals[have]) {
			closest[statementOf(run)] = run
		}
	}
	out := map[string]string{}
	for run := range totals {
		if best := closest[statementOf(run)]; best != run {
			out[run] = best
		}
	}
	return out
}

// closer reports whether the bounds of a are closer than those of b.
func closer(a, b Interval) bool {
	switch {
	case a.High.Known != b.High.Known:
		return a.High.Known
	case a.High.Known && a.High.Ops.Cmp(b.High.Ops) != 0:
		return a.High.Ops.Cmp(b.High.Ops) < 0
	}
	return a.Low.Cmp(b.Low) > 0
}

func totalOf(records []Record, at []int) Interval {
	total := Exact(Ops{})
	for _, i := range at {
		total = sumOf(total, records[i].Operations)
	}
	return total
}

func pick(records []Record, at []int) []Record {
	var out []Record
	for _, i := range at {
		out = append(out, records[i])
	}
	return out
}

// byWeight are the tellings with the one that counts first.
func byWeight(records []Record, tellings map[string][]int) []string {
	least := map[string]Interval{}
	var order []string
	for run, at := range tellings {
		order = append(order, run)
		least[run] = totalOf(records, at)
	}
	slices.SortFunc(order, func(a, b string) int {
		if a == "" || b == "" {
			return cmp.Compare(a, b)
		}
		return cmp.Or(least[a].Low.Cmp(least[b].Low), cmp.Compare(a, b))
	})
	return order
}

func besideOther(first string, more Interval) Finding {
	whose := "the ledger's own records"
	if first != "" {
		whose = "the statement of run " + first
	}
	if more == Exact(Ops{}) {
		return Finding{"attested-counted", "it is about work that counts by " + whose + " already: nothing is added"}
	}
	return Finding{"attested-beyond", fmt.Sprintf("it says more of the work than %s: the difference counts in the high bound alone, until the side that is wrong is corrected", whose)}
}
