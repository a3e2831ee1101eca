package main

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/ledger"
)

// shapes are lineages of n models: the parents of model i.
var shapes = map[string]func(i, n int) []int{
	"tree":    func(i, _ int) []int { return []int{2*i + 1, 2*i + 2} }, // 17 generations at 100 000
	"chain":   func(i, _ int) []int { return []int{i + 1} },
	"ladder":  func(i, _ int) []int { return []int{i + 1, i + 2} }, // diamond upon diamond
	"merging": func(i, n int) []int { return between(i, 1, n) },    // one model of all others
}

func between(i, from, to int) []int {
	var out []int
	for p := from; i == 0 && p < to; p++ {
		out = append(out, p)
	}
	return out
}

// BenchmarkTrace traces lineages of every shape and prints the time and its ratio
// to that of a walk over the same nodes in memory, in the same run. -benchtime 1x is
// enough; by hand, BenchmarkTrace/./100000.
func BenchmarkTrace(b *testing.B) {
	for _, name := range slices.Sorted(maps.Keys(shapes)) {
		for _, n := range []int{1_000, 10_000, 100_000} {
			if name == "merging" && n > 10_000 {
				n = 8_000 // parents that fit one record
			}
			b.Run(fmt.Sprint(name, "/", n), func(b *testing.B) { traceShape(b, shapes[name], n) })
		}
	}
}

func traceShape(b *testing.B, parents func(i, n int) []int, n int) {
	a := &app{ledger: filepath.Join(b.TempDir(), "ledger.db"), env: environment{now: time.Now}}
	nodes := lineageOf(b, a.ledger, n, parents)
	root := nameOf(0)
	begin := time.Now()
	if _, err := meter.Walk(root, func(m meter.ModelRef) (meter.Node, bool) { node, found := nodes[m]; return node, found }); err != nil {
		b.Fatal(err)
	}
	walk := time.Since(begin)
	b.ResetTimer()
	for range b.N {
		var result traceResult
		err := a.withHistory(func(h *history) (err error) {
			result, err = a.traceResult(root, h)
			return err
		})
		if err != nil || len(result.Lineage) != n {
			b.Fatal(len(result.Lineage), err)
		}
	}
	each := b.Elapsed() / time.Duration(b.N)
	b.ReportMetric(each.Seconds()*1e3, "ms/trace")
	b.ReportMetric(float64(each)/float64(walk), "x-of-walk")
}

func nameOf(i int) meter.ModelRef { return meter.ModelRef(fmt.Sprintf("acme/m@%d", i)) }

// lineageOf records n models and returns them as a walk sees them.
func lineageOf(b *testing.B, path string, n int, parents func(i, n int) []int) map[meter.ModelRef]meter.Node {
	l, err := ledger.Open(path, ledger.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	nodes := map[meter.ModelRef]meter.Node{}
	var group sync.WaitGroup
	limit := make(chan struct{}, 1024)
	for i := range n {
		r := meter.Record{Schema: meter.RecordSchema, Model: nameOf(i), Run: fmt.Sprint("run-", i), Activity: meter.ContinuedPretraining, Weights: meter.WeightsKept,
			Operations: meter.Exact(meter.NewOps(uint64(1000 + i))), Method: meter.Declared, Grade: meter.GradeDeclared, Outcome: meter.Stated}
		for _, parent := range parents(i, n) {
			if parent < n {
				r.Parents = append(r.Parents, meter.Parent{Model: nameOf(parent), Relation: meter.Merges})
			}
		}
		nodes[r.Model] = meter.Node{Model: r.Model, Own: []meter.ActivityTotal{{Activity: r.Activity, Operations: r.Operations, Records: 1, Grade: r.Grade}}, Parents: r.Parents}
		limit <- struct{}{}
		group.Go(func() {
			if _, err := l.Append(r); err != nil {
				b.Error(err)
			}
			<-limit
		})
	}
	group.Wait()
	return nodes
}
