package main

import (
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/ledger"
)

// BenchmarkTrace traces lineages of many models, each made from two others, 17
// generations of them at 100 000 models, and prints the time and its ratio to that of a walk over
// the same nodes in memory, in the same run. -benchtime 1x is enough; by hand,
// BenchmarkTrace/100000.
func BenchmarkTrace(b *testing.B) {
	for _, n := range []int{1_000, 10_000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			a := &app{ledger: filepath.Join(b.TempDir(), "ledger.db"), env: environment{now: time.Now}}
			nodes := lineageOf(b, a.ledger, n)
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
		})
	}
}

func nameOf(i int) meter.ModelRef { return meter.ModelRef(fmt.Sprintf("acme/m@%d", i)) }

// lineageOf records n models and returns them as a walk sees them.
func lineageOf(b *testing.B, path string, n int) map[meter.ModelRef]meter.Node {
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
		for _, parent := range []int{2*i + 1, 2*i + 2} {
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
