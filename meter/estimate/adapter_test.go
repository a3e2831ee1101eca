package estimate

import (
	"strings"
	"testing"

	"github.com/weighbridge/weighbridge/meter"
)

func perTokenOf(t testing.TB, a Architecture, sequence uint64) string {
	t.Helper()
	c, err := a.Training(meter.NewOps(1), sequence)
	if err != nil {
		t.Fatal(err)
	}
	return c.PerToken.Low.String()
}

// TestAdapters: small, by hand. W 1408 (head 256, so 576 a layer), core 1536 at
// 16 tokens. A frozen weight costs 4, one below the lowest adapted layer 2, an
// adapter's 6; the core costs 12 x q x c per layer, 4 x q x c below.
func TestAdapters(t *testing.T) {
	for _, c := range []struct {
		name    string
		config  []byte
		adapter Adapter
		want    string
		trained string
		source  string
	}{
		// 4 x 1408 + 6 x 2 x (8+8) x 2 layers, rank 2 on queries: 16 x 2 = 32 a layer.
		{"queries", []byte(small), Adapter{Rank: 2, Targets: []string{"q_proj"}}, "7552", "64",
			"4 x 1408 frozen weights + 6 x 64 trained weights applied per token + 12 x 2 layers x 8 x 8 keys"},
		// Values are 4 wide: (8+4) x 2 = 24 a layer more.
		{"queries and values", []byte(small), Adapter{Rank: 2, Targets: []string{"q_proj", "v_proj"}}, "7840", "112", ""},
		{"by full name", []byte(small), Adapter{Rank: 2, Targets: []string{"self_attn.q_proj", "attention.value"}}, "7840", "112", ""},
		// All: q 16, k 12, v 12, o 16, gate 24, up 24, down 24 = 128 x rank 1 x 2 layers.
		{"all linear", []byte(small), Adapter{Rank: 1, Targets: []string{AllLinear}}, "8704", "256", ""},
		// Upper layer only: 2 x 576 + 4 x (576 + 256) + 6 x 32, core 256 + 768.
		{"upper layer", []byte(small), Adapter{Rank: 2, Targets: []string{"q_proj"}, Layers: []uint64{1}}, "5696", "32",
			"2 x 576 weights below everything trained + 4 x 832 frozen weights + 6 x 32 trained weights applied per token + 4 x 1 layers x 8 x 8 keys + 12 x 1 layers x 8 x 8 keys"},
		{"lower layer", []byte(small), Adapter{Rank: 2, Targets: []string{"q_proj"}, Layers: []uint64{0}}, "7360", "32", ""},
		// The embedding is trained too: the gradient goes to the bottom.
		{"embedding trained", []byte(small), Adapter{Rank: 2, Targets: []string{"q_proj"}, Layers: []uint64{1}, Trained: []string{"embed_tokens"}}, "7360", "32", ""},
		// The head is trained in full: 6 x 256 for 4 x 256.
		{"head trained", []byte(small), Adapter{Rank: 2, Targets: []string{"q_proj"}, Trained: []string{"lm_head"}}, "8064", "320", ""},
		// Only the head is adapted: 2 x 1152 + 4 x 256 + 6 x (8+32), core a third.
		{"head only", []byte(small), Adapter{Rank: 1, Targets: []string{"lm_head"}}, "4080", "40", ""},
		// One matrix for queries, keys and values: 8 in, 24 out; W 1280 (gpt_neox).
		{"fused", with(t, "model_type", `"gpt_neox"`), Adapter{Rank: 1, Targets: []string{"query_key_value"}}, "7040", "64", ""},
		{"both of one name", with(t, "model_type", `"gpt2"`, "n_embd", "8", "n_layer", "2", "n_head", "4", "n_positions", "64"), Adapter{Rank: 1, Targets: []string{"c_proj"}}, "", "112", ""}, // (8+8) + (32+8) a layer
	} {
		a, err := parse(t, c.config).Adapt(c.adapter)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if got := perTokenOf(t, a, 16); got != c.want && c.want != "" {
			t.Errorf("%s: %s per token, want %s", c.name, got, c.want)
		}
		if got := a.Trained().String(); got != c.trained {
			t.Errorf("%s: %s trained, want %s", c.name, got, c.trained)
		}
		if count, err := a.Training(meter.NewOps(1), 16); err != nil || c.source != "" && count.Source != c.source {
			t.Errorf("%s:\n got %s\nwant %s, %v", c.name, count.Source, c.source, err)
		}
	}
}

