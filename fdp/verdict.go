package fdp

import (
	"fmt"
)

// Verdict is the outcome of a rule in three-valued (Kleene) logic. The zero
// value is [Undetermined].
type Verdict int

// The verdicts.
const (
	Undetermined Verdict = iota
	Applies
	DoesNotApply
)

// String returns "applies", "does-not-apply" or "undetermined".
func (v Verdict) String() string {
	switch v {
	case Applies:
		return "applies"
	case DoesNotApply:
		return "does-not-apply"
	}
	return "undetermined"
}

// MarshalText returns [Verdict.String].
func (v Verdict) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// UnmarshalText reads one of the three words.
func (v *Verdict) UnmarshalText(text []byte) error {
	for _, known := range []Verdict{Undetermined, Applies, DoesNotApply} {
		if known.String() == string(text) {
			*v = known
			return nil
		}
	}
	return fmt.Errorf("verdict %.40q: expected applies, does-not-apply or undetermined", text)
}

// Not exchanges applies and does-not-apply.
func (v Verdict) Not() Verdict {
	switch v {
	case Applies:
		return DoesNotApply
	case DoesNotApply:
		return Applies
	}
	return Undetermined
}

// And is the Kleene conjunction: does-not-apply wins, then undetermined.
func (v Verdict) And(w Verdict) Verdict {
	switch {
	case v == DoesNotApply || w == DoesNotApply:
		return DoesNotApply
	case v == Applies && w == Applies:
		return Applies
	}
	return Undetermined
}

// Or is the Kleene disjunction: applies wins, then undetermined.
func (v Verdict) Or(w Verdict) Verdict { return v.Not().And(w.Not()).Not() }

// verdictOf turns a yes or no into a verdict.
func verdictOf(yes bool) Verdict {
	if yes {
		return Applies
	}
	return DoesNotApply
}

// verdictOfFact turns a fact that may be absent into a verdict.
func verdictOfFact(b *bool) Verdict {
	if b == nil {
		return Undetermined
	}
	return verdictOf(*b)
}
