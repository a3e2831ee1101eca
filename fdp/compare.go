package fdp

import (
	"fmt"
	"math/big"
	"strings"

	"github.com/weighbridge/weighbridge/meter"
)

// limit is the other side of a comparison: exact bounds, high nil without end.
type limit struct {
	low, high *big.Rat
	text      string
	steps     []Step
	missing   []Missing
}

func (e *evaluation) limit(b bound) limit {
	if b.Of == "" {
		ops, _ := meter.ParseOps(b.Value) // the linter refuses what does not parse
		return limit{low: ratBound(ops), high: ratBound(ops), text: opsText(ops)}
	}
	q := e.quantity(b.Of)
	out := bounds(q.interval, b.Percent)
	out.steps, out.missing = q.steps, q.missing
	name := e.pack.named[b.Of].Name
	if b.Percent != 0 {
		name = fmt.Sprintf("%d%% of %s", b.Percent, name)
	}
	shown := out
	if q.stated != nil && *q.stated != q.interval {
		shown = bounds(*q.stated, b.Percent)
		name += " as stated, without evidence"
	}
	out.text = shown.number() + name
	return out
}

// bounds are an interval's as rationals, or a percentage of them.
func bounds(i meter.Interval, percent int) limit {
	factor := one
	if percent != 0 {
		factor = big.NewRat(int64(percent), 100)
	}
	out := limit{low: new(big.Rat).Mul(ratBound(i.Low), factor)}
	if i.High.Known {
		out.high = new(big.Rat).Mul(ratBound(i.High.Ops), factor)
	}
	return out
}

// number is what a limit amounts to, before its name.
func (l limit) number() string {
	switch {
	case l.high != nil && l.low.Cmp(l.high) == 0:
		return ratText(l.low) + ", "
	case l.high != nil:
		return ratText(l.low) + " to " + ratText(l.high) + ", "
	case l.low.Sign() > 0:
		return "at least " + ratText(l.low) + ", "
	}
	return ""
}

// ratText prints a number of operations, or a percentage of one, exactly: a
// percentage has at most two digits after the point.
func ratText(r *big.Rat) string {
	if o, err := meter.ParseOps(r.RatString()); err == nil {
		return opsText(o)
	}
	return r.FloatString(2)
}

// compare holds a quantity against a limit, or the highest of several, exactly.
// It applies when every value of the intervals satisfies it, does not when none
// does, and is undetermined otherwise.
func (e *evaluation) compare(c comparison, cite string) outcome {
	q := e.quantity(c.Quantity)
	bounds := c.HighestOf
	if c.Value != "" {
		bounds = []bound{{Value: c.Value}}
	}
	limits := make([]limit, 0, len(bounds))
	for _, b := range bounds {
		limits = append(limits, e.limit(b))
	}
	if c.Is == "<" || c.Is == "<=" {
		return e.below(q, limits, c.Is == "<=", c.Is, cite)
	}
	// x >= highest is not (x < highest); x > highest is not (x <= highest)
	return e.below(q, limits, c.Is == ">", c.Is, cite).not()
}

// below: the quantity is below the highest of the limits, or at it with
// inclusive. One limit that is high enough suffices; otherwise all are passed.
func (e *evaluation) below(q quantity, limits []limit, inclusive bool, sign, cite string) outcome {
	low := ratBound(q.interval.Low)
	under := func(x, y *big.Rat) bool { return x.Cmp(y) < 0 || inclusive && x.Cmp(y) == 0 }
	var open []limit
	for _, l := range limits {
		if q.interval.High.Known && under(ratBound(q.interval.High.Ops), l.low) {
			return outcome{verdict: Applies, steps: proof(q, []limit{l}, sign, cite)}
		}
		if l.high == nil || under(low, l.high) {
			open = append(open, l)
		}
	}
	if len(open) == 0 {
		return outcome{verdict: DoesNotApply, steps: e.passed(q, limits, under, sign, cite)}
	}
	out := outcome{steps: proof(q, open, sign, cite), missing: q.missing}
	if q.interval.High.Known && q.interval.High.Ops == q.interval.Low {
		out.missing = nil
	}
	for _, l := range open {
		out.missing = append(out.missing, l.missing...)
	}
	return out
}

// passed proves that the quantity is past all limits: by the model's own work
// alone where that suffices.
func (e *evaluation) passed(q quantity, limits []limit, under func(x, y *big.Rat) bool, sign, cite string) []Step {
	if q.ownOnly == nil {
		return proof(q, limits, sign, cite)
	}
	for _, l := range limits {
		if under(ratBound(q.ownLow), l.high) {
			return proof(q, limits, sign, cite)
		}
	}
	own := *q.ownOnly
	own.Value += against(limits, sign)
	own.Cite = cite
	out := []Step{own}
	for _, l := range limits {
		out = append(out, l.steps...)
	}
	return out
}

// proof is the number against the limits, and what both rest on.
func proof(q quantity, limits []limit, sign, cite string) []Step {
	var out []Step
	for i, s := range q.steps {
		if i == 0 {
			s.Value += against(limits, sign)
			s.Cite = cite
		}
		out = append(out, s)
	}
	for _, l := range limits {
		out = append(out, l.steps...)
	}
	return out
}

func against(limits []limit, sign string) string {
	texts := make([]string, len(limits))
	for i, l := range limits {
		texts[i] = l.text
	}
	other := strings.Join(texts, " and ")
	if len(texts) > 1 {
		other = "the higher of " + other
	}
	return fmt.Sprintf(" (is it %s %s?)", sign, other)
}
