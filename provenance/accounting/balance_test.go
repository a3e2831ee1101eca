package accounting

import (
	"io"
	"math/big"
	"math/rand/v2"
	"os"
	"testing"
)

// TestBalanceSecondBySecond: SPEC.md A9, against a count of every second, over
// random sources and inventories that overlap, with memory for all and for a few.
func TestBalanceSecondBySecond(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for range 200 {
		var have [60]int64
		used := map[Kind]*[60]int64{}
		scratch := Scratch{}
		if r.IntN(2) == 0 {
			scratch = Scratch{Memory: 300, Open: func() (io.ReadWriteSeeker, error) { return os.CreateTemp(t.TempDir(), "") }}
		}
		b := NewBalance(scratch)
		piece := func(seconds *[60]int64, rate int64) Piece {
			start := r.IntN(40)
			end := start + 1 + r.IntN(19)
			for s := start; s < end; s++ {
				seconds[s] += rate
			}
			return Piece{Product: "X", Start: int64(start) * second, End: int64(end) * second, Rate: rate * 1000}
		}
		for range r.IntN(5) {
			must(t, b.Has(piece(&have, int64(1+r.IntN(8)))))
		}
		for range 1 + r.IntN(8) {
			kind := []Kind{Slurm, FOCUS}[r.IntN(2)]
			if used[kind] == nil {
				used[kind] = &[60]int64{}
			}
			must(t, b.Holds(kind, piece(used[kind], int64(r.IntN(9)-2)))) // a bill takes back
		}
		got, err := b.Balanced()
		must(t, err)
		for kind, seconds := range used {
			var held, idle, beyond, inventory int64
			for s := range seconds {
				held, inventory = held+seconds[s], inventory+have[s]
				idle += max(0, have[s]-seconds[s])
				beyond += max(0, seconds[s]-have[s])
			}
			x := got[Holding{kind, "X"}]
			for name, pair := range map[string][2]*big.Rat{"held": {x.Held, big.NewRat(held, 1)}, "idle": {x.Idle, big.NewRat(idle, 1)},
				"beyond": {x.Beyond, big.NewRat(beyond, 1)}, "inventory": {x.Inventory, big.NewRat(inventory, 1)}} {
				if pair[0].Cmp(pair[1]) != 0 {
					t.Fatalf("%s %s: %s, second by second %s", kind, name, pair[0], pair[1])
				}
			}
		}
	}
}

// TestBalanceUndated: what has no window is in no hour of the inventory.
func TestBalanceUndated(t *testing.T) {
	b := NewBalance(Scratch{})
	must(t, b.Has(Piece{Product: "X", Start: 0, End: 10 * second, Rate: 1000}))
	must(t, b.Holds(Slurm, Piece{Product: "X", Undated: over(1000, 3*second)}))
	got, err := b.Balanced()
	must(t, err)
	x := got[Holding{Slurm, "X"}]
	if x.Held.Cmp(big.NewRat(3, 1)) != 0 || x.Beyond.Cmp(big.NewRat(3, 1)) != 0 || x.Idle.Cmp(big.NewRat(10, 1)) != 0 {
		t.Errorf("%+v", x)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// FuzzStep: what comes back from the disk is what was written or an error, and no
// bytes make the reader panic.
func FuzzStep(f *testing.F) {
	f.Add(step{"NVIDIA H100 SXM5 80GB", Slurm, -5, 1 << 60}.append(nil))
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01})
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := step{}.parse(data)
		if err != nil {
			return
		}
		if again, err := (step{}).parse(s.append(nil)); err != nil || again != s {
			t.Errorf("%+v came back as %+v, %v", s, again, err)
		}
	})
}

// TestBalanceTooMany: a sum beyond what there can be is an error, never another sum.
func TestBalanceTooMany(t *testing.T) {
	b := NewBalance(Scratch{})
	for range 3 {
		must(t, b.Has(Piece{Product: "X", Start: 0, End: second, Rate: 1 << 62}))
	}
	must(t, b.Holds(Slurm, Piece{Product: "X", Start: 0, End: second, Rate: 1}))
	if got, err := b.Balanced(); err == nil {
		t.Errorf("%+v", got)
	}
}
