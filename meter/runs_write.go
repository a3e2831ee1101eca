package meter

import (
	"fmt"
	"math/big"
	"slices"
)

// executed is the high of one process, with the steps before its first line.
func (p *part) executed() Bound {
	high := p.figure.Operations.High
	if !high.Known || len(p.spans) == 0 {
		return high
	}
	hidden := p.spans[0].From - p.filled[0].From
	if p.logged && p.spans[0].From > 0 {
		hidden = max(hidden, p.tail)
	}
	first := Span{From: 0, To: hidden, PerStep: p.spans[0].PerStep}
	more := p.figure.Operations.share(weight([]Span{first}, p.spans), weight(p.spans, p.spans)).High
	sum, err := high.Ops.Add(more.Ops)
	return Bound{sum, err == nil}
}

// write puts what counts into the record, and says what was changed.
func (p *part) write(lead bool, attempts int) {
	r := p.record
	say := func(code, format string, args ...any) {
		r.Findings = append(slices.Clip(r.Findings), Finding{code, fmt.Sprintf(format, args...)})
	}
	var own uint64
	for _, s := range p.spans {
		own += s.To - s.From
	}
	if p.Rank != p.Counting {
		if p.net == Exact(Ops{}) {
			return
		}
		r.Method, r.Grade, r.Convention = p.figure.Method, p.figure.Grade, p.figure.Convention
		if !p.shows {
			say("not-counted", "no rank of the job shows what it did, and rank %d, which was to count, is not recorded: there is no upper bound; "+
				"record or merge what that rank wrote, or supersede this record when the count is known", p.Counting)
		} else {
			say("rank-promoted", "rank %d counts for the job here: rank %d, which was to count, is not recorded, or shows less", p.Rank, p.Counting)
		}
	} else if p.shows && p.taken < own {
		say("steps-repeated", "%d of the %d steps of this process count with another process of run %s, which did them too: here they are in high alone", own-min(p.taken, own), own, r.Run)
	} else if p.shows && len(p.spans) == 0 && lead && attempts > 1 {
		say("steps-not-shown", "run %s has %d processes and this one does not show its steps: whether it did some again cannot be told, so all of it counts", r.Run, attempts)
	}
	if p.Rank == p.Counting && !p.shows && !lead {
		r.Method, r.Grade = NoMethod, GradeMeasured
	}
	r.Operations = p.net
}

// share is the interval times a/b: low and estimate rounded down, high up.
func (i Interval) share(a, b *big.Int) Interval {
	scale := func(o Ops, up bool) Ops {
		n := new(big.Int).Mul(o.Big(), a)
		if up {
			n.Add(n, b).Sub(n, big.NewInt(1))
		}
		ops, err := OpsFromBig(n.Quo(n, b))
		if err != nil { // gaps far longer than all that was shown
			return MostOperations()
		}
		return ops
	}
	i.Low = scale(i.Low, false)
	if i.Estimate.Known {
		i.Estimate.Ops = scale(i.Estimate.Ops, false)
	}
	if i.High.Known {
		i.High.Ops = scale(i.High.Ops, true)
	}
	return i
}
