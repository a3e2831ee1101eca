package trainlog

import (
	"slices"

	"github.com/weighbridge/weighbridge/meter"
)

// maxStep bounds a step number, and a number of tokens per step: a thousand
// million million is beyond any run, and sums of them stay far from overflow.
const maxStep = 1_000_000_000_000_000

// maxSegments bounds memory: a log in more separate pieces is not a log.
const maxSegments = 16_384

// jumpFactor and jumpLeast say when one line's claim is worth a finding.
const jumpFactor, jumpLeast = 100, 10_000

// segment is the steps from up to to, counted from 0, run with perStep tokens
// each (0: not stated).
type segment struct{ from, to, perStep uint64 }

// steps keeps which steps were done. Committed is their union, executed the
// multiset (facts: counters in logs reset, repeat and overlap).
type steps struct {
	committed []segment // sorted, disjoint
	executed  uint64
	tokens    meter.Ops // executed x what each held
	unpriced  bool      // some executed step had no stated tokens
	perStep   uint64    // of the current start; 0: not stated

	done     uint64 // steps done after the last line; 0: none shown
	interval uint64 // largest distance between consecutive lines of one start
	restarts uint64 // starts after the first
	started  bool   // a start of the job was shown since the last step
	origin   bool   // the step that start began from is known:
	originAt uint64 // steps done before it

	// spans: every line stands for all steps since the line before it, as a mean
	// over them does. again: a number that repeats is work done again, because
	// one process alone writes the log.
	spans, again bool
	headRest     uint64 // head, while one line is counted in two parts
	headWas      uint64 // headPerStep at the first line
	headPerStep  uint64 // what a step held by the first line itself; 0: as counted
	head         uint64 // steps counted for the first line of a log that spans, until the next shows its interval
}

// start notes a start of the job.
func (s *steps) start(fromZero bool) { s.started, s.origin, s.originAt = true, fromZero, 0 }

// startAt notes a start from a checkpoint with done steps in it.
func (s *steps) startAt(done uint64) { s.started, s.origin, s.originAt = true, true, done }

// hold sets the tokens per step from now on.
func (s *steps) hold(perStep uint64, l line, n *notes) {
	if s.perStep != 0 && s.perStep != perStep {
		n.add(BatchChanged, l.at, s.perStep, perStep)
	}
	s.perStep = perStep
}

// reach notes a line that shows done steps done. It reports false for a line
// that only repeats the last one, as several ranks do.
func (s *steps) reach(done uint64, l line, n *notes) bool {
	if s.done != 0 && (s.started || done < s.done) {
		s.restarts++
	}
	switch {
	case s.started && s.origin && s.originAt < done:
		s.resume(done, l, n)
	case s.done == 0 && s.spans:
		s.head, s.headWas = done, s.headPerStep
		s.add(0, done, l, n)
	case s.done == 0:
		if done > 1 {
			n.add(StartsLate, l.at, done, 0)
		}
		s.add(done-1, done, l, n)
	case done > s.done:
		s.advance(done, l, n)
	case done == s.done && !s.started && !s.again:
		return false
	default:
		s.back(done, l, n)
	}
	s.done, s.started = done, false
	return true
}

// resume: a start from a step that is known.
func (s *steps) resume(done uint64, l line, n *notes) {
	switch {
	case s.originAt == 0 && s.done != 0:
		n.add(Reset, l.at, s.done, done)
	case s.done > s.originAt:
		n.add(Rollback, l.at, s.done, s.originAt)
	case s.done == 0 && s.originAt != 0:
		n.add(StartsLate, l.at, s.originAt, 0)
	}
	s.add(s.originAt, done, l, n)
}

// late takes back what the first line of a log was counted for, where the
// second shows that lines come closer together than that: the log begins in the
// middle of a run.
func (s *steps) late(distance uint64, l line, n *notes) {
	if s.head > resumedFactor*distance {
		n.add(StartsLate, l.at, s.head, 0)
		perStep := s.committed[len(s.committed)-1].perStep
		if s.headWas != 0 {
			perStep = s.headWas
		}
		s.committed, s.executed, s.tokens, s.unpriced = nil, 0, meter.Ops{}, false
		s.price(s.head-distance, s.head, perStep)
		s.commit(segment{s.head - distance, s.head, perStep})
	}
	s.head = 0
}

// advance: the steps between two lines were done, after a restart too, because
// the later state holds them.
func (s *steps) advance(done uint64, l line, n *notes) {
	distance := done - s.done
	if s.head != 0 && !s.started {
		s.late(distance, l, n)
	}
	if s.interval != 0 && distance > jumpFactor*s.interval && distance > jumpLeast {
		n.add(StepJump, l.at, distance, s.interval)
	}
	if !s.started && !l.gap {
		s.interval = max(s.interval, distance)
	}
	s.add(s.done, done, l, n)
}

