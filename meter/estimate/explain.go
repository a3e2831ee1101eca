package estimate

import (
	"fmt"
	"math/big"
	"slices"

	"github.com/weighbridge/weighbridge/meter"
)

// Candidate is what one convention gives for the architecture and tokens.
type Candidate struct {
	Convention string    // who counts so, as in "6ND" or "Megatron-LM"
	Formula    string    // operations per token, in the letters of the package comment
	Also       []string  // conventions that give the very same number for this architecture
	Operations meter.Ops // rounded down where the formula is not whole
	Ratio      *big.Rat  // exact: what the convention gives over what was stated
}

// Untried is a convention that has no number for the architecture, and why.
type Untried struct{ Convention, Why string }

// Explanation says which counting conventions reproduce a stated total.
type Explanation struct {
	Tried      int         // conventions that have a number
	Untried    []Untried   // those that have none
	Candidates []Candidate // within 2 % of the total, closest first; empty when none is
	Nearest    Candidate   // the closest of all, within 2 % or not
	Assumed    uint64      // the configuration's length, taken because none was stated; 0: one was
}

// Ambiguous reports whether conventions that give different numbers reproduce
// the total.
func (e Explanation) Ambiguous() bool { return len(e.Candidates) > 1 }

// Explain tries every convention of a fixed list on the tokens and says which
// come within 2 % of the total that somebody published or logged. The distance
// is measured against that total. Without a stated length the configuration's is
// taken, and said. Errors: a total or tokens of zero, a schedule that does not
// cover the tokens, a number past 2^128-1.
func (a Architecture) Explain(total, tokens meter.Ops, lengths Schedule) (Explanation, error) {
	if total.IsZero() || tokens.IsZero() {
		return Explanation{}, fmt.Errorf("%s operations over %s tokens: expected both above 0: a zero in a log means that nobody counted", total, tokens)
	}
	if len(a.products) == 0 {
		return Explanation{}, fmt.Errorf("no architecture: expected one from ParseConfig")
	}
	if a.has(Source) || a.has(Image) {
		return Explanation{}, fmt.Errorf("explain: the model has an encoder or another tower: the conventions tried here are those for decoders alone")
	}
	parts, err := lengths.Stretches(tokens)
	if err != nil {
		return Explanation{}, err
	}
	e := Explanation{}
	for i := range parts {
		switch {
		case parts[i].Sequence != 0:
		case len(a.cores) == 0: // no number depends on the length
			parts[i].Sequence = 1
		default:
			parts[i].Sequence, e.Assumed = a.context, a.context
		}
	}
	var all []Candidate
	for _, r := range recipes() {
		operations, why := r.total(a, parts)
		if operations == nil {
			e.Untried = append(e.Untried, Untried{r.name, why})
			continue
		}
		e.Tried++
		c, err := newCandidate(r, operations, total)
		if err != nil {
			return Explanation{}, err
		}
		all = join(all, c)
	}
	slices.SortStableFunc(all, func(c, d Candidate) int { return c.distance().Cmp(d.distance()) })
	e.Nearest = all[0]
	for _, c := range all {
		if c.distance().Cmp(big.NewRat(2, 100)) <= 0 {
			e.Candidates = append(e.Candidates, c)
		}
	}
	return e, nil
}

func newCandidate(r recipe, operations *big.Rat, total meter.Ops) (Candidate, error) {
	whole, err := meter.OpsFromBig(new(big.Int).Quo(operations.Num(), operations.Denom()))
	if err != nil {
		return Candidate{}, fmt.Errorf("operations by %s: %w", r.name, err)
	}
	ratio := new(big.Rat).Quo(operations, new(big.Rat).SetInt(total.Big()))
	return Candidate{Convention: r.name, Formula: r.formula, Operations: whole, Ratio: ratio}, nil
}

// join adds c, or its name to the candidate that is the same number.
func join(all []Candidate, c Candidate) []Candidate {
	for i := range all {
		if all[i].Ratio.Cmp(c.Ratio) == 0 {
			all[i].Also = append(all[i].Also, c.Convention)
			return all
		}
	}
	return append(all, c)
}

// distance is |ratio - 1|.
func (c Candidate) distance() *big.Rat {
	d := new(big.Rat).Sub(c.Ratio, big.NewRat(1, 1))
	return d.Abs(d)
}

// total is the recipe over all parts, or nil and why there is none.
func (r recipe) total(a Architecture, parts []Stretch) (*big.Rat, string) {
	sum := new(big.Rat)
	for _, part := range parts {
		perToken, why := r.perToken(figuresOf(a, part.Sequence))
		if perToken == nil {
			return nil, why
		}
		sum.Add(sum, perToken.Mul(perToken, new(big.Rat).SetInt(part.Tokens.Big())))
	}
	return sum, ""
}
