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
		out := bounds(meter.Exact(ops), b.factor())
		out.text = opsText(ops)
		if b.Ratio != "" {
			out.text = fmt.Sprintf("%s, %s of %s", ratText(out.low), b.Ratio, out.text)
		}
		return out
	}
	q := e.quantity(b.Of)
	out := bounds(q.decisive(), b.factor())
	out.steps, out.missing = q.steps, q.missing
	name := e.pack.named[b.Of].Name
	if b.Percent != 0 {
		name = fmt.Sprintf("%d%% of %s", b.Percent, name)
	}
	if b.Ratio != "" {
		name = fmt.Sprintf("%s of %s", b.Ratio, name)
	}
	shown := out
	if q.stated != nil && *q.stated != q.interval {
		shown = bounds(*q.stated, b.factor())
		name += " as stated, without evidence"
	}
	out.text = shown.number() + name
	return out
}

// factor is what of a number a bound is: all, a percentage or a fraction.
func (b bound) factor() *big.Rat {
	switch {
	case b.Percent != 0:
		return big.NewRat(int64(b.Percent), 100)
	case b.Ratio != "":
		return ratio(b.Ratio)
	}
	return one
}

// bounds are an interval's as rationals, times a factor.
func bounds(i meter.Interval, factor *big.Rat) limit {
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
	counts := q.decisive()
	low := ratBound(counts.Low)
	under := func(x, y *big.Rat) bool { return x.Cmp(y) < 0 || inclusive && x.Cmp(y) == 0 }
	var open []limit
	for _, l := range limits {
		if counts.High.Known && under(ratBound(counts.High.Ops), l.low) {
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
	if counts.High.Known && counts.High.Ops == counts.Low {
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
