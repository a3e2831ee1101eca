package trainlog

import "github.com/weighbridge/weighbridge/meter"

// recounts are the counters of one process, each over all its beginnings.
type recounts struct {
	operations, tokens recount
	top, at            uint64 // the largest step since the last beginning, and the last one

	// doubt is what was before a report that this activity had already: another
	// process may have said it late, or this one does the work again. Until a
	// further step tells, the second is counted. It is never changed, and may have
	// a doubt of its own.
	doubt *recounts
	depth int // doubts within each other
}

// maxDoubts bounds memory; beyond it what comes again is done again.
const maxDoubts = 256

// see takes the next report. had is what was reported before it when it was told
// for the first time; nil: it is told now. It reports whether a figure is lower than
// one before it.
func (b *recounts) see(report meter.Report, had *figures) (lower bool) {
	lower = b.operations.above(report.Operations) || b.tokens.above(report.Tokens)
	if lower && had != nil && b.depth < maxDoubts {
		was := *b
		b.doubt, b.depth = &was, b.depth+1
	}
	if had == nil {
		had = &figures{}
	}
	b.operations.see(report.Operations, had.operations, meter.MostOperations())
	b.tokens.see(report.Tokens, had.tokens, meter.NewOps(maxTokens))
	if report.Step != nil {
		b.at = *report.Step
		if lower || b.at > b.top {
			b.top = b.at
		}
	}
	return lower
}

// settle ends the doubts that the next report ends: work that is done again comes by
// the last step that was done before it goes on, a late process does not. gap says
// that bytes were lost meanwhile.
func (b *recounts) settle(step *uint64, again, gap bool) {
	for b.doubt != nil {
		beyond := step != nil && *step > b.doubt.top
		switch {
		case beyond && b.at < b.doubt.top && !gap:
			*b = *b.doubt
		case beyond || !again:
			b.doubt, b.depth = b.doubt.doubt, b.doubt.depth
		default:
			return
		}
	}
}

// recount is a cumulative figure that may begin anew, as that of a process does
// which was started again within its job: what it had counted before was done.
type recount struct {
	before meter.Ops // of the beginnings before this one
	last   meter.Ops
	most   meter.Ops // before and the largest figure since
	anew   bool
}

func (b *recount) above(figure *meter.Ops) bool { return figure != nil && figure.Cmp(b.last) < 0 }

// see takes the next figure; had is what a new beginning had in it already, where
// it goes on from a checkpoint. A sum above the limit cannot be true, and stays there.
func (b *recount) see(figure *meter.Ops, had, limit meter.Ops) {
	if figure == nil {
		return
	}
	if b.above(figure) {
		b.anew = true
		if rest, err := b.most.Sub(had); err == nil {
			b.before = rest
		} else {
			b.before = b.most
		}
	}
	b.last = *figure
	sum, err := b.before.Add(*figure)
	if err != nil || sum.Cmp(limit) > 0 {
		sum = limit
	}
	if sum.Cmp(b.most) > 0 {
		b.most = sum
	}
}