// TestFrozenLayers: the lower layer frozen: 2 x 576 + 6 x 832, core 256 + 768.
func TestFrozenLayers(t *testing.T) {
	a := parse(t, []byte(small))
	for frozen, want := range []string{"9984", "7168", "4352"} { // all frozen: 2 x 1152 + 6 x 256 + 512
		f, err := a.FreezeBelow(uint64(frozen))
		if err != nil {
			t.Fatal(err)
		}
		if got := perTokenOf(t, f, 16); got != want {
			t.Errorf("%d frozen: %s, want %s", frozen, got, want)
		}
	}
	mixed := parse(t, with(t, "model_type", `"gemma2"`, "head_dim", "2", "sliding_window", "4"))
	for _, c := range []struct {
		a      Architecture
		frozen uint64
		want   string
	}{{a, 3, "at most the 2 layers"}, {mixed, 1, "several kinds"}} {
		if _, err := c.a.FreezeBelow(c.frozen); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%d: %v, want %q", c.frozen, err, c.want)
		}
	}
	if f, err := mixed.FreezeBelow(2); err != nil || perTokenOf(t, f, 16) != "4208" { // 2304 + 1536 + (336 + 768)/3
		t.Errorf("%v %v", f, err)
	}
}

// TestAdapterBounds, over every family: an adapter of the highest rank costs no
// more than 6 for each weight, its own included, and none less than the frozen
// base; every module of every family can be named.
func TestAdapterBounds(t *testing.T) {
	for _, row := range rows(t, "exact.csv") {
		a := load(t, "exact/"+row["config"]+".json")
		base, err := a.Count(Work{Tokens: meter.NewOps(1), Sequence: 448, Passes: Forward | InputGradient})
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range a.linears() {
			if _, found := a.unclear([]string{l.name}); found {
				continue
			}
			one, err := a.Adapt(Adapter{Rank: 8, Targets: []string{l.name}})
			if err != nil {
				t.Errorf("%s: %s: %v", row["config"], l.name, err)
				continue
			}
			all, err := a.Training(meter.NewOps(1), 448)
			if err != nil {
				t.Fatal(err)
			}
			adapted, err := one.Training(meter.NewOps(1), 448)
			if err != nil {
				t.Fatal(err)
			}
			if l.inLayers() && (adapted.PerToken.Low.Cmp(base.PerToken.Low) <= 0 || adapted.PerToken.Low.Cmp(all.PerToken.Low) >= 0) {
				t.Errorf("%s: %s: %s, frozen base %s, all trained %s", row["config"], l.name, adapted.PerToken.Low, base.PerToken.Low, all.PerToken.Low)
			}
		}
		_, unclear := a.unclear([]string{AllLinear})
		if _, err := a.Adapt(Adapter{Rank: 8, Targets: []string{AllLinear}}); (err != nil) != unclear {
			t.Errorf("%s: unclear %v: %v", row["config"], unclear, err)
		}
	}
}

const peft = `{"peft_type":"LORA","r":16,"lora_alpha":32,"target_modules":["q_proj","v_proj"],"layers_to_transform":null,"modules_to_save":null,"rank_pattern":{},"use_dora":false,"bias":"none"}`

