package trainlog

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// TestMatcher: the first mark in a text is found where a plain search finds it, over
// random marks and texts made of their pieces, from every place on.
func TestMatcher(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	word := func(n int) string {
		b := make([]byte, n)
		for i := range b {
			b[i] = "ab :|\xff"[rng.IntN(6)]
		}
		return string(b)
	}
	found := 0
	for range 2000 {
		var marks []string
		for range 1 + rng.IntN(5) {
			marks = append(marks, word(3+rng.IntN(9)))
		}
		var text strings.Builder
		for text.Len() < rng.IntN(400) {
			piece := marks[rng.IntN(len(marks))]
			if rng.IntN(4) > 0 {
				piece = piece[:rng.IntN(len(piece))]
			}
			text.WriteString(piece + strings.Repeat("x", rng.IntN(40)) + word(rng.IntN(4)))
		}
		m, p := newMatcher(marks), []byte(text.String())
		for at := 0; at <= len(p); at += 1 + rng.IntN(5) {
			want := len(p)
			for _, mark := range marks {
				if i := strings.Index(string(p[at:]), mark); i >= 0 {
					want = min(want, at+i)
				}
			}
			if want < len(p) {
				found++
			}
			if got := m.find(p, at); got != want {
				t.Fatalf("%q in %q from %d: %d, want %d", marks, p, at, got, want)
			}
		}
	}
	if found < 1000 {
		t.Errorf("only %d were found", found)
	}
}
