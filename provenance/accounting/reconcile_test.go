package accounting

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
)

const second = 1_000_000_000

// TestReconcileSecondBySecond: what runs account for and what they do not, against a
// count of every second of every chip, over random pieces and runs.
func TestReconcileSecondBySecond(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 300 {
		var runs []Run
		for i := range r.IntN(4) {
			start := int64(r.IntN(30))
			run := Run{ID: fmt.Sprint("run", i), Start: start * second, End: (start + 1 + int64(r.IntN(20))) * second}
			if r.IntN(2) == 0 {
				run.Jobs = []string{fmt.Sprint("j", r.IntN(3))}
			}
			if r.IntN(2) == 0 {
				run.Machines = []string{fmt.Sprint("i", r.IntN(2))}
			}
			runs = append(runs, run)
		}
		reconciler := NewReconciler(runs)
		var attributed, unattributed int64
		for range 1 + r.IntN(6) {
			start, rate := int64(r.IntN(30)), int64(1+r.IntN(4))
			p := Piece{Product: "X", Start: start * second, End: (start + 1 + int64(r.IntN(20))) * second, Rate: rate * 1000}
			if r.IntN(2) == 0 {
				p.Job = fmt.Sprint("j", r.IntN(4))
			}
			if r.IntN(2) == 0 {
				p.Instance = fmt.Sprint("i", r.IntN(3))
			}
			reconciler.Add(FOCUS, p)
			for s := p.Start / second; s < p.End/second; s++ {
				if covered(runs, p, s) {
					attributed += rate
				} else {
					unattributed += rate
				}
			}
		}
		got := reconciler.Reconciled()
		if len(got) != 1 || len(got[0].Products) != 1 {
			t.Fatalf("%+v", got)
		}
		x := got[0].Products[0]
		if x.Attributed.Cmp(big.NewRat(attributed, 1)) != 0 || x.Unattributed.Cmp(big.NewRat(unattributed, 1)) != 0 {
			t.Fatalf("%s attributed, %s not; second by second %d and %d", x.Attributed, x.Unattributed, attributed, unattributed)
		}
		ofRuns, loose := new(big.Rat), new(big.Rat)
		for _, shares := range got[0].Runs {
			for _, s := range shares {
				ofRuns.Add(ofRuns, s.Seconds)
			}
		}
		for _, l := range got[0].Loose {
			loose.Add(loose, l.Seconds)
		}
		if ofRuns.Cmp(x.Attributed) != 0 || loose.Cmp(x.Unattributed) != 0 {
			t.Fatalf("the runs have %s of %s, the holders %s of %s", ofRuns, x.Attributed, loose, x.Unattributed)
		}
	}
}

// covered: a job that a run names is the run's, whole; else the seconds in which a
// run on the machine ran.
func covered(runs []Run, p Piece, s int64) bool {
	for _, run := range runs {
		if len(run.Jobs) > 0 && run.Jobs[0] == p.Job {
			return true
		}
	}
	for _, run := range runs {
		if len(run.Machines) > 0 && run.Machines[0] == p.Instance && run.Start/second <= s && s < run.End/second {
			return true
		}
	}
	return false
}

// TestReconcileTakesBack: a bill's correction is taken from the run that it was
// billed to.
func TestReconcileTakesBack(t *testing.T) {
	reconciler := NewReconciler([]Run{{ID: "r", Jobs: []string{"7"}, Start: 0, End: 10 * second}})
	reconciler.Add(FOCUS, Piece{Product: "X", Job: "7", Start: 0, End: 10 * second, Rate: 2000})
	reconciler.Add(FOCUS, Piece{Product: "X", Job: "7", Start: 0, End: 10 * second, Rate: -500})
	reconciler.Add(FOCUS, Piece{Product: "X", Account: "a", Undated: over(1000, 3*second)})
	got := reconciler.Reconciled()[0]
	if s := got.Runs["r"]; len(s) != 1 || s[0].Seconds.Cmp(big.NewRat(15, 1)) != 0 {
		t.Errorf("the run has %+v, expected 15", s)
	}
	if len(got.Loose) != 1 || got.Loose[0].Seconds.Cmp(big.NewRat(3, 1)) != 0 || got.Loose[0].Account != "a" {
		t.Errorf("left over: %+v", got.Loose)
	}
}

// TestReconcileElsewhere: SPEC.md A12, a job of the same id at another time is said.
func TestReconcileElsewhere(t *testing.T) {
	reconciler := NewReconciler([]Run{{ID: "r", Jobs: []string{"7"}, Start: 100 * second, End: 110 * second}})
	reconciler.Add(Slurm, Piece{Product: "X", Job: "7", Start: 105 * second, End: 120 * second, Rate: 1000})
	if got := reconciler.Reconciled()[0]; len(got.Elsewhere) != 0 {
		t.Errorf("a job that outlasts its run is elsewhere: %v", got.Elsewhere)
	}
	reconciler.Add(Slurm, Piece{Product: "X", Job: "7", Start: 0, End: 10 * second, Rate: 1000})
	got := reconciler.Reconciled()[0]
	if s := got.Elsewhere["r"]; s == nil || s.Cmp(big.NewRat(10, 1)) != 0 {
		t.Errorf("elsewhere: %v, expected 10", got.Elsewhere)
	}
}

// TestSpecExample reads the examples of SPEC.md, which hold the same job.
func TestSpecExample(t *testing.T) {
	spec, err := os.ReadFile("SPEC.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range []string{"csv", "json"} {
		_, after, _ := strings.Cut(string(spec), "```"+kind+" usage\n")
		example, _, found := strings.Cut(after, "```")
		if !found {
			t.Fatalf("SPEC.md has no example in %s", kind)
		}
		var uses []Use
		read, findings, err := Read(strings.NewReader(example), ReadOptions{Name: "SPEC.md"}, func(u Use) error { uses = append(uses, u); return nil })
		if err != nil || read != Plain || len(findings) > 0 || len(uses) == 0 {
			t.Fatalf("%s: %s, %v, %d uses, %v", kind, read, findings, len(uses), err)
		}
		if u := uses[0]; u.Job != "481623" || u.Held != over(8000, 3600*second) {
			t.Errorf("%s: %+v", kind, u)
		}
	}
}
