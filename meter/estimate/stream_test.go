package estimate

import (
	"strings"
	"testing"

	"github.com/weighbridge/weighbridge/meter"
)

// smallT5: 2 + 2 layers, width 8, 4 heads of 2, feed-forward 16, vocabulary 32.
// Per text token 2 x (256 + 128 + 256) + 256 = 1536 weights, per source token
// 2 x 512 in the encoder and 2 x 128 for the decoder's keys and values: 1280.
const smallT5 = `{"model_type":"t5","d_model":8,"d_kv":2,"d_ff":16,"num_layers":2,"num_heads":4,"vocab_size":32,"is_encoder_decoder":true}`

// smallVision: a tower of one layer, width 4, over patches of 24 numbers, four to
// a token: 4 x (96 + 192) = 1152 weights per image token, and 384 to join it.
const smallVision = `{"model_type":"qwen2_vl","hidden_size":8,"num_hidden_layers":2,"num_attention_heads":4,"num_key_value_heads":2,"intermediate_size":16,"vocab_size":32,
"max_position_embeddings":64,"vision_config":{"embed_dim":4,"depth":1,"num_heads":2,"mlp_ratio":4,"patch_size":2,"temporal_patch_size":2,"in_channels":3,"spatial_merge_size":2}}`

// TestStreams: encoders and towers by hand.
func TestStreams(t *testing.T) {
	ten := func(w Work) Work { w.Tokens = meter.NewOps(10); return w }
	six, five := &Stretch{Sequence: 6, Tokens: meter.NewOps(6)}, &Stretch{Sequence: 5, Tokens: meter.NewOps(5)}
	for _, c := range []struct {
		name, config string
		work         Work
		want         string // operations; "low-" without an upper bound
		source       string
	}{
		// Text 10 x (6 x 1536 + 12 x 8 x 5 x 2 + 12 x 8 x 6 x 2), source 6 x (6 x 1280 + 12 x 8 x 6 x 2).
		{"encoder and decoder", smallT5, ten(Work{Sequence: 10, Source: six}), "166272",
			"6 x 1536 weights applied per token + 12 x 2 layers x 8 x 5 keys + 12 x 2 layers x 8 x 6 keys; for 6 source tokens: 6 x 1280 weights applied per token + 12 x 2 layers x 8 x 6 keys"},
		{"encoder and decoder, forward", smallT5, ten(Work{Sequence: 10, Source: six, Passes: Forward}), "55424", "for 6 source tokens: 2 x 1280"},
		{"what the encoder read is not stated", smallT5, ten(Work{Sequence: 10}), "101760-", "how many source tokens were read is not stated"},
		{"nothing was read", smallT5, ten(Work{Sequence: 10, Source: &Stretch{Sequence: 6}}), "113280", "for 0 source tokens"},
		// Text 10 x (6 x 1408 + 12 x 8 x 5 x 2) of which qwen2's biases are none; images 5 x (4 x 384 + 6 x 1152 + 12 x 4 x 20 x 4): pixels need no gradient.
		{"tower", smallVision, ten(Work{Sequence: 10, Images: five}), "155520", "for 5 image tokens: 4 x 384 trained weights below which nothing is trained + 6 x 1152 trained weights applied per token + 12 x 4 layers x 4 x 20 keys"},
		// 5 x (2 x 1152 + 6 x 384 + 4 x 4 x 20 x 4).
		{"frozen tower", smallVision, ten(Work{Sequence: 10, Images: five, FixedTower: true}), "123520", "for 5 image tokens: 2 x 1152 frozen weights + 6 x 384 trained weights applied per token + 4 x 4 layers x 4 x 20 keys"},
		{"text alone", smallVision, ten(Work{Sequence: 10, Images: &Stretch{Sequence: 5}}), "94080", "for 0 image tokens"},
		{"images not stated", smallVision, ten(Work{Sequence: 10}), "94080-", "how many image tokens were read is not stated"},
	} {
		got, err := parse(t, []byte(c.config)).Count(c.work)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		low, open := strings.CutSuffix(c.want, "-")
		want := meter.Exact(ops(t, low))
		if open {
			want = meter.Unbounded(ops(t, low))
		}
		if got.Operations != want || !strings.Contains(got.Source, c.source) {
			t.Errorf("%s: %+v, want %s\n%s\nwant %s", c.name, got.Operations, c.want, got.Source, c.source)
		}
	}
}

// TestEncoderAlone: every token sees all of its sequence, and the convention
// says so.
func TestEncoderAlone(t *testing.T) {
	a := load(t, "exact/bert-base.json")
	c, err := a.Training(meter.NewOps(1), 128)
	if err != nil || c.Convention.Attention != "full" || c.Convention.Keys != "s" {
		t.Errorf("%v %v", c.Convention, err)
	}
	core, err := c.PerToken.Low.Sub(times(a.Parameters().Weights, 6))
	if err != nil || core != meter.NewOps(12*12*768*128) {
		t.Errorf("core %s: %v", core, err)
	}
}

