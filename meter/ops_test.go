package meter

import (
	"encoding/json"
	"errors"
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"
)

func TestParseOps(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"0", "0"}, {"7", "7"}, {"007", "7"}, {"1e26", "100000000000000000000000000"},
		{"9.5e25", "95000000000000000000000000"}, {"2.5e+25", "25000000000000000000000000"}, {"2.5E25", "25000000000000000000000000"},
		{"1.50", ""}, {"1.0", "1"}, {"10e-1", "1"}, {"0e9999", "0"}, {"0.000", "0"}, {"1.000000000000000000000000000000000000001e39", ""},
		{"99999999999999999999999999", "99999999999999999999999999"},
		{"340282366920938463463374607431768211455", "340282366920938463463374607431768211455"},
		{"340282366920938463463374607431768211456", ""}, {"4e38", ""}, {"1e39", ""}, {"1e9999", ""}, {"1e99999", ""},
		{"", ""}, {"-1", ""}, {"+1", ""}, {" 1", ""}, {"1 ", ""}, {"1,000", ""}, {"1_000", ""}, {"0x10", ""},
		{"NaN", ""}, {"Inf", ""}, {"1.5", ""}, {"1e-3", ""}, {"1e", ""}, {"e5", ""}, {".5", ""}, {"1.", ""}, {"1e+-5", ""}, {"1e5e5", ""}, {"1e2.5", ""},
		{strings.Repeat("1", 41), ""}, {strings.Repeat("0", 41), ""}, {"١", ""},
	} {
		got, err := ParseOps(c.in)
		if c.want == "" {
			if err == nil {
				t.Errorf("ParseOps(%q) = %s, want an error", c.in, got)
			}
			continue
		}
		if err != nil || got.String() != c.want {
			t.Errorf("ParseOps(%q) = %s, %v; want %s", c.in, got, err, c.want)
		}
	}
}

// TestOpsArithmetic holds the 128-bit operations against big integers.
func TestOpsArithmetic(t *testing.T) {
	limit := new(big.Int).Lsh(big.NewInt(1), 128)
	for range 20000 {
		a, b := randomOps(), randomOps()
		sameOrRange(t, "add", a, b, a.Add, new(big.Int).Add(a.Big(), b.Big()), limit)
		sameOrRange(t, "sub", a, b, a.Sub, new(big.Int).Sub(a.Big(), b.Big()), limit)
		sameOrRange(t, "mul", a, b, a.Mul, new(big.Int).Mul(a.Big(), b.Big()), limit)
		if a.Cmp(b) != a.Big().Cmp(b.Big()) {
			t.Fatalf("Cmp(%s, %s) = %d", a, b, a.Cmp(b))
		}
		d := max(b.lo, 1)
		q, r := a.Div(d)
		wantQ, wantR := new(big.Int).QuoRem(a.Big(), new(big.Int).SetUint64(d), new(big.Int))
		if q.Big().Cmp(wantQ) != 0 || r != wantR.Uint64() {
			t.Fatalf("%s / %d = %s rest %d", a, d, q, r)
		}
		if back, err := ParseOps(a.String()); err != nil || back != a || a.String() != a.Big().String() {
			t.Fatalf("%s does not read back: %s, %v", a, back, err)
		}
	}
}

func sameOrRange(t *testing.T, name string, a, b Ops, f func(Ops) (Ops, error), want, limit *big.Int) {
	t.Helper()
	got, err := f(b)
	if want.Sign() < 0 || want.Cmp(limit) >= 0 {
		if !errors.Is(err, ErrOpsRange) {
			t.Fatalf("%s(%s, %s) = %s, %v; want ErrOpsRange", name, a, b, got, err)
		}
		return
	}
	if err != nil || got.Big().Cmp(want) != 0 {
		t.Fatalf("%s(%s, %s) = %s, %v; want %s", name, a, b, got, err, want)
	}
}

