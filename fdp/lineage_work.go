package fdp

import "github.com/weighbridge/weighbridge/meter"

// workKey is what lines of one sum share.
type workKey struct {
	activity  meter.Activity
	weights   string
	generator meter.ModelRef
	published string
}

// workSum is a line of a model's work before it is written down.
type workSum struct {
	workKey
	operations meter.Interval
	grade      meter.Grade // the lowest of the records in it
}

// fewSums are looked through faster than a map is made.
const fewSums = 8

// sumWork adds a model's records up, in the order in which they first come.
func sumWork(records []meter.Record) []workSum {
	out := make([]workSum, 0, min(len(records), fewSums))
	var places map[workKey]int
	for i := range records {
		r := &records[i]
		key := workKey{r.Activity, r.Weights, r.Generator, yesNo(r.DataPublished)}
		at, found := placeOfSum(out, places, key)
		if !found {
			out = append(out, workSum{key, r.Operations, r.Grade})
			switch {
			case places != nil:
				places[key] = len(out) - 1
			case len(out) > fewSums:
				places = map[workKey]int{}
				for at, sum := range out {
					places[sum.workKey] = at
				}
			}
			continue
		}
		sum := &out[at]
		total, err := sum.operations.Add(r.Operations)
		if err != nil {
			total = meter.Unbounded(sum.operations.Low) // past 2^128: certainly not a number of operations
		}
		sum.operations, sum.grade = total, meter.LowestGrade(sum.grade, r.Grade)
	}
	return out
}

func placeOfSum(sums []workSum, places map[workKey]int, key workKey) (int, bool) {
	if places != nil {
		at, found := places[key]
		return at, found
	}
	for at := range sums {
		if sums[at].workKey == key {
			return at, true
		}
	}
	return 0, false
}

// linesOf are sums as a document states them.
func linesOf(sums []workSum) []Work {
	out := make([]Work, len(sums))
	for i := range sums {
		sum := &sums[i]
		w := Work{Activity: sum.activity, Interval: &sum.operations, Weights: sum.weights, DataPublished: ofYesNo(sum.published)}
		if generating(sum.activity) {
			w.Generator = sum.generator
		}
		out[i] = w
	}
	return out
}

// startingPoints collects what tells which discarded weights are in use: a kept run
// started from them, or a run did whose discarded weights are in use (facts, 9a).
type startingPoints struct {
	behind  map[string][]string // of discarded weights: what the run started from that put them out
	started []string            // what kept runs started from
}

// digests are of weights.
type digests map[string]bool

// add takes a model's records in, and reports whether some put out discarded weights.
func (s *startingPoints) add(records []meter.Record) (discarded bool) {
	for i := range records {
		r := &records[i]
		switch {
		case r.Weights == meter.WeightsKept:
			s.started = appendInputs(s.started, r)
		case r.Weights == meter.WeightsDiscarded && r.Output != "":
			if s.behind == nil {
				s.behind = map[string][]string{}
			}
			s.behind[r.Output] = appendInputs(s.behind[r.Output], r)
			discarded = true
		}
	}
	return discarded
}

func appendInputs(to []string, r *meter.Record) []string {
	for i := range r.Parents {
		if input := r.Parents[i].Input; input != "" {
			to = append(to, input)
		}
	}
	return to
}

// inUse are the discarded weights that are.
func (s *startingPoints) inUse() digests {
	out := digests{}
	if len(s.behind) == 0 {
		return out
	}
	for next := s.started; len(next) > 0; next = next[1:] {
		inputs, discarded := s.behind[next[0]]
		if !discarded || out[next[0]] {
			continue
		}
		out[next[0]] = true
		next = append(next, inputs...)
	}
	return out
}

// kept returns the records, those that put out weights in use as kept.
func (d digests) kept(records []meter.Record) []meter.Record {
	out := records
	for i := range records {
		if r := &records[i]; r.Weights == meter.WeightsDiscarded && d[r.Output] {
			if &out[0] == &records[0] {
				out = append([]meter.Record(nil), records...)
			}
			out[i].Weights = meter.WeightsKept
		}
	}
	return out
}
