package meter

import (
	"encoding/json"
	"fmt"
)

// Bound is a number of operations that may be unknown. The zero value is
// unknown and prints null in JSON.
type Bound struct {
	Ops   Ops
	Known bool
}

// Known returns the bound o.
func Known(o Ops) Bound { return Bound{Ops: o, Known: true} }

// String returns the decimal digits, or "unknown".
func (b Bound) String() string {
	if !b.Known {
		return "unknown"
	}
	return b.Ops.String()
}

// Short returns [Ops.Short], or "unknown".
func (b Bound) Short() string {
	if !b.Known {
		return "unknown"
	}
	return b.Ops.Short()
}

// MarshalJSON writes a decimal string, or null when the bound is unknown.
func (b Bound) MarshalJSON() ([]byte, error) {
	if !b.Known {
		return []byte("null"), nil
	}
	return json.Marshal(b.Ops)
}

// UnmarshalJSON reads what MarshalJSON writes.
func (b *Bound) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		*b = Bound{}
		return nil
	}
	b.Known = true
	return b.Ops.UnmarshalJSON(data)
}

// add returns the sum, unknown when either is.
func (b Bound) add(c Bound) (Bound, error) {
	if !b.Known || !c.Known {
		return Bound{}, nil
	}
	sum, err := b.Ops.Add(c.Ops)
	return Bound{Ops: sum, Known: err == nil}, err
}

// Interval is what is known of a number of operations: certainly not fewer than
// Low, most likely Estimate, certainly not more than High. An unknown Estimate
// means that there is no best value; an unknown High means unbounded. Low is
// never unknown: zero operations is always a true lower bound. The zero value
// is "at least nothing": unbounded, no estimate.
type Interval struct {
	Low      Ops   `json:"low"`
	Estimate Bound `json:"estimate"`
	High     Bound `json:"high"`
}

// Exact returns the interval in which low, estimate and high are all o.
func Exact(o Ops) Interval { return Interval{Low: o, Estimate: Known(o), High: Known(o)} }

// Unbounded returns the interval of at least low operations.
func Unbounded(low Ops) Interval { return Interval{Low: low} }

// NewInterval returns the interval, or an error when low <= estimate <= high
// does not hold for the bounds that are known.
func NewInterval(low Ops, estimate, high Bound) (Interval, error) {
	i := Interval{Low: low, Estimate: estimate, High: high}
	return i, i.Validate()
}

// Validate returns an error when low <= estimate <= high does not hold.
func (i Interval) Validate() error {
	switch {
	case i.Estimate.Known && i.Estimate.Ops.Cmp(i.Low) < 0:
		return fmt.Errorf("operations: estimate %s is below low %s: expected low <= estimate <= high", i.Estimate, i.Low)
	case i.High.Known && i.High.Ops.Cmp(i.Low) < 0:
		return fmt.Errorf("operations: high %s is below low %s: expected low <= estimate <= high", i.High, i.Low)
	case i.Estimate.Known && i.High.Known && i.High.Ops.Cmp(i.Estimate.Ops) < 0:
		return fmt.Errorf("operations: high %s is below estimate %s: expected low <= estimate <= high", i.High, i.Estimate)
	}
	return nil
}

// Add returns the sum of two intervals, bound by bound: a sum with an unknown
// part is unknown in that bound. It fails only when a bound passes 2^128-1.
func (i Interval) Add(j Interval) (Interval, error) {
	low, err := i.Low.Add(j.Low)
	if err != nil {
		return Interval{}, err
	}
	estimate, err := i.Estimate.add(j.Estimate)
	if err != nil {
		return Interval{}, err
	}
	high, err := i.High.add(j.High)
	return Interval{Low: low, Estimate: estimate, High: high}, err
}

// String returns the interval for people, as in "9.50e25 (9.00e25 to 1.10e26)",
// "at least 1.00e25, no upper bound" or, when both ends read alike, the one number.
func (i Interval) String() string { return i.text(Ops.Short) }

// Beside is String next to a threshold: a bound that rounding would make equal
// to it, though it is not, is printed in full.
func (i Interval) Beside(threshold Ops) string {
	return i.text(func(o Ops) string { return o.Beside(threshold) })
}

func (i Interval) text(number func(Ops) string) string {
	if i.High.Known && number(i.Low) == number(i.High.Ops) {
		return number(i.Low)
	}
	span := fmt.Sprintf("at least %s, no upper bound", number(i.Low))
	if i.High.Known {
		span = fmt.Sprintf("%s to %s", number(i.Low), number(i.High.Ops))
	}
	if !i.Estimate.Known {
		return span
	}
	return fmt.Sprintf("%s (%s)", number(i.Estimate.Ops), span)
}
