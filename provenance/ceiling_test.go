package provenance

import (
	"math/big"
	"math/rand/v2"
	"testing"
)

// TestCeiling: exact products of time and dense peak, at BF16 and at the fastest
// format; FP16 where a chip has no BF16; no number where there is no rate.
func TestCeiling(t *testing.T) {
	c := embedded(t)
	for _, want := range []struct {
		product           string
		seconds           *big.Rat
		training, fastest string // format and operations
	}{
		{"NVIDIA H100 SXM5 80GB", big.NewRat(3600, 1), "bf16 3562200000000000000", "fp8 7124400000000000000"},
		{"NVIDIA H100 SXM5 80GB", big.NewRat(1, 3), "bf16 329833333333334", "fp8 659666666666667"},
		{"NVIDIA H100 SXM5 80GB", new(big.Rat), "bf16 0", "fp8 0"},
		{"NVIDIA V100 SXM2 16GB", big.NewRat(1, 1), "fp16 125000000000000", "fp16 125000000000000"},
		{"NVIDIA GeForce RTX 5090 D", big.NewRat(1, 1), " <nil>", "int8"},
	} {
		a, err := c.Find(want.product)
		if err != nil {
			t.Fatal(err)
		}
		got, err := a.Ceiling(want.seconds)
		if err != nil {
			t.Errorf("%s: %v", want.product, err)
			continue
		}
		if text := string(got.Training.Format) + " " + got.Training.Operations.String(); text != want.training {
			t.Errorf("%s training: %s, want %s", want.product, text, want.training)
		}
		if text := string(got.Fastest.Format) + " " + got.Fastest.Operations.String(); text != want.fastest && len(want.fastest) > 5 {
			t.Errorf("%s fastest: %s, want %s", want.product, text, want.fastest)
		}
	}
	if _, err := (Accelerator{Vendor: "X", Product: "Y"}).Ceiling(big.NewRat(1, 1)); err == nil {
		t.Error("a product without a rate has a ceiling")
	}
	if _, err := c.All()[0].Ceiling(big.NewRat(-1, 1)); err == nil {
		t.Error("a negative time has a ceiling")
	}
}

// TestCeilingIsABound: over random times and all products, the ceiling is at
// least time x peak and less than one operation above it, grows with time, and
// the fastest is never below that of training.
func TestCeilingIsABound(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, a := range embedded(t).All() {
		if len(a.Rates) == 0 {
			continue
		}
		for range 20 {
			seconds := big.NewRat(r.Int64N(1<<50), 1+r.Int64N(1<<20))
			c, err := a.Ceiling(seconds)
			if err != nil {
				t.Fatal(err)
			}
			for _, at := range []CeilingAt{c.Training, c.Fastest} {
				if !at.Known() {
					continue
				}
				exact := new(big.Rat).Mul(OperationsPerSecond(at.Peak), seconds)
				over := new(big.Rat).Sub(new(big.Rat).SetInt(at.Operations), exact)
				if over.Sign() < 0 || over.Cmp(big.NewRat(1, 1)) >= 0 {
					t.Fatalf("%s %s over %s s: %s is %s off", a.Name(), at.Format, seconds, at.Operations, over)
				}
			}
			if c.Training.Known() && c.Training.Operations.Cmp(c.Fastest.Operations) > 0 {
				t.Fatalf("%s: training is above the fastest", a.Name())
			}
		}
	}
}

// TestJudge: the band's ends are inside it; an unknown achievable share alarms
// only above the peak.
func TestJudge(t *testing.T) {
	h100 := big.NewRat(80, 100)
	for _, c := range []struct {
		low, high, achievable *big.Rat
		want                  Plausibility
	}{
		{big.NewRat(4, 1000), big.NewRat(4, 1000), h100, BelowUsual},
		{big.NewRat(20, 100), big.NewRat(20, 100), h100, Usual},
		{big.NewRat(44, 100), big.NewRat(44, 100), h100, Usual},
		{big.NewRat(1, 100), big.NewRat(90, 100), h100, Usual},
		{big.NewRat(45, 100), big.NewRat(90, 100), h100, AboveUsual},
		{big.NewRat(80, 100), big.NewRat(80, 100), h100, AboveUsual},
		{big.NewRat(81, 100), big.NewRat(81, 100), h100, AboveAchievable},
		{big.NewRat(81, 100), big.NewRat(81, 100), nil, AboveUsual},
		{big.NewRat(1, 1), big.NewRat(1, 1), nil, AboveUsual},
		{big.NewRat(21, 10), big.NewRat(21, 10), nil, AbovePeak},
	} {
		if got := Judge(c.low, c.high, c.achievable); got != c.want {
			t.Errorf("%s to %s: %s, want %s", c.low, c.high, got, c.want)
		}
	}
}

// TestAchievableNamesProducts: every name in the table is one of the catalogue.
func TestAchievableNamesProducts(t *testing.T) {
	n := 0
	for _, a := range embedded(t).All() {
		if _, known := a.Achievable(); known {
			n++
		}
	}
	if n != 12 {
		t.Errorf("%d products of the catalogue have an achievable share, expected 12", n)
	}
}
