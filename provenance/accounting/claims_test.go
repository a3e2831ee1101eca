package accounting

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/weighbridge/weighbridge/provenance"
)

func secondsHeld(t *testing.T, r *Reconciler, run string) string {
	t.Helper()
	sum := new(big.Rat)
	for _, share := range r.Reconciled()[0].Runs[run] {
		sum.Add(sum, share.Seconds)
	}
	return sum.RatString()
}

// TestClusters: SPEC.md A13, the same number on two clusters is two jobs.
func TestClusters(t *testing.T) {
	north := Run{ID: "n", Cluster: "north", Jobs: []string{"7"}, Scheduled: true, End: 100 * second}
	south := Run{ID: "s", Cluster: "south", Jobs: []string{"7"}, Scheduled: true, End: 100 * second}
	piece := func(cluster string, chips int64) Piece {
		return Piece{Product: "X", Cluster: cluster, Job: "7", End: 10 * second, Rate: chips * 1000}
	}
	for _, c := range []struct {
		runs               []Run
		pieces             []Piece
		north, south, none string
	}{
		{[]Run{north, south}, []Piece{piece("north", 1), piece("south", 2)}, "10", "20", "0"},
		{[]Run{north}, []Piece{piece("south", 2)}, "0", "0", "20"},
		{[]Run{north}, []Piece{piece("", 2)}, "20", "0", "0"},
		{[]Run{{ID: "n", Jobs: []string{"7"}, End: 100 * second}}, []Piece{piece("south", 2)}, "20", "0", "0"},
	} {
		r := NewReconciler(c.runs)
		for _, p := range c.pieces {
			r.Add(Slurm, p)
		}
		none := r.Reconciled()[0].Products[0].Unattributed.RatString()
		if n, s := secondsHeld(t, r, "n"), secondsHeld(t, r, "s"); n != c.north || s != c.south || none != c.none {
			t.Errorf("%+v: north %s, south %s, none %s; want %s, %s, %s", c.pieces, n, s, none, c.north, c.south, c.none)
		}
	}
}

// TestClustersSettle: SPEC.md A13, rows of one number on two clusters do not
// settle into one.
func TestClustersSettle(t *testing.T) {
	catalogue, err := provenance.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	chips, err := NewChips(catalogue, "h200")
	if err != nil {
		t.Fatal(err)
	}
	s := NewSettler(chips, Scratch{})
	const rows = "Cluster|JobIDRaw|JobID|State|Start|End|ElapsedRaw|AllocTRES|NodeList\n" +
		"north|7|5_1|COMPLETED|2026-08-22T10:00:00|2026-08-22T11:00:00|3600|gres/gpu=8|n1\n" +
		"south|7|7|COMPLETED|2026-08-22T10:00:00|2026-08-22T11:00:00|3600|gres/gpu=8|n1\n" +
		"north|8|8|REQUEUED|2026-08-22T10:00:00|2026-08-22T11:00:00|3600|gres/gpu=4|n[1-2]\n" +
		"north|8|8|COMPLETED|2026-08-22T12:00:00|2026-08-22T13:00:00|3600|gres/gpu=4|n[1-2]\n"
	if _, findings, err := Read(strings.NewReader(rows), ReadOptions{Name: "sacct"}, s.Add); err != nil || len(findings) > 0 {
		t.Fatal(findings, err)
	}
	var got []string
	findings, err := s.Each(func(p Piece) error {
		held, _ := p.Held()
		got = append(got, fmt.Sprintf("%s %s %s %s %v %s", p.Cluster, p.Job, p.JobAlias, p.Instance, p.Nodes, held.Hours()))
		return nil
	})
	want := "north 7 5_1 n1 [n1] 8; north 8   [n1 n2] 4; north 8   [n1 n2] 4; south 7  n1 [n1] 8"
	if strings.Join(got, "; ") != want || len(findings) > 0 || err != nil {
		t.Errorf("%s\n%s\n%v %v", strings.Join(got, "; "), want, findings, err)
	}
}

