package trainlog

import "github.com/weighbridge/weighbridge/meter"

// maxTokens bounds a token counter: 10^18 is beyond any run.
const maxTokens = 1_000_000_000_000_000_000

// resumedFactor: where the first value of a counter is more than this many times
// its first advance, the log begins in the middle of a run.
const resumedFactor = 4

// counter is a cumulative counter that a job keeps across resumes. What it had
// reached before the log began is not this log's work.
type counter struct {
	seen     bool
	base     meter.Ops // what it had reached before
	last     meter.Ops
	peak     meter.Ops
	executed meter.Ops // advances, those over again included
	advance  meter.Ops // the largest
	logged   uint64    // values at training logs so far
	resumed  bool      // the next first value continues an earlier process
	fresh    bool      // the log shows that the run began from nothing

	// forgets: the job keeps the counter in memory only, so that it begins at 0
	// again after a resume; earlier is what it had reached before.
	forgets bool
	earlier meter.Ops
}

// start notes a start of the job.
func (c *counter) start(fromZero bool) {
	c.fresh = fromZero
	c.resumed = !fromZero
}

// reach notes a value. Training logs come at equal distances; regular says that
// this is one.
func (c *counter) reach(v meter.Ops, regular bool, l line, n *notes) {
	if regular {
		c.logged++
	}
	switch {
	case !c.seen && c.resumed:
		c.begin(v, l, n)
	case !c.seen:
		c.move(meter.Ops{}, v)
	case v.Cmp(c.last) > 0:
		if first := c.last; regular && c.logged == 2 && !c.fresh && beyond(first, v) {
			c.begin(first, l, n)
		}
		c.move(c.last, v)
	case v.Cmp(c.last) < 0 && c.forgets && v.Cmp(c.advance) <= 0:
		// From 0 again: what is a rollback at another counter is a resume here.
		c.earlier, _ = c.earlier.Add(c.peak)
		c.peak = meter.Ops{}
		c.move(meter.Ops{}, v)
	case v.Cmp(c.last) < 0:
		was, _ := c.last.Uint64()
		now, _ := v.Uint64()
		n.add(Rollback, l.at, was, now)
		c.back(v)
	}
	c.seen, c.last = true, v
	if v.Cmp(c.peak) > 0 {
		c.peak = v
	}
}

// beyond reports whether first is too large to be the first interval of a run
// that then advanced to v.
func beyond(first, v meter.Ops) bool {
	advance, err := v.Sub(first)
	if err != nil {
		return false
	}
	limit, err := advance.Mul(meter.NewOps(resumedFactor))
	return err == nil && first.Cmp(limit) > 0
}

// begin sets what had been reached before the log; it is not counted.
func (c *counter) begin(v meter.Ops, l line, n *notes) {
	was, _ := v.Uint64()
	n.add(StartsLate, l.at, was, 0)
	c.base, c.executed, c.advance = v, meter.Ops{}, meter.Ops{}
}

func (c *counter) move(from, to meter.Ops) {
	step, _ := to.Sub(from)
	if step.Cmp(c.advance) > 0 {
		c.advance = step
	}
	c.executed, _ = c.executed.Add(step) // maxTokens per line: 2^128 is never near
}

// back: a restart from a checkpoint. Where it lay is not shown, but at most one
// interval before the first value after it.
func (c *counter) back(v meter.Ops) {
	again := c.advance
	if v.Cmp(again) < 0 {
		again = v
	}
	c.executed, _ = c.executed.Add(again)
}

// totals returns what this log shows of the counter.
func (c *counter) totals() (committed, executed meter.Ops, stated bool) {
	if !c.seen {
		return meter.Ops{}, meter.Ops{}, false
	}
	committed, _ = c.peak.Add(c.earlier)
	committed, _ = committed.Sub(c.base)
	return committed, c.executed, true
}
