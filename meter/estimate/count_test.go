package estimate

import (
	"errors"
	"fmt"
	"math/big"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/weighbridge/weighbridge/meter"
)

func parse(t testing.TB, data []byte) Architecture {
	t.Helper()
	a, err := ParseConfig(data)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// TestCounts: small, W 1408, 2 layers, q 8, by hand.
func TestCounts(t *testing.T) {
	mistral := func(window string) []byte { return with(t, "model_type", `"mistral"`, "sliding_window", window) }
	for _, c := range []struct {
		name   string
		config []byte
		work   Work
		want   string // per token
		source string
		window string
	}{
		{"training", []byte(small), Work{Sequence: 16}, "9984", "6 x 1408 weights applied per token + 12 x 2 layers x 8 x 8 keys", "none"}, // 8448 + 1536
		{"odd length", []byte(small), Work{Sequence: 7}, "9120", "6 x 1408 weights applied per token + 12 x 2 layers x 8 x 3.5 keys", "none"},
		{"one token", []byte(small), Work{Sequence: 1}, "8544", "6 x 1408 weights applied per token + 12 x 2 layers x 8 x 0.5 keys", "none"},
		{"exact causal", []byte(small), Work{Sequence: 16, Keys: ExactKeys}, "10080", "6 x 1408 weights applied per token + 12 x 2 layers x 8 x 8.5 keys", "none"},
		{"not causal", []byte(small), Work{Sequence: 16, Keys: FullKeys}, "11520", "6 x 1408 weights applied per token + 12 x 2 layers x 8 x 16 keys", "none"},
		{"forward", []byte(small), Work{Sequence: 16, Passes: Forward}, "3328", "2 x 1408 weights applied per token + 4 x 2 layers x 8 x 8 keys", "none"},
		{"forward, exact", []byte(small), Work{Sequence: 16, Keys: ExactKeys, Passes: Forward}, "3360", "2 x 1408 weights applied per token + 4 x 2 layers x 8 x 8.5 keys", "none"},
		{"frozen weights", []byte(small), Work{Sequence: 16, Passes: Forward | InputGradient}, "6656", "4 x 1408 weights applied per token + 8 x 2 layers x 8 x 8 keys", "none"},
		{"beyond the context", []byte(small), Work{Sequence: 128}, "20736", "6 x 1408 weights applied per token + 12 x 2 layers x 8 x 64 keys", "none"}, // 8448 + 12288
		// c = 4 - 16/32 = 3.5: 12*8*3.5 = 336 per layer.
		{"window", mistral("4"), Work{Sequence: 16}, "9120", "6 x 1408 weights applied per token + 12 x 2 layers x 8 x (4 - 4 x 4 / (2 x 16)) keys", "applied"},
		// c = 4 - 12/32 = 3.625: 348 per layer.
		{"window, exact", mistral("4"), Work{Sequence: 16, Keys: ExactKeys}, "9144", "6 x 1408 weights applied per token + 12 x 2 layers x 8 x (4 - 4 x 3 / (2 x 16)) keys", "applied"},
		{"window, not causal", mistral("4"), Work{Sequence: 16, Keys: FullKeys}, "9216", "6 x 1408 weights applied per token + 12 x 2 layers x 8 x 4 keys", "applied"},
		// 12*8*(5 - 25/26) = 387.69...: 387 per layer, not 775 for two.
		{"window, rounded down per layer", mistral("5"), Work{Sequence: 13}, "9222", "6 x 1408 weights applied per token + 12 x 2 layers x 8 x (5 - 5 x 5 / (2 x 13)) keys", "applied"},
		{"window as long as the sequence", mistral("16"), Work{Sequence: 16}, "9984", "6 x 1408 weights applied per token + 12 x 2 layers x 8 x 8 keys", "applied"},
		{"window as long as the context", mistral("64"), Work{Sequence: 16}, "9984", "6 x 1408 weights applied per token + 12 x 2 layers x 8 x 8 keys", "none"},
		{"window null", mistral("null"), Work{Sequence: 16}, "9984", "6 x 1408 weights applied per token + 12 x 2 layers x 8 x 8 keys", "none"},
		// One layer with the window (336), one without (12*8*8 = 768).
		{"window in every second layer", with(t, "model_type", `"gemma2"`, "head_dim", "2", "sliding_window", "4"), Work{Sequence: 16}, "9552",
			"6 x 1408 weights applied per token + 12 x 1 layers x 8 x (4 - 4 x 4 / (2 x 16)) keys + 12 x 1 layers x 8 x 8 keys", "applied"},
		{"window from a layer on", with(t, "model_type", `"qwen2"`, "use_sliding_window", "true", "sliding_window", "4", "max_window_layers", "1"), Work{Sequence: 16}, "9552",
			"6 x 1408 weights applied per token + 12 x 1 layers x 8 x (4 - 4 x 4 / (2 x 16)) keys + 12 x 1 layers x 8 x 8 keys", "applied"},
		{"window that is not used", with(t, "model_type", `"qwen2"`, "use_sliding_window", "false", "sliding_window", "4"), Work{Sequence: 16}, "9984",
			"6 x 1408 weights applied per token + 12 x 2 layers x 8 x 8 keys", "none"},
		{"layers by name", with(t, "model_type", `"olmo3"`, "sliding_window", "4", "layer_types", `["full_attention","sliding_attention"]`), Work{Sequence: 16}, "9552",
			"6 x 1408 weights applied per token + 12 x 1 layers x 8 x (4 - 4 x 4 / (2 x 16)) keys + 12 x 1 layers x 8 x 8 keys", "applied"},
	} {
		c.work.Tokens = meter.NewOps(1000)
		got, err := parse(t, c.config).Count(c.work)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if got.PerToken != meter.Exact(ops(t, c.want)) || got.Operations.Low != ops(t, c.want+"000") {
			t.Errorf("%s: %s per token, %s in all, want %s", c.name, got.PerToken.Low, got.Operations.Low, c.want)
		}
		if got.Source != c.source {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got.Source, c.source)
		}
		if got.Convention.Window != c.window {
			t.Errorf("%s: window %s, want %s", c.name, got.Convention.Window, c.window)
		}
	}
}

