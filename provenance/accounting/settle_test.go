package accounting

import (
	"io"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/weighbridge/weighbridge/provenance"
)

// TestSettleIsAUnion: against a count second by second, over random rows that
// repeat and overlap, with memory for all rows and with memory for a few.
func TestSettleIsAUnion(t *testing.T) {
	catalogue, err := provenance.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(3, 4))
	for range 100 {
		var uses []Use
		want := map[[3]int]uint64{} // resource, account, second -> thousandths
		for range 1 + r.IntN(30) {
			resource, account, start, length, chips := r.IntN(3), r.IntN(2), r.IntN(40), 1+r.IntN(10), uint64(1+r.IntN(8))
			const second = 1_000_000_000
			u := Use{Kind: Plain, Resource: string(rune('a' + resource)), Account: string(rune('A' + account)), Names: []string{"H200"},
				Start: int64(start) * second, End: int64(start+length) * second, Held: over(chips*1000, int64(length)*second)}
			uses = append(uses, u)
			for s := start; s < start+length; s++ {
				key := [3]int{resource, account, s}
				want[key] = max(want[key], chips)
			}
		}
		var total uint64
		for _, chips := range want {
			total += chips
		}
		for _, scratch := range []Scratch{{}, {Memory: 2000, Open: func() (io.ReadWriteSeeker, error) { return os.CreateTemp(t.TempDir(), "") }}} {
			chips, err := NewChips(catalogue, "")
			if err != nil {
				t.Fatal(err)
			}
			settler, tally := NewSettler(chips, scratch), NewTally()
			for _, u := range uses {
				if err := settler.Add(u); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := settler.Each(tally.Add); err != nil {
				t.Fatal(err)
			}
			var got ChipTime
			lines, _ := tally.Lines()
			for _, l := range lines {
				got = got.Add(l.Held)
			}
			if got != over(total*1000, 1_000_000_000) {
				t.Fatalf("%s chip-hours, want %s", got.Hours(), over(total*1000, 1_000_000_000).Hours())
			}
		}
	}
}

// FuzzRead: no input makes a reader panic, and what it yields has a window.
func FuzzRead(f *testing.F) {
	for _, seed := range []string{plainHead + "a,j,i,H200,8,2026-08-22T10:00:00Z,2026-08-22T11:00:00Z\n",
		slurmHead + "1|1|a|X|2026-08-22T09:58:00|2026-08-22T09:59:00|60|gres/gpu=1|n[1-2]\n", focusHead + "b,s,Usage,," + day + ",,8,Hours,i-1,,S\n", openCost, dcgmJob,
		`{"schema":"weighbridge.dev/accounting/v1","entries":[]}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		Read(strings.NewReader(text), ReadOptions{Name: "f"}, func(u Use) error {
			if !u.Undated && u.End < u.Start || u.Resource == "" {
				t.Errorf("%+v", u)
			}
			return nil
		})
	})
}
