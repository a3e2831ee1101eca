package meter

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
)

func graph(nodes ...Node) func(ModelRef) (Node, bool) {
	known := map[ModelRef]Node{}
	for _, n := range nodes {
		known[n.Model] = n
	}
	return func(m ModelRef) (Node, bool) { n, ok := known[m]; return n, ok }
}

func node(model ModelRef, ops uint64, parents ...ModelRef) Node {
	n := Node{Model: model, Own: []ActivityTotal{{FineTuning, Exact(NewOps(ops)), 1, GradeDerived}}}
	for _, p := range parents {
		n.Parents = append(n.Parents, Parent{Model: p, Relation: FineTunes})
	}
	return n
}

func TestDiamondCountsTheBaseOnce(t *testing.T) {
	l, err := Walk("o/merge@1", graph(node("o/base@1", 100), node("o/a@1", 10, "o/base@1"), node("o/b@1", 7, "o/base@1"), node("o/merge@1", 1, "o/a@1", "o/b@1")))
	if err != nil {
		t.Fatal(err)
	}
	if sum, err := Sum(l.Total); err != nil || sum != Exact(NewOps(118)) || len(l.Models) != 4 || len(l.Edges) != 4 {
		t.Errorf("%v, %v, %v", sum, l, err)
	}
	if own, err := Sum(l.Own); err != nil || own != Exact(NewOps(1)) {
		t.Errorf("own %v, %v", own, err)
	}
}

func TestCycleNamesTheEdge(t *testing.T) {
	_, err := Walk("o/a@1", graph(node("o/a@1", 1, "o/b@1"), node("o/b@1", 1, "o/c@1"), node("o/c@1", 1, "o/b@1")))
	var cycle *CycleError
	if !errors.As(err, &cycle) || cycle.From != "o/c@1" || cycle.To != "o/b@1" || len(cycle.Path) != 2 {
		t.Errorf("%v", err)
	}
}

func TestUnknownParentIsUnboundedAndNamed(t *testing.T) {
	l, err := Walk("o/a@1", graph(node("o/a@1", 5, "x/base@1")))
	if err != nil || len(l.Missing) != 1 || l.Missing[0] != "x/base@1" {
		t.Fatalf("%v, %v", l, err)
	}
	if sum, err := Sum(l.Total); err != nil || sum.High.Known || sum.Estimate.Known || sum.Low != NewOps(5) {
		t.Errorf("%v, %v", sum, err)
	}
	l, err = Walk("o/nothing@1", graph())
	if sum, _ := Sum(l.Total); err != nil || sum.High.Known {
		t.Errorf("a model of which nothing is known sums to %v, %v", sum, err)
	}
}

// TestLineageIsASetUnion compares the walk of random graphs with a brute-force
// closure.
func TestLineageIsASetUnion(t *testing.T) {
	for range 300 {
		n := 1 + rand.N(30)
		nodes := make([]Node, n)
		for i := range nodes {
			var parents []ModelRef
			for j := range i {
				if rand.N(4) == 0 {
					parents = append(parents, name(j))
				}
			}
			nodes[i] = node(name(i), rand.Uint64()>>8, parents...)
		}
		l, err := Walk(name(n-1), graph(nodes...))
		if err != nil {
			t.Fatal(err)
		}
		want := Ops{}
		for m := range closure(nodes, n-1) {
			if want, err = want.Add(nodes[m].Own[0].Operations.Low); err != nil {
				t.Fatal(err)
			}
		}
		if sum, err := Sum(l.Total); err != nil || sum != Exact(want) {
			t.Fatalf("walk %v, union %s (%v)", sum, want, err)
		}
	}
}

func name(i int) ModelRef { return ModelRef(fmt.Sprintf("o/m@%d", i)) }

func closure(nodes []Node, root int) map[int]bool {
	set := map[int]bool{root: true}
	for grew := true; grew; {
		grew = false
		for i := range nodes {
			for _, p := range nodes[i].Parents {
				var j int
				fmt.Sscanf(string(p.Model), "o/m@%d", &j)
				if set[i] && !set[j] {
					set[j], grew = true, true
				}
			}
		}
	}
	return set
}

func TestDeepLineage(t *testing.T) {
	const depth = 100_000
	l, err := Walk(name(depth), func(m ModelRef) (Node, bool) {
		var i int
		fmt.Sscanf(string(m), "o/m@%d", &i)
		if i == 0 {
			return node(m, 1), true
		}
		return node(m, 1, name(i-1)), true
	})
	if sum, _ := Sum(l.Total); err != nil || sum != Exact(NewOps(depth+1)) {
		t.Errorf("%v, %v", sum, err)
	}
}
