package main

import (
	"math/big"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/weighbridge/weighbridge/meter"
)

// TestNeeded: the operations at which a threshold is met are the fewest that meet
// it: so many do, one fewer do not, under both comparisons.
func TestNeeded(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	for range 2000 {
		threshold, base, planned := 1+rng.Uint64N(1000), rng.Uint64N(1200), rng.Uint64N(1500)
		c := planCrossing{Comparison: []string{">", ">="}[rng.IntN(2)], Threshold: meter.NewOps(threshold)}
		meets := func(n uint64) bool { return n > threshold || n == threshold && c.Comparison == ">=" }
		known := func(n uint64) meter.Bound { return meter.Known(meter.NewOps(n)) }
		got := c.needed(known(base), known(base+planned), known(planned))
		if should := !meets(base) && meets(base+planned); should != (got != nil) {
			t.Fatalf("%d + %d %s %d: %v", base, planned, c.Comparison, threshold, got)
		}
		if got == nil {
			continue
		}
		n, _ := roundedUp(got).Uint64()
		if !meets(base+n) || meets(base+n-1) {
			t.Fatalf("%d + %d %s %d: after %d", base, planned, c.Comparison, threshold, n)
		}
	}
	c := planCrossing{Comparison: ">=", Threshold: meter.NewOps(10)}
	for _, unknown := range [][3]meter.Bound{{{}, meter.Known(meter.NewOps(20)), meter.Known(meter.NewOps(20))}, {meter.Known(meter.Ops{}), {}, meter.Known(meter.NewOps(20))}, {meter.Known(meter.Ops{}), meter.Known(meter.NewOps(20)), {}}} {
		if got := c.needed(unknown[0], unknown[1], unknown[2]); got != nil {
			t.Errorf("%v: %v from an unknown bound", unknown, got)
		}
	}
}

// TestSecondsAfter: rounded up to the second, and no date past the year 9999.
func TestSecondsAfter(t *testing.T) {
	start := time.Date(2027, 1, 10, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		seconds *big.Rat
		want    string
	}{
		{new(big.Rat), "2027-01-10T00:00:00Z"},
		{big.NewRat(1, 1_000_000), "2027-01-10T00:00:01Z"},
		{big.NewRat(86400, 1), "2027-01-11T00:00:00Z"},
		{big.NewRat(172801, 2), "2027-01-11T00:00:01Z"},
	} {
		if at := secondsAfter(start, c.seconds); at == nil || at.Format(time.RFC3339) != c.want {
			t.Errorf("%s: %v, want %s", c.seconds, at, c.want)
		}
	}
	if at := secondsAfter(start, new(big.Rat).SetFrac(big.NewInt(1e18), big.NewInt(1))); at != nil {
		t.Errorf("%v, want no date", at)
	}
}