// TestRecurrences: what holds no weights costs the same at every length.
func TestRecurrences(t *testing.T) {
	for _, c := range []struct {
		file     string
		state    uint64 // operations per token in training
		sequence bool   // the count grows with the length
	}{
		{"exact/mamba2-130m.json", 3 * 24 * 7 * 1536 * 128, false},
		{"exact/nemotron-h-8b.json", 3 * 24 * 7 * 8192 * 128, true},
		{"exact/qwen3-next-80b-a3b.json", 3 * 36 * 8 * 32 * 128 * 128, true},
	} {
		a := load(t, c.file)
		var s sum
		if got := a.stateOps(Work{Passes: TrainingPasses}, Text, &s); got != meter.NewOps(c.state) {
			t.Errorf("%s: %s, want %d", c.file, got, c.state)
		}
		short, err := a.Training(meter.NewOps(1), 1)
		long, err2 := a.Training(meter.NewOps(1), 4096)
		if err != nil || err2 != nil || (short.PerToken != long.PerToken) != c.sequence || !strings.Contains(short.Source, " of the state") {
			t.Errorf("%s: %v %v %v %v", c.file, short, long, err, err2)
		}
	}
	m, err := load(t, "exact/mamba2-130m.json").Training(meter.NewOps(1), 0)
	if err != nil || !m.Operations.Estimate.Known || m.Convention.Attention != "none" {
		t.Errorf("a model without attention needs no length: %+v %v", m, err)
	}
}

// TestStreamRefusals: parts that are missing or do not fit together.
func TestStreamRefusals(t *testing.T) {
	change := func(config, old, with string) []byte {
		bad := strings.Replace(config, old, with, 1)
		if bad == config {
			t.Fatalf("%q is not in the configuration", old)
		}
		return []byte(bad)
	}
	for _, c := range []struct {
		name   string
		config []byte
		want   string
	}{
		{"a tower without its part", change(smallVision, `"vision_config"`, `"visionconfig"`), "vision_config: missing"},
		{"a size of the tower missing", change(smallVision, `"depth":1,`, ``), "vision_config.depth: missing"},
		{"a tower whose heads do not divide", change(smallVision, `"num_heads":2`, `"num_heads":3`), "vision_config.num_heads: found 3"},
		{"a text model that is not known", []byte(`{"model_type":"llava","text_config":{"model_type":"rwkv"},"vision_config":{}}`), `text_config.model_type: found "rwkv"`},
		{"a text model with a tower of its own", []byte(`{"model_type":"llava","text_config":{"model_type":"llava"},"vision_config":{}}`), `text_config.model_type: found "llava"`},
		{"a decoder's class for an encoder", []byte(`{"model_type":"bert","architectures":["BertForSequenceClassification"],"hidden_size":8,"num_hidden_layers":2,"num_attention_heads":4,"intermediate_size":16,"vocab_size":32,"max_position_embeddings":64,"type_vocab_size":2}`), "ForMaskedLM"},
		{"an encoder without its heads", change(smallT5, `"num_heads":4,`, ""), "num_heads: missing"},
		{"hybrid layers that do not add up", with(t, "model_type", `"nemotron_h"`, "head_dim", "2", "hybrid_override_pattern", `"M*-"`, "mamba_num_heads", "2", "mamba_head_dim", "4", "n_groups", "1", "ssm_state_size", "4", "conv_kernel", "4"), "layer_types: kinds of 3 layers, expected 2"},
		{"a kind of layer that nobody knows", with(t, "model_type", `"nemotron_h"`, "head_dim", "2", "hybrid_override_pattern", `"MX"`, "mamba_num_heads", "2", "mamba_head_dim", "4", "n_groups", "1", "ssm_state_size", "4", "conv_kernel", "4"), `found 'X'`},
		{"heads that do not make up the inner width", []byte(`{"model_type":"mamba2","hidden_size":8,"num_hidden_layers":1,"num_heads":3,"head_dim":4,"state_size":4,"vocab_size":8}`), "expand: 3 heads of 4 make 12, expected expand x hidden_size = 16"},
		{"more experts chosen than held", with(t, "model_type", `"mixtral"`, "num_local_experts", "2", "num_experts_per_tok", "3"), "num_experts_per_tok: found 3, expected at most the 2 experts"},
		{"an indexer", with(t, "index_topk", "2048"), "index_topk"},
	} {
		if a, err := ParseConfig(c.config); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v %v, want %q", c.name, a, err, c.want)
		}
	}
}
