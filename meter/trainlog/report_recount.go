package trainlog

import "github.com/weighbridge/weighbridge/meter"

// recounts are the counters of one activity, each over all its beginnings.
type recounts struct{ operations, tokens recount }

func (b *recounts) see(report meter.Report) {
	b.operations.see(report.Operations, meter.MostOperations())
	b.tokens.see(report.Tokens, meter.NewOps(maxTokens))
}

// recount is a cumulative figure that may begin anew, as that of a process does
// which was started again within its job: what it had counted before was done.
type recount struct {
	before meter.Ops // of the beginnings before this one
	last   meter.Ops
	most   meter.Ops // before and the largest figure since
	anew   bool
}

// see takes the next figure. A sum above the limit cannot be true, and stays there.
func (b *recount) see(figure *meter.Ops, limit meter.Ops) {
	if figure == nil {
		return
	}
	if figure.Cmp(b.last) < 0 {
		b.before, b.anew = b.most, true
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

// executed is the sum over the beginnings; nil where there was one.
func (b recount) executed() *meter.Ops {
	if !b.anew {
		return nil
	}
	return &b.most
}
