package fdp

import (
	"fmt"
	"testing"
	"time"

	"github.com/weighbridge/weighbridge/meter"
)

// BenchmarkPositionsOf takes the position of a ledger's lineage of 100 000 models,
// under every regime. The baseline is walking the same lineage.
func BenchmarkPositionsOf(b *testing.B) {
	r, catalogue := embeddedForTest(b)
	for name, relation := range map[string]meter.Relation{"fine-tunes": meter.FineTunes, "continues": meter.Continues} {
		b.Run(name, func(b *testing.B) {
			root, records := chainLedger(100_000, relation)
			start := time.Now()
			for range b.N {
				if _, err := meter.Walk(root, func(m meter.ModelRef) (meter.Node, bool) {
					found, known := records(m)
					return meter.Node{Parents: parentsOf(found)}, known
				}); err != nil {
					b.Fatal(err)
				}
			}
			baseline := time.Since(start)
			b.ResetTimer()
			for range b.N {
				if _, err := PositionsOf(r, catalogue, root, records, Question{AsOf: time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC)}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed())/float64(baseline), "x-walk")
		})
	}
}

// BenchmarkSolve solves a document of 200 models and 100 kinds of hardware. The
// baseline is evaluating it once.
func BenchmarkSolve(b *testing.B) {
	r, catalogue := embeddedForTest(b)
	f := bigDocument(b, 200, 100)
	q := Question{AsOf: time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC)}
	start := time.Now()
	for range b.N {
		if _, err := Evaluate(r, catalogue, f, q); err != nil {
			b.Fatal(err)
		}
	}
	baseline := time.Since(start)
	b.ResetTimer()
	for range b.N {
		if _, err := Solve(r, catalogue, f, q, meter.Activities()); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed())/float64(baseline), "x-evaluate")
}

func bigDocument(b *testing.B, models, hardware int) Facts {
	b.Helper()
	root, records := chainLedger(models, meter.FineTunes)
	f, err := FromLineage(root, records)
	if err != nil {
		b.Fatal(err)
	}
	for i := range hardware {
		f.Training.Hardware = append(f.Training.Hardware, Hardware{Product: fmt.Sprintf("accelerator %d", i), ECCN: "3A090.a"})
	}
	return f
}

// chainLedger is a ledger in which each model comes from the next by one relation.
func chainLedger(n int, relation meter.Relation) (meter.ModelRef, func(meter.ModelRef) ([]meter.Record, bool)) {
	name := func(i int) meter.ModelRef { return meter.ModelRef(fmt.Sprintf("acme/m@%d", i)) }
	records := map[meter.ModelRef][]meter.Record{}
	for i := range n {
		r := meter.Record{Schema: meter.RecordSchema, Model: name(i), Run: "r", Weights: meter.WeightsKept, Method: meter.Declared,
			Grade: meter.GradeDeclared, Outcome: meter.Finished, Activity: meter.Pretraining, Operations: meter.Exact(mustOps("1e18"))}
		if i+1 < n {
			r.Parents = []meter.Parent{{Model: name(i + 1), Relation: relation}}
		}
		records[name(i)] = []meter.Record{r}
	}
	return name(0), func(m meter.ModelRef) ([]meter.Record, bool) { found, known := records[m]; return found, known }
}