// TestNodes: SPEC.md A8, a run is known by its node; each node of a job has an
// equal part; and a run that knows its own job is given nothing of another.
func TestNodes(t *testing.T) {
	for _, c := range []struct {
		name  string
		run   Run
		piece Piece
		want  string
	}{
		{"one node", Run{Machines: []string{"n1"}}, Piece{Job: "9", Instance: "n1", Nodes: []string{"n1"}}, "20"},
		{"one of four", Run{Machines: []string{"n3"}}, Piece{Job: "9", Nodes: []string{"n1", "n2", "n3", "n4"}}, "5"},
		{"two of four", Run{Machines: []string{"n3", "n1"}}, Piece{Job: "9", Nodes: []string{"n1", "n2", "n3", "n4"}}, "10"},
		{"none of them", Run{Machines: []string{"n5"}}, Piece{Job: "9", Nodes: []string{"n1", "n2"}}, "0"},
		{"its own job is another", Run{Machines: []string{"n1"}, Jobs: []string{"8"}, Scheduled: true}, Piece{Job: "9", Nodes: []string{"n1", "n2"}}, "0"},
		{"a bill names no job", Run{Machines: []string{"n1"}, Jobs: []string{"8"}, Scheduled: true}, Piece{Instance: "n1"}, "20"},
	} {
		c.run.ID, c.run.End = "r", 5*second
		c.piece.Product, c.piece.End, c.piece.Rate = "X", 10*second, 4000
		r := NewReconciler([]Run{c.run})
		r.Add(Slurm, c.piece)
		if got := secondsHeld(t, r, "r"); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// TestSharedJob: SPEC.md A7 and A14. Runs a (0 to 10 s, 2 chips) and b (5 to 20 s,
// 6 chips) of one job of 8 chips that goes from -2 to 22 s.
func TestSharedJob(t *testing.T) {
	held := func(chips, seconds int64) map[string]*big.Rat {
		return map[string]*big.Rat{"X": big.NewRat(chips*seconds, 1)}
	}
	a := Run{ID: "a", Jobs: []string{"7"}, Start: 2 * second, End: 12 * second, Held: held(2, 10)}
	b := Run{ID: "b", Jobs: []string{"7"}, Start: 7 * second, End: 22 * second, Held: held(6, 15)}
	r := NewReconciler([]Run{b, a})
	r.Add(Slurm, Piece{Product: "X", Job: "7", End: 24 * second, Rate: 8000})
	// a: 2 to start, 5 alone, 5 with b at a quarter; b: 5 at three quarters, 10 alone, 2 at the end.
	within := func(got string, want int64) bool {
		x, _ := new(big.Rat).SetString(got)
		x.Sub(x, big.NewRat(want, 1))
		return x.Abs(x).Cmp(big.NewRat(1, 1000)) < 0
	}
	if x, y := secondsHeld(t, r, "a"), secondsHeld(t, r, "b"); !within(x, 8*7+10) || !within(y, 8*12+30) {
		t.Errorf("a %s, b %s; want 66 and 126", x, y)
	}
	got := r.Reconciled()[0]
	if len(got.Shared["a"]) != 1 || got.Shared["a"][0] != "b" || got.Shared["b"][0] != "a" || len(got.Chips) != 0 {
		t.Errorf("shared %v, chips %v", got.Shared, got.Chips)
	}
	// A requeue: each time is of the run that ran then, its start included.
	a.End, b.Start = 6*second, 8*second
	r = NewReconciler([]Run{a, b})
	r.Add(Slurm, Piece{Product: "X", Job: "7", Start: 1 * second, End: 6 * second, Rate: 1000})
	r.Add(Slurm, Piece{Product: "X", Job: "7", Start: 7 * second, End: 22 * second, Rate: 1000})
	if x, y := secondsHeld(t, r, "a"), secondsHeld(t, r, "b"); x != "5" || y != "15" {
		t.Errorf("a %s, b %s; want 5 and 15", x, y)
	}
	if got := r.Reconciled()[0]; got.Chips["a"] != 1000 || got.Chips["b"] != 1000 || len(got.Shared) != 0 {
		t.Errorf("chips %v, shared %v", got.Chips, got.Shared)
	}
}

// TestSharedJobAdds, over random runs of one job: the parts are together the row.
func TestSharedJobAdds(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 500 {
		var runs []Run
		for i := range 1 + rng.IntN(5) {
			start := rng.Int64N(50)
			run := Run{ID: fmt.Sprint(i), Jobs: []string{"7"}, Start: start * second, End: (start + 1 + rng.Int64N(30)) * second}
			if rng.IntN(3) > 0 {
				run.Held = map[string]*big.Rat{"X": big.NewRat(1+rng.Int64N(1000), 1+rng.Int64N(9))}
			}
			runs = append(runs, run)
		}
		r := NewReconciler(runs)
		p := Piece{Product: "X", Job: "7", Start: rng.Int64N(60) * second, Rate: 1 + rng.Int64N(9000)}
		p.End = p.Start + 1 + rng.Int64N(40*second)
		r.Add(Slurm, p)
		sum := new(big.Rat)
		for _, run := range runs {
			part, _ := new(big.Rat).SetString(secondsHeld(t, r, run.ID))
			if part.Sign() < 0 {
				t.Fatalf("run %s has %s", run.ID, part)
			}
			sum.Add(sum, part)
		}
		if whole := secondsOf(heldSigned(p)); sum.Cmp(whole) != 0 {
			t.Fatalf("%s of %s", sum, whole)
		}
	}
}

// TestMostChips: SPEC.md A15, the most at once, not the sum and not the hours.
func TestMostChips(t *testing.T) {
	r := NewReconciler([]Run{{ID: "r", Jobs: []string{"7"}, End: 100 * second}, {ID: "d", Jobs: []string{"8"}, End: 100 * second}})
	for _, p := range [][3]int64{{0, 10, 8}, {5, 20, 4}, {20, 30, 12}} {
		r.Add(Plain, Piece{Product: "X", Job: "7", Start: p[0] * second, End: p[1] * second, Rate: p[2] * 1000})
	}
	r.Add(Plain, Piece{Product: "X", Job: "8", Undated: over(1000, second)})
	if got := r.Reconciled()[0].Chips; got["r"] != 12_000 || len(got) != 1 {
		t.Errorf("%v, want 12000 of r alone", got)
	}
}

// TestFurtherWords: SPEC.md A16, a file of ever other words does not fill memory.
func TestFurtherWords(t *testing.T) {
	catalogue, err := provenance.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	chips, err := NewChips(catalogue, "")
	if err != nil {
		t.Fatal(err)
	}
	products := map[string]bool{}
	for i := range 3 * maxWords {
		product, perUnit, known := chips.Resolve(Use{Kind: Slurm, Names: []string{fmt.Sprint("word", i)}})
		if known || perUnit != 1000 {
			t.Fatalf("word %d: %s %d %v", i, product, perUnit, known)
		}
		products[product] = true
	}
	if len(products) != maxWords+1 || !products[FurtherWords] || len(chips.answers) > 2*maxWords {
		t.Errorf("%d products, %d answers", len(products), len(chips.answers))
	}
	if product, _, known := chips.Resolve(Use{Kind: Plain, Names: []string{"h200"}}); !known || product == FurtherWords {
		t.Errorf("a product of the catalogue: %s", product)
	}
}