// randomOps favours the edges of the two words.
func randomOps() Ops {
	word := func() uint64 {
		switch rand.N(5) {
		case 0:
			return 0
		case 1:
			return ^uint64(0)
		case 2:
			return rand.Uint64() >> rand.N(64)
		}
		return rand.Uint64()
	}
	return Ops{word(), word()}
}

func TestShort(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"0", "0"}, {"999999", "999999"}, {"1000000", "1.00e6"}, {"9995000", "1.00e7"}, {"9994999", "9.99e6"}, {"95000000000000000000000000", "9.50e25"},
	} {
		o, err := ParseOps(c.in)
		if err != nil || o.Short() != c.want {
			t.Errorf("Short(%s) = %s, want %s (%v)", c.in, o.Short(), c.want, err)
		}
	}
}

// Next to a threshold, what rounds to it without being it is shown in full.
func TestBeside(t *testing.T) {
	threshold, err := ParseOps("1e26")
	if err != nil {
		t.Fatal(err)
	}
	below, err := threshold.Sub(NewOps(1))
	if err != nil {
		t.Fatal(err)
	}
	if got := Exact(below).Beside(threshold); got != "99999999999999999999999999" {
		t.Error(got)
	}
	if got := Exact(threshold).Beside(threshold); got != "1.00e26" {
		t.Error(got)
	}
	alike := Interval{Low: NewOps(1230000000000000000), Estimate: Known(NewOps(1230045770531143680)), High: Known(NewOps(1230045770531143681))}
	if got := alike.String(); got != "1.23e18" {
		t.Errorf("ends that read alike print as %s", got)
	}
	if got := alike.Beside(NewOps(1230000000000000001)); got != "1230045770531143680 (1230000000000000000 to 1230045770531143681)" {
		t.Errorf("ends on both sides of a threshold print as %s", got)
	}
	if got := Unbounded(NewOps(5e18)).Beside(threshold); got != "at least 5.00e18, no upper bound" {
		t.Error(got)
	}
}

func TestOpsJSON(t *testing.T) {
	var o Ops
	if err := json.Unmarshal([]byte(`"100000000000000000000000000"`), &o); err != nil || o.Short() != "1.00e26" {
		t.Fatalf("%s, %v", o, err)
	}
	for _, bad := range []string{`1`, `"1e26"`, `"01"`, `"-1"`, `""`, `"\u0031"`, `null`, `{}`} {
		if err := json.Unmarshal([]byte(bad), &o); err == nil {
			t.Errorf("%s was read as %s", bad, o)
		}
	}
}

func TestIntervalRules(t *testing.T) {
	if _, err := NewInterval(NewOps(2), Known(NewOps(1)), Bound{}); err == nil {
		t.Error("an estimate below low was accepted")
	}
	if _, err := NewInterval(NewOps(2), Known(NewOps(3)), Known(NewOps(2))); err == nil {
		t.Error("a high below the estimate was accepted")
	}
	sum, err := Exact(NewOps(5)).Add(Unbounded(NewOps(1)))
	if err != nil || sum.High.Known || sum.Estimate.Known || sum.Low != NewOps(6) {
		t.Errorf("5 + at least 1 = %v, %v", sum, err)
	}
	text, err := json.Marshal(sum)
	if err != nil || string(text) != `{"low":"6","estimate":null,"high":null}` {
		t.Errorf("%s, %v", text, err)
	}
}

func FuzzParseOps(f *testing.F) {
	for _, s := range []string{"1e26", "9.5e25", "2.5e+25", "0", "340282366920938463463374607431768211455", "1e-1", "NaN", "-0"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		o, err := ParseOps(s)
		if err != nil {
			return
		}
		want, ok := new(big.Rat).SetString(s)
		if !ok || want.Cmp(new(big.Rat).SetInt(o.Big())) != 0 {
			t.Fatalf("ParseOps(%q) = %s, but the text means %s", s, o, want)
		}
	})
}
