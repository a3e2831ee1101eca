package meter

import (
	"math/big"
	"strings"
	"testing"
)

// TestQuantities: required <= performed <= ceiling; a violation names its likely
// cause by its ratio, and what is within its range is none.
func TestQuantities(t *testing.T) {
	exact := func(q Quantity, n uint64) Witness {
		return Witness{Quantity: q, Operations: Exact(NewOps(n)), Source: string(q) + " source"}
	}
	open := Witness{Quantity: Performed, Operations: Unbounded(NewOps(5))}
	attention := Cause{"attention", big.NewRat(1143, 1000)}
	for _, c := range []struct {
		name      string
		witnesses []Witness
		want      string // what the findings say; "" for none
	}{
		{"nothing known", nil, ""},
		{"one alone", []Witness{exact(Required, 10)}, ""},
		{"in order", []Witness{exact(Required, 10), exact(Performed, 12), exact(Ceiling, 100)}, ""},
		{"equal", []Witness{exact(Required, 10), exact(Performed, 10), exact(Ceiling, 10)}, ""},
		{"two of one quantity may differ", []Witness{exact(Required, 10), exact(Required, 12)}, ""},
		{"no upper bound", []Witness{exact(Required, 10), open}, ""},
		{"recomputation", []Witness{exact(Required, 4000), exact(Performed, 3010)}, "full recomputation"},
		{"multiply-accumulate", []Witness{exact(Ceiling, 1000), exact(Performed, 2010)}, "multiply-accumulate"},
		{"attention", []Witness{exact(Required, 1143), exact(Performed, 1000)}, "likely cause: attention"},
		{"required above ceiling", []Witness{exact(Required, 9000), exact(Ceiling, 1000)}, "no known ratio"},
		{"by one operation", []Witness{exact(Performed, 1_000_001), exact(Ceiling, 1_000_000)}, "no known ratio"},
		{"a ceiling of nothing", []Witness{exact(Performed, 1), exact(Ceiling, 0)}, "no known ratio"},
	} {
		findings := Quantities(c.witnesses, append(KnownCauses(), attention))
		switch {
		case c.want == "" && len(findings) != 0:
			t.Errorf("%s: %v", c.name, findings)
		case c.want != "" && (len(findings) != 1 || !strings.Contains(findings[0].Code, "-above-") || !strings.Contains(findings[0].Message, c.want)):
			t.Errorf("%s: %v, want one with %q", c.name, findings, c.want)
		}
	}
	if found := Quantities([]Witness{exact(Required, 9), exact(Performed, 8), exact(Ceiling, 7)}, nil); len(found) != 3 {
		t.Errorf("each pair is held: %v", found)
	}
}

// TestPaddingCause: whichever of the two is larger.
func TestPaddingCause(t *testing.T) {
	for _, pair := range [][2]uint64{{150, 100}, {100, 150}} {
		cause, found := PaddingCause(NewOps(pair[0]), NewOps(pair[1]))
		if !found || cause.Ratio.Cmp(big.NewRat(3, 2)) != 0 {
			t.Errorf("%v: %+v %v", pair, cause, found)
		}
	}
	for _, pair := range [][2]uint64{{5, 5}, {5, 0}, {0, 0}} {
		if cause, found := PaddingCause(NewOps(pair[0]), NewOps(pair[1])); found {
			t.Errorf("%v: %+v", pair, cause)
		}
	}
}

// TestLikelyCause: the nearest within 2 %, whichever of the two is larger.
func TestLikelyCause(t *testing.T) {
	for _, c := range []struct {
		a, b  uint64
		found bool
	}{{4, 3, true}, {3, 4, true}, {2000, 1000, true}, {2041, 1000, false}, {2039, 1000, true}, {1, 1, false}, {0, 4, false}, {4, 0, false}, {3, 1, false}} {
		if cause, found := LikelyCause(NewOps(c.a), NewOps(c.b), KnownCauses()); found != c.found {
			t.Errorf("%d / %d: %v %v", c.a, c.b, cause, found)
		}
	}
}