// back: a restart. Of the steps since its checkpoint only the one shown is
// proven.
func (s *steps) back(done uint64, l line, n *notes) {
	if done == 1 {
		n.add(Reset, l.at, s.done, done)
	} else {
		n.add(Rollback, l.at, s.done, done)
	}
	from := done - 1
	if s.spans {
		from = done - min(done, max(s.interval, 1))
	}
	s.add(from, done, l, n)
}

func (s *steps) add(from, to uint64, l line, n *notes) {
	s.price(from, to, s.perStep)
	if !s.commit(segment{from, to, s.perStep}) {
		n.add(Fragmented, l.at, 0, 0)
	}
}

// price counts steps as executed, with what each held.
func (s *steps) price(from, to, perStep uint64) {
	s.executed = saturated(s.executed, to-from)
	if perStep == 0 {
		s.unpriced = true
	} else if t, err := meter.NewOps(to - from).Mul(meter.NewOps(perStep)); err != nil {
		s.unpriced = true
	} else if s.tokens, err = s.tokens.Add(t); err != nil {
		s.unpriced = true
	}
}

// commit lays the segment over what stands: the later run of a step is the one
// that survived. It reports false when there are too many pieces.
func (s *steps) commit(x segment) bool {
	c := s.committed
	if last := len(c) - 1; last >= 0 && c[last].to == x.from && c[last].perStep == x.perStep {
		c[last].to = x.to
		return true
	}
	if len(c) >= maxSegments {
		return false
	}
	// Those from i up to j touch x.
	i, _ := slices.BinarySearchFunc(c, x.from, func(e segment, from uint64) int { return compare(e.to, from) })
	j := i
	var merged []segment
	for ; j < len(c) && c[j].from <= x.to; j++ {
		merged = append(merged, c[j])
	}
	s.committed = slices.Replace(c, i, j, lay(merged, x)...)
	return true
}

// lay returns under with x over it, equal neighbours joined.
func lay(under []segment, x segment) []segment {
	var out []segment
	for _, e := range under {
		if e.from < x.from {
			out = appendJoined(out, segment{e.from, min(e.to, x.from), e.perStep})
		}
	}
	out = appendJoined(out, x)
	for _, e := range under {
		if e.to > x.to {
			out = appendJoined(out, segment{max(e.from, x.to), e.to, e.perStep})
		}
	}
	return out
}

func appendJoined(list []segment, x segment) []segment {
	if last := len(list) - 1; last >= 0 && list[last].to == x.from && list[last].perStep == x.perStep {
		list[last].to = x.to
		return list
	}
	return append(list, x)
}

func compare(a, b uint64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// before returns the amount of the committed steps up to done, and whether every
// one of them has a stated amount.
func (s *steps) before(done uint64) (amount meter.Ops, priced bool) {
	cut := steps{}
	for _, e := range s.committed {
		if e.from < done {
			cut.committed = append(cut.committed, segment{e.from, min(e.to, done), e.perStep})
		}
	}
	_, amount, priced = cut.union()
	return amount, priced && len(cut.committed) > 0
}

// observe adds steps and tokens to o; lastStep is done by the format's way of
// counting.
func (s *steps) observe(o *meter.Observation, lastStep uint64) {
	if s.perStep != 0 {
		o.TokensPerStep = new(s.perStep)
	}
	if s.done == 0 {
		return
	}
	o.LastStep, o.Restarts = new(lastStep), s.restarts
	if s.interval != 0 {
		o.LogInterval = new(s.interval)
	}
	o.Spans = s.spansShown()
	count, tokens, priced := s.union()
	o.StepsCommitted, o.StepsExecuted = new(count), new(s.executed)
	if priced {
		o.TokensCommitted = new(tokens)
	}
	if !s.unpriced {
		o.TokensExecuted = new(s.tokens)
	}
}

// maxSpans bounds what an observation holds of the pieces: it stands in every
// segment of a journal.
const maxSpans = 256

// spansShown returns the committed steps as they are kept in a record, or nothing
// where they are in too many pieces.
func (s *steps) spansShown() []meter.Span {
	if len(s.committed) > maxSpans {
		return nil
	}
	var list []meter.Span
	for _, e := range s.committed {
		if e.from < e.to {
			list = append(list, meter.Span{From: e.from, To: e.to, PerStep: e.perStep})
		}
	}
	return list
}

// union returns the committed steps and their tokens, and whether every one of
// them has a stated number of tokens.
func (s *steps) union() (count uint64, tokens meter.Ops, priced bool) {
	priced = true
	for _, e := range s.committed {
		count = saturated(count, e.to-e.from)
		t, err := meter.NewOps(e.to - e.from).Mul(meter.NewOps(e.perStep))
		if e.perStep == 0 || err != nil {
			priced = false
			continue
		}
		if tokens, err = tokens.Add(t); err != nil {
			priced = false
		}
	}
	return count, tokens, priced
}

func (s *steps) clone() steps {
	c := *s
	c.committed = slices.Clone(s.committed)
	return c
}
