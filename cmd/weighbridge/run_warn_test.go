package main

import (
	"math/big"
	"strings"
	"testing"
)

// TestFractions: percentages as the flag has them, ascending, 100 among them.
func TestFractions(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"50,80,95", "1/2 4/5 19/20 1/1"},
		{"95,50,50,100", "1/2 19/20 1/1"},
		{"99.99", "9999/10000 1/1"},
		{"0.5", "1/200 1/1"},
		{"none", ""},
	} {
		list, err := parseFractions(c.text)
		var words []string
		for _, f := range list {
			words = append(words, f.String())
		}
		if got := strings.Join(words, " "); err != nil || got != c.want {
			t.Errorf("%s: %s, want %s: %v", c.text, got, c.want, err)
		}
	}
	for _, bad := range []string{"", "0", "0.0", "-1", "100.1", "101", "50%", "50,", ",50", "1e1", "1/2", "0x10", "50.", ".5", "5.00001", " 50", "NaN", "50,none", strings.Repeat("1,", 200) + "1"} {
		if list, err := parseFractions(bad); err == nil {
			t.Errorf("%q: %v, want an error", bad, list)
		}
	}
}

// FuzzFractions: what is read is ascending, above 0, and ends with 1.
func FuzzFractions(f *testing.F) {
	for _, seed := range []string{"50,80,95", "none", "0.0001", "100", "99.9999,1", "1e9"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		list, err := parseFractions(text)
		if err != nil || text == "none" {
			return
		}
		last := new(big.Rat)
		for _, r := range list {
			if r.Cmp(last) <= 0 {
				t.Fatalf("%q: %v", text, list)
			}
			last = r
		}
		if last.Cmp(big.NewRat(1, 1)) != 0 {
			t.Fatalf("%q: ends with %s", text, last)
		}
	})
}

// FuzzLayers: what is read is a bounded list of the spans' layers.
func FuzzLayers(f *testing.F) {
	for _, seed := range []string{"0-7,16", "3", "", "5-1", "0-4294967295", "x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		layers, err := parseLayers(text)
		if err == nil && (text == "") != (layers == nil) || len(layers) > 20_000 {
			t.Fatalf("%q: %d layers, %v", text, len(layers), err)
		}
	})
}
