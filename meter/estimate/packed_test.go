package estimate

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/weighbridge/weighbridge/meter"
)

func documents(t testing.TB, lengths ...uint64) (d Documents) {
	t.Helper()
	for _, n := range lengths {
		if err := d.Add(n, meter.NewOps(1)); err != nil {
			t.Fatal(err)
		}
	}
	return d
}

// TestPacked: small, W 1408, 2 layers, q 8, by hand.
func TestPacked(t *testing.T) {
	full := parse(t, []byte(small))
	window := parse(t, with(t, "model_type", `"mistral"`, "sliding_window", "4"))
	for _, c := range []struct {
		name      string
		a         Architecture
		d         Documents
		keys      Keys
		low, high string
	}{
		{"documents of 3 and 5", full, documents(t, 3, 5), HalfKeys, "70848", "70848"},           // 8 x 8448 + 2 x 6 x 8 x (9 + 25)
		{"a token attends to itself too", full, documents(t, 3, 5), ExactKeys, "71616", "71616"}, // + 2 x 6 x 8 x 8
		{"not causal", full, documents(t, 3, 5), FullKeys, "74112", "74112"},
		{"no longer than the window", window, documents(t, 3, 4), HalfKeys, "61536", "61536"},
		// 16 tokens, window 4: 2 x 4 x 16 - 16 = 112 pairs; from the sums alone 112 to 128.
		{"longer than the window", window, documents(t, 16), HalfKeys, "145920", "147456"},
	} {
		got, err := c.a.Packed(c.d, Work{Keys: c.keys})
		if err != nil || got.Operations.Low != ops(t, c.low) || got.Operations.High != meter.Known(ops(t, c.high)) || got.Operations.Estimate.Known != (c.low == c.high) {
			t.Errorf("%s: %+v, want %s to %s: %v", c.name, got.Operations, c.low, c.high, err)
		}
	}
	got, err := full.Packed(documents(t, 3, 5), Work{})
	if want := "6 x 1408 weights applied per token, over 8 tokens in documents whose squared lengths sum to 34 + 6 x 2 layers x 8 x that sum"; err != nil || got.Source != want || got.PerToken.High.Known {
		t.Errorf("%+v %v", got, err)
	}
}

// TestPackedIsTheSumOfItsDocuments, over random documents: without a window to
// the operation, with one inside the range.
func TestPackedIsTheSumOfItsDocuments(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	for _, config := range [][]byte{[]byte(small), with(t, "model_type", `"mistral"`, "sliding_window", "6"),
		with(t, "model_type", `"llama4_text"`, "head_dim", "2", "intermediate_size_mlp", "16", "interleave_moe_layer_step", "1", "num_local_experts", "2", "num_experts_per_tok", "1",
			"attention_chunk_size", "6", "layer_types", `["chunked_attention","full_attention"]`)} {
		a := parse(t, config)
		for range 300 {
			var d Documents
			var sum meter.Ops
			for range 1 + rng.IntN(6) {
				n := 1 + rng.Uint64N(20)
				one, err := a.Training(meter.NewOps(n), n)
				if err != nil {
					t.Fatal(err)
				}
				if err := d.Add(n, meter.NewOps(1)); err != nil {
					t.Fatal(err)
				}
				sum, _ = sum.Add(one.Operations.Low)
			}
			got, err := a.Packed(d, Work{})
			if err != nil {
				t.Fatal(err)
			}
			slack := meter.NewOps(uint64(3 * a.layers * 120)) // the window's rounding, per token and layer, is the other count's
			if high, _ := sum.Add(slack); got.Operations.Low.Cmp(high) > 0 || got.Operations.High.Ops.Cmp(sum) < 0 {
				t.Fatalf("%+v: %+v, one by one %s", d, got.Operations, sum)
			}
			if got.Operations.Estimate.Known && a.cores[0].Window == 0 && a.cores[0].Chunk == 0 && got.Operations.Low != sum {
				t.Fatalf("%+v: %s, one by one %s", d, got.Operations.Low, sum)
			}
		}
	}
}

// TestPackedRefusals: sums that no documents have.
func TestPackedRefusals(t *testing.T) {
	a := parse(t, []byte(small))
	n := meter.NewOps
	for _, c := range []struct {
		d    Documents
		want string
	}{
		{Documents{}, "expected both above 0"},
		{Documents{Tokens: n(8), Squares: n(7), Longest: 1}, "cannot"},
		{Documents{Tokens: n(8), Squares: n(65), Longest: 8}, "cannot"},
		{Documents{Tokens: n(8), Squares: n(20), Longest: 5}, "cannot"},
		{Documents{Tokens: ops(t, "1e38"), Squares: ops(t, "1e38"), Longest: 1}, "out of range"},
	} {
		if _, err := a.Packed(c.d, Work{}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want %q", c.d, err, c.want)
		}
	}
	d := documents(t, 1<<32)
	if err := d.Add(1<<32, ops(t, "1e30")); err == nil {
		t.Error("more squares than 128 bits")
	}
}
