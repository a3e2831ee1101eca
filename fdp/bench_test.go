package fdp

import (
	"encoding/json"
	"testing"
)

// BenchmarkEvaluate evaluates every case of the table in turn. The baseline is
// decoding the same facts from JSON by the standard library; the ratio of the
// two is reported, so that the number means the same on any machine.
func BenchmarkEvaluate(b *testing.B) {
	r, catalogue := embeddedForTest(b)
	cases := lawCases(b)
	encoded := make([][]byte, len(cases))
	for i, c := range cases {
		var err error
		if encoded[i], err = c.facts.Encode(); err != nil {
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
		c := cases[i%len(cases)]
		if _, err := Evaluate(r, catalogue, c.facts, c.question(b)); err != nil {
			b.Fatal(err)
		}
	}
	perEvaluation := float64(b.Elapsed().Nanoseconds()) / float64(b.N)
	b.ReportMetric(perEvaluation/float64(max(baseline.Nanoseconds(), 1))*float64(b.N), "x-json-decode")
	b.ReportMetric(perEvaluation/1e6, "ms/evaluation")
}
