package provenance

import (
	"encoding/json"
	"math/big"
	"testing"
)

func number(t testing.TB, text string) Number {
	t.Helper()
	n, err := ParseNumber(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestParseNumberIsExact(t *testing.T) {
	for text, want := range map[string]*big.Rat{
		"0": big.NewRat(0, 1), "0.1": big.NewRat(1, 10), "989.5": big.NewRat(1979, 2), "5.92": big.NewRat(148, 25),
		"999999999999999.999999999": new(big.Rat).SetFrac(big.NewInt(0).Sub(new(big.Int).Exp(big.NewInt(10), big.NewInt(24), nil), big.NewInt(1)), big.NewInt(1e9)),
	} {
		if got := number(t, text).Rat(); got.Cmp(want) != 0 {
			t.Errorf("%s: found %s, expected %s", text, got, want)
		}
	}
}

func TestParseNumberRefuses(t *testing.T) {
	for _, text := range []string{"", " 1", "1 ", "-1", "+1", "1e3", "0x10", "1/2", "1,5", "1_000", "01", ".5", "5.", "1.2.3", "NaN", "Inf", "1234567890123456", "0.1234567890", "１"} {
		if n, err := ParseNumber(text); err == nil {
			t.Errorf("%q was read as %s", text, n)
		}
	}
}

func TestUnknownNumber(t *testing.T) {
	var unknown Number
	if unknown.Known() || unknown.Rat() != nil || unknown.String() != "unknown" {
		t.Error("the zero value must be unknown")
	}
	if n := integer(1).over(integer(0)); n.Known() {
		t.Errorf("1/0 is %s, expected unknown", n)
	}
	if integer(1).atLeast(unknown) || unknown.below(integer(1)) || unknown.times(integer(2)).Known() || unknown.plus(integer(2)).Known() {
		t.Error("an unknown number took part in arithmetic")
	}
	defer func() {
		if recover() == nil {
			t.Error("a comparison with an unknown number gave an answer")
		}
	}()
	unknown.Cmp(integer(1))
}

func TestNumberJSON(t *testing.T) {
	data, err := json.Marshal([]Number{{}, number(t, "4992"), number(t, "2395.2"), fraction(1, 3)})
	if err != nil || string(data) != `[null,4992,2395.2,0.333333]` {
		t.Errorf("found %s, %v", data, err)
	}
}

func TestNumberCannotBeChanged(t *testing.T) {
	n := integer(5)
	n.Rat().SetInt64(6)
	if n.Cmp(integer(5)) != 0 {
		t.Error("Rat gave away the number itself")
	}
}

func FuzzParseNumber(f *testing.F) {
	for _, seed := range []string{"0", "989.5", "1e3", "-1", "00", "123456789012345.123456789"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		n, err := ParseNumber(text)
		if err != nil {
			return
		}
		again, err := ParseNumber(n.String())
		if err != nil || again.Cmp(n) != 0 {
			t.Errorf("%q prints as %s, which reads as %s (%v)", text, n, again, err)
		}
	})
}
