package trainlog

import (
	"maps"

	"github.com/weighbridge/weighbridge/meter"
)

// told is a report that states its step.
type told struct {
	step               uint64
	operations, tokens meter.Ops
}

// figures are what a counter stood at; zero: it had not begun.
type figures struct{ operations, tokens meter.Ops }

// counters are those of one activity: one for each process that a launcher names,
// which all count the whole job, and what they told, with what was told before it.
type counters struct {
	by        map[string]recounts // by rank; "": not named
	now, past map[told]figures
}

// maxTold bounds how many reports are remembered, the last ones in full. An older
// one that comes again is work that is done again.
const maxTold = 4096

func (c *counters) clone() counters {
	return counters{maps.Clone(c.by), maps.Clone(c.now), maps.Clone(c.past)}
}

// see takes the next report; have are the largest figures before it, nil for the
// first. It reports false for one that another process told already.
func (c *counters) see(report meter.Report, have *meter.Report, l line) bool {
	key := toldBy(report)
	had := c.find(report, key)
	rank := l.rank()
	b, seen := c.by[rank]
	if !seen && len(c.by) >= maxRanks {
		rank = ""
		b, seen = c.by[rank]
	}
	if !seen && have != nil {
		b = c.joins(report, *have, had != nil)
	}
	b.settle(report.Step, had != nil, l.gap)
	if had == nil && report.Step != nil {
		c.keep(key, figures{below(b.operations.last, key.operations), below(b.tokens.last, key.tokens)})
	}
	lower := b.see(report, had)
	if c.by == nil {
		c.by = map[string]recounts{}
	}
	c.by[rank] = b
	return had == nil || lower
}

// joins is the counter of a process that is named for the first time. It tells what
// others told, or goes on from there; else it may have been started again under
// another name.
func (c *counters) joins(report, have meter.Report, known bool) recounts {
	lower := less(report.Operations, have.Operations) || less(report.Tokens, have.Tokens)
	switch {
	case known:
		return recounts{}
	case !lower:
		return recounts{operations: recount{last: amountOf(have.Operations)}, tokens: recount{last: amountOf(have.Tokens)}}
	}
	operations, tokens := c.most()
	return recounts{operations: recount{before: operations, most: operations, anew: true}, tokens: recount{before: tokens, most: tokens, anew: true}}
}

func (c *counters) most() (operations, tokens meter.Ops) {
	for _, b := range c.by {
		operations, tokens = most(operations, b.operations.most), most(tokens, b.tokens.most)
	}
	return operations, tokens
}

// executed are the sums over the beginnings; nil where there was one.
func (c *counters) executed() (operations, tokens *meter.Ops) {
	o, t := c.most()
	for _, b := range c.by {
		if b.operations.anew {
			operations = &o
		}
		if b.tokens.anew {
			tokens = &t
		}
	}
	return operations, tokens
}

func (c *counters) find(report meter.Report, key told) *figures {
	if report.Step == nil {
		return nil
	}
	for _, m := range []map[told]figures{c.now, c.past} {
		if had, found := m[key]; found {
			return &had
		}
	}
	return nil
}

func (c *counters) keep(key told, had figures) {
	if c.now == nil || len(c.now) >= maxTold {
		c.now, c.past = map[told]figures{}, c.now
	}
	c.now[key] = had
}

func toldBy(report meter.Report) told {
	t := told{operations: amountOf(report.Operations), tokens: amountOf(report.Tokens)}
	if report.Step != nil {
		t.step = *report.Step
	}
	return t
}

func amountOf(figure *meter.Ops) meter.Ops {
	if figure == nil {
		return meter.Ops{}
	}
	return *figure
}

func less(a, b *meter.Ops) bool { return a != nil && b != nil && a.Cmp(*b) < 0 }

func most(a, b meter.Ops) meter.Ops {
	if a.Cmp(b) < 0 {
		return b
	}
	return a
}

// below is what a counter stood at before the figure; nothing where it began anew.
func below(last, figure meter.Ops) meter.Ops {
	if figure.Cmp(last) < 0 {
		return meter.Ops{}
	}
	return last
}