// TestParseAdapter: the file as peft writes it, and each refusal.
func TestParseAdapter(t *testing.T) {
	ad, err := ParseAdapter([]byte(peft))
	if err != nil || ad.Rank != 16 || strings.Join(ad.Targets, " ") != "q_proj v_proj" || ad.Layers != nil || ad.Trained != nil {
		t.Errorf("%+v %v", ad, err)
	}
	for _, c := range []struct{ from, to, want string }{
		{`"LORA"`, `"IA3"`, "expected LORA"},
		{`"r":16`, `"r":0`, "adapter.r: found 0"},
		{`"r":16`, `"r":1e9`, "adapter.r: found 1e9"},
		{`,"r":16`, ``, "adapter.r: missing"},
		{`["q_proj","v_proj"]`, `".*proj"`, "found the pattern"},
		{`["q_proj","v_proj"]`, `[1]`, "expected a list of strings"},
		{`"target_modules":["q_proj","v_proj"],`, ``, "target_modules: missing"},
		{`"layers_to_transform":null`, `"layers_to_transform":[]`, "expected a layer or a list"},
		{`"layers_to_transform":null`, `"layers_to_transform":[-1]`, "expected a layer or a list"},
		{`{}`, `{"q_proj":8}`, "adapter.rank_pattern: found"},
		{`"use_dora":false`, `"use_dora":true`, "adapter.use_dora: found true"},
		{`"bias":"none"}`, `"bias":"none","r":16}`, "stands twice"},
		{`"bias":"none"}`, `"bias":"none"}x`, "trailing bytes"},
	} {
		if _, err := ParseAdapter([]byte(strings.Replace(peft, c.from, c.to, 1))); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.to, err, c.want)
		}
	}
	all, err := ParseAdapter([]byte(strings.Replace(peft, `["q_proj","v_proj"]`, `"all-linear"`, 1)))
	if err != nil || len(all.Targets) != 1 || all.Targets[0] != AllLinear {
		t.Errorf("%+v %v", all, err)
	}
	one, err := ParseAdapter([]byte(strings.Replace(peft, `"layers_to_transform":null`, `"layers_to_transform":7`, 1)))
	if err != nil || len(one.Layers) != 1 || one.Layers[0] != 7 {
		t.Errorf("%+v %v", one, err)
	}
}

// TestAdapterRefusals: a target, layer or rank that the model does not have.
func TestAdapterRefusals(t *testing.T) {
	a := parse(t, []byte(small))
	for _, c := range []struct {
		adapter Adapter
		want    string
	}{
		{Adapter{Targets: []string{"q_proj"}}, "rank 0: expected 1 to"},
		{Adapter{Rank: 4}, "no target: expected some of q_proj, k_proj, v_proj, o_proj, gate_proj, up_proj, down_proj, lm_head, all-linear"},
		{Adapter{Rank: 4, Targets: []string{"c_attn"}}, `target "c_attn": a llama model has q_proj`},
		{Adapter{Rank: 4, Targets: []string{"embed_tokens"}}, `target "embed_tokens"`},
		{Adapter{Rank: 4, Targets: []string{"q_proj"}, Layers: []uint64{2}}, "layer 2: expected each of some of the layers 0 to 1 once"},
		{Adapter{Rank: 4, Targets: []string{"q_proj"}, Layers: []uint64{0, 0}}, "layer 0: expected"},
		{Adapter{Rank: 4, Targets: []string{"q_proj"}, Trained: []string{"score"}}, `target "score"`},
	} {
		if _, err := a.Adapt(c.adapter); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want %q", c.adapter, err, c.want)
		}
	}
	if _, err := (Architecture{}).Adapt(Adapter{Rank: 1, Targets: []string{AllLinear}}); err == nil {
		t.Error("the zero architecture was adapted")
	}
}

// FuzzParseAdapter: whatever is read is an adapter that can be tried on a model
// without a panic, and what it gives is at most full training and its own cost.
func FuzzParseAdapter(f *testing.F) {
	f.Add([]byte(peft))
	f.Add([]byte(`{"peft_type":"LORA","r":1,"target_modules":"all-linear","layers_to_transform":[1],"modules_to_save":["lm_head","embed_tokens"]}`))
	f.Add([]byte(`{"peft_type":"LORA","r":1048576,"target_modules":["lm_head"]}`))
	f.Add([]byte(`{"peft_type":"LORA"`))
	a, err := ParseConfig([]byte(small))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		ad, err := ParseAdapter(data)
		if err != nil {
			return
		}
		adapted, err := a.Adapt(ad)
		if err != nil {
			return
		}
		c, err := adapted.Training(meter.NewOps(1), 16)
		if err != nil || c.PerToken.Low.Cmp(meter.NewOps(2*1408)) < 0 {
			t.Fatalf("%+v: %v %v", ad, c, err)
		}
	})
}