// TestConventionFollowsTheWork: what was asked for is what is printed.
func TestConventionFollowsTheWork(t *testing.T) {
	a := parse(t, []byte(small))
	full, err := a.Count(Work{Tokens: meter.NewOps(1), Sequence: 4, Keys: FullKeys})
	if err != nil || full.Convention.Attention != "full" || full.Convention.Keys != "s" {
		t.Errorf("%v %v", full.Convention, err)
	}
	evaluation, err := a.Evaluation(meter.NewOps(1), 4)
	if err != nil || evaluation.Convention.Evaluation != "" || evaluation.PerToken.Low != meter.NewOps(2*1408+4*2*8*2) {
		t.Errorf("%v %v", evaluation, err)
	}
}

// TestUnstatedLength: low without attention, high at the context, no estimate.
func TestUnstatedLength(t *testing.T) {
	c, err := parse(t, []byte(small)).Training(meter.NewOps(10), 0)
	if err != nil {
		t.Fatal(err)
	}
	want := meter.Interval{Low: meter.NewOps(84480), High: meter.Known(meter.NewOps(84480 + 10*12*2*8*32))}
	if c.Operations != want || c.Convention.Keys != "" {
		t.Errorf("%+v, want %+v; %v", c.Operations, want, c.Convention)
	}
	if !strings.Contains(c.Source, "not stated") || !strings.HasSuffix(c.Source, "at the configuration's 64 tokens, 12 x 2 layers x 8 x 32 keys") {
		t.Error(c.Source)
	}
}

