package fdp

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"github.com/weighbridge/weighbridge/provenance"
)

// BenchmarkEmbedded reads the rules of this program, which a command does once. The
// baseline is splitting the same files into lines.
func BenchmarkEmbedded(b *testing.B) {
	r, _ := embeddedForTest(b)
	files := r.Files()
	begin := time.Now()
	lines := 0
	for range b.N {
		for _, data := range files {
			lines += bytes.Count(data, []byte("\n"))
		}
	}
	baseline := time.Since(begin)
	b.ResetTimer()
	for range b.N {
		if _, err := Embedded(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed())/float64(max(baseline, 1)), "x-count-lines")
	b.ReportMetric(b.Elapsed().Seconds()*1e3/float64(b.N), "ms/load")
}

// BenchmarkEvaluate evaluates every case of the table in turn, and each of the
// shapes that must not take time beyond their size. The baseline is decoding the
// same facts from JSON by the standard library; the ratio of the two is reported,
// so that the number means the same on any machine.
func BenchmarkEvaluate(b *testing.B) {
	r, catalogue := embeddedForTest(b)
	cases := lawCases(b)
	b.Run("cases", func(b *testing.B) {
		facts := make([]Facts, len(cases))
		for i, c := range cases {
			facts[i] = c.facts
		}
		evaluateInTurn(b, r, catalogue, facts, func(i int) Question { return cases[i].question(b) })
	})
	b.Run("all-regimes", func(b *testing.B) { // every case's facts under all regimes
		facts := make([]Facts, len(cases))
		for i, c := range cases {
			facts[i] = c.facts
		}
		evaluateInTurn(b, r, catalogue, facts, func(i int) Question { return Question{AsOf: cases[i].question(b).AsOf} })
	})
	for _, s := range shapes() {
		b.Run(s.name, func(b *testing.B) {
			evaluateInTurn(b, r, catalogue, []Facts{s.facts}, func(int) Question { return cases[0].question(b) })
		})
	}
}

func evaluateInTurn(b *testing.B, r *Rules, catalogue *provenance.Catalogue, facts []Facts, question func(int) Question) {
	encoded := make([][]byte, len(facts))
	for i, f := range facts {
		var err error
		if encoded[i], err = f.Encode(); err != nil {
			b.Fatal(err)
		}
	}
	b.ResetTimer()
	for i := range b.N {
		var v any
		if err := json.Unmarshal(encoded[i%len(encoded)], &v); err != nil {
			b.Fatal(err)
		}
	}
	baseline := b.Elapsed()
	b.ResetTimer()
	for i := range b.N {
		at := i % len(facts)
		if _, err := Evaluate(r, catalogue, facts[at], question(at)); err != nil {
			b.Fatal(err)
		}
	}
	perEvaluation := float64(b.Elapsed().Nanoseconds()) / float64(b.N)
	b.ReportMetric(perEvaluation/float64(max(baseline.Nanoseconds(), 1))*float64(b.N), "x-json-decode")
	b.ReportMetric(perEvaluation/1e6, "ms/evaluation")
}