// TestCountRefusals: what cannot be counted is an error that says why.
func TestCountRefusals(t *testing.T) {
	a := parse(t, []byte(small))
	learned := load(t, "exact/gpt2.json")
	for _, c := range []struct {
		name string
		a    Architecture
		work Work
		want string
	}{
		{"no architecture", Architecture{}, Work{Sequence: 8}, "no architecture"},
		{"length", a, Work{Sequence: MaxSequence + 1}, "sequence length 4294967297: expected 1 to 4294967296"},
		{"length of a source", a, Work{Sequence: 8, Source: &Stretch{Sequence: MaxSequence + 1}}, "what an encoder or a tower reads"},
		{"keys", a, Work{Sequence: 8, Keys: "2s"}, `keys "2s": expected`},
		{"passes", a, Work{Sequence: 8, Passes: 8}, "passes 0b1000"},
		{"learned positions", learned, Work{Sequence: 1025}, "learned positions for 1024 tokens only"},
		{"overflow", a, Work{Sequence: 8, Tokens: ops(t, "1e38")}, "over 100000000000000000000000000000000000000 tokens"},
	} {
		if _, err := c.a.Count(c.work); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
	if _, err := a.Training(ops(t, "1e38"), 8); !errors.Is(err, meter.ErrOpsRange) {
		t.Error(err)
	}
}

// TestCountProperties, over every configuration: linear in tokens, monotone in
// the length and in what keys are counted, forward a third of training, the
// largest that is accepted without overflow.
func TestCountProperties(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	files, err := filepath.Glob("testdata/exact/*.json")
	if err != nil || len(files) < 40 {
		t.Fatalf("%d files: %v", len(files), err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		a := parse(t, data)
		at := func(w Work) meter.Ops {
			w.Source, w.Images = &Stretch{Sequence: 9}, &Stretch{Sequence: 9} // no tokens of theirs: what is compared is the text's
			c, err := a.Count(w)
			if err != nil {
				t.Fatalf("%s: %+v: %v", file, w, err)
			}
			return c.Operations.Low
		}
		for range 50 {
			s := 1 + rng.Uint64N(a.ContextLength())
			n := meter.NewOps(rng.Uint64N(1 << 60))
			one, many := at(Work{Tokens: meter.NewOps(1), Sequence: s}), at(Work{Tokens: n, Sequence: s})
			if product := new(big.Int).Mul(one.Big(), n.Big()); product.Cmp(many.Big()) != 0 {
				t.Fatalf("%s: %s tokens at %s each give %s", file, n, one, many)
			}
			exact, full := at(Work{Tokens: meter.NewOps(1), Sequence: s, Keys: ExactKeys}), at(Work{Tokens: meter.NewOps(1), Sequence: s, Keys: FullKeys})
			if one.Cmp(exact) > 0 || exact.Cmp(full) > 0 {
				t.Fatalf("%s at %d: half %s, exact %s, full %s", file, s, one, exact, full)
			}
			forward := at(Work{Tokens: meter.NewOps(3), Sequence: s, Passes: Forward})
			if apart, err := one.Sub(forward); err != nil || apart.Cmp(meter.NewOps(3*a.Layers())) > 0 {
				t.Fatalf("%s at %d: training %s, three times forward %s", file, s, one, forward)
			}
			shorter := at(Work{Tokens: meter.NewOps(1), Sequence: 1 + rng.Uint64N(s)})
			none, high := at(Work{Tokens: meter.NewOps(1)}), at(Work{Tokens: meter.NewOps(1), Sequence: a.ContextLength()})
			if grows := len(a.cores) > 0; shorter.Cmp(one) > 0 || grows == (none == one) || one.Cmp(high) > 0 {
				t.Fatalf("%s at %d: %s, shorter %s, without attention %s, at the context %s", file, s, one, shorter, none, high)
			}
		}
	}
	largest := parse(t, []byte(fmt.Sprintf(`{"model_type":"llama","hidden_size":%d,"num_hidden_layers":%d,"num_attention_heads":4,"head_dim":%d,"intermediate_size":%d,"vocab_size":%d,"max_position_embeddings":%d}`,
		maxWidth, maxLayers, maxQueries/4, maxWide, maxWide, uint64(MaxSequence))))
	if c, err := largest.Count(Work{Tokens: meter.NewOps(1), Sequence: MaxSequence, Keys: FullKeys}); err != nil {
		t.Errorf("the largest shape: %v, %v", c, err)
	}
}

// TestSchedules: lengths by tokens, by hand.
func TestSchedules(t *testing.T) {
	a := parse(t, []byte(small))
	for _, c := range []struct{ schedule, tokens, low, high string }{
		{"16", "10", "99840", "99840"},
		{"", "10", "84480", "145920"},
		{"7:4,16:6", "10", "96384", "96384"},     // 4 x 9120 + 6 x 9984
		{"7:4,16:600", "10", "96384", "96384"},   // ended early
		{"7:400,16:600", "10", "91200", "91200"}, // in the first part
		{"7:4", "0", "0", "0"},
	} {
		s, err := ParseSchedule(c.schedule)
		if err != nil {
			t.Errorf("%q: %v", c.schedule, err)
			continue
		}
		got, err := a.Scheduled(ops(t, c.tokens), s)
		if err != nil || got.Operations.Low.String() != c.low || got.Operations.High.String() != c.high {
			t.Errorf("%q: %+v, want %s to %s: %v", c.schedule, got.Operations, c.low, c.high, err)
		}
	}
	two, err := ParseSchedule("7:4,16:6")
	if err != nil {
		t.Fatal(err)
	}
	got, err := a.Scheduled(meter.NewOps(10), two)
	if err != nil || got.PerToken != (meter.Interval{Low: meter.NewOps(9120), High: meter.Known(meter.NewOps(9984))}) ||
		!strings.HasPrefix(got.Source, "for 4 tokens: 6 x 1408") || !strings.Contains(got.Source, "; for 6 tokens: 6 x 1408") || got.Convention.Keys != "s/2" {
		t.Errorf("%+v %v", got, err)
	}
	if _, err := a.Scheduled(meter.NewOps(11), two); err == nil || !strings.Contains(err.Error(), "the schedule ends 1 tokens before the run of 11") {
		t.Error(err)
	}
	for _, bad := range []string{"0", "-1", "x", "8192:", "8192:1,", "8192:1,4096", ":5", "4294967297", "8192:1.5", "0:5", "1e3"} {
		if _, err := ParseSchedule(bad); err == nil || !strings.Contains(err.Error(), "sequence length") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}
