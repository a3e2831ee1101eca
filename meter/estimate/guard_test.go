package estimate

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/tensors"
)

// weightsOf are headers as the library would save the small llama of these
// tests, with some tensors changed ("name shape", "" takes it away).
func weightsOf(t testing.TB, changes map[string][]uint64) tensors.Header {
	t.Helper()
	h := tensors.Header{Format: "safetensors"}
	add := func(name string, shape ...uint64) {
		if other, found := changes[name]; found {
			shape = other
		}
		if shape == nil {
			return
		}
		n := uint64(1)
		for _, d := range shape {
			n *= d
		}
		h.Tensors = append(h.Tensors, tensors.Tensor{Name: name, Shape: shape, Type: "BF16", Elements: n, Bytes: 2 * n})
	}
	add("model.embed_tokens.weight", 32, 8)
	for i := range 2 {
		layer := fmt.Sprintf("model.layers.%d.", i)
		add(layer+"input_layernorm.weight", 8)
		add(layer+"post_attention_layernorm.weight", 8)
		add(layer+"self_attn.q_proj.weight", 8, 8)
		add(layer+"self_attn.k_proj.weight", 4, 8)
		add(layer+"self_attn.v_proj.weight", 4, 8)
		add(layer+"self_attn.o_proj.weight", 8, 8)
		add(layer+"mlp.gate_proj.weight", 16, 8)
		add(layer+"mlp.up_proj.weight", 16, 8)
		add(layer+"mlp.down_proj.weight", 8, 16)
	}
	add("model.norm.weight", 8)
	add("lm_head.weight", 32, 8)
	for name, shape := range changes {
		if _, found := h.Find(name); !found && shape != nil {
			add(name, shape...)
		}
	}
	return h
}

// TestCheckWeights: one difference at a time between a configuration and
// weights; what is no difference, and the cause named where it is one.
func TestCheckWeights(t *testing.T) {
	type changes = map[string][]uint64
	for _, c := range []struct {
		name    string
		config  []string
		weights changes
		want    string // "" for agreement; else words of the error
		says    string // words of the agreement
	}{
		{"equal", nil, nil, "", "the weights hold 1704 parameters, as the configuration gives"},
		{"within 1 %", nil, changes{"model.extra.bias": {17}}, "", "1721 parameters, the configuration gives 1704: +1.00 % apart"},
		{"beyond 1 %", nil, changes{"model.extra.bias": {18}}, "the configuration (llama) gives 1704, the weights in out 1722: +1.06 % apart, expected at most 1 %", ""},
		{"tied, and the head is saved again", []string{"tie_word_embeddings", "true"}, nil, "", "left out: 256 elements of a head that is the input embedding"},
		{"tied, and the head is not saved", []string{"tie_word_embeddings", "true"}, changes{"lm_head.weight": nil}, "", "the weights hold 1448"},
		{"no head, and not tied", nil, changes{"lm_head.weight": nil}, "the weights have no head of their own", ""},
		{"another vocabulary", nil, changes{"model.embed_tokens.weight": {40, 8}, "lm_head.weight": {40, 8}}, "the weights have a vocabulary of 40, the configuration 32", ""},
		{"another width", nil, changes{"model.embed_tokens.weight": {32, 16}}, "the weights are 16 wide, the configuration 8", ""},
		{"more layers", []string{"num_hidden_layers", "1"}, nil, "the weights have 2 layers, the configuration 1", ""},
		{"an adapter", nil, changes{"base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight": {100, 8}}, "the files hold an adapter", ""},
		{"a tower", nil, changes{"vision_tower.encoder.layers.9.mlp.fc1.weight": {100, 8}}, "a vision or audio tower of 800 elements", ""},
		{"prediction modules under their name", nil, changes{"mtp.layers.0.x.weight": {100, 8}}, "", "left out: 800 elements of multi-token-prediction modules"},
		{"packed in a form nobody knows", nil, changes{"model.embed_tokens.weight": {32, 4}, "lm_head.weight": {32, 4}, "model.norm.weight": {4},
			"model.layers.0.mlp.gate_proj.weight": {8, 8}, "model.layers.0.mlp.up_proj.weight": {8, 8}, "model.layers.0.mlp.down_proj.weight": {8, 8}, "model.layers.0.self_attn.q_proj.weight": {4, 8},
			"model.layers.1.mlp.gate_proj.weight": {8, 8}, "model.layers.1.mlp.up_proj.weight": {8, 8}, "model.layers.1.mlp.down_proj.weight": {8, 8}, "model.layers.1.self_attn.q_proj.weight": {4, 8},
			"model.layers.0.self_attn.o_proj.weight": {4, 8}, "model.layers.1.self_attn.o_proj.weight": {4, 8}, "model.layers.0.self_attn.k_proj.weight": {2, 8}, "model.layers.1.self_attn.k_proj.weight": {2, 8},
			"model.layers.0.self_attn.v_proj.weight": {2, 8}, "model.layers.1.self_attn.v_proj.weight": {2, 8}, "model.layers.0.input_layernorm.weight": nil, "model.layers.1.input_layernorm.weight": nil},
			"two 4-bit weights are packed in each element", ""},
	} {
		a := parse(t, with(t, c.config...))
		g, err := a.CheckWeights(weightsOf(t, c.weights), "the weights in out")
		switch {
		case c.want == "" && (err != nil || !strings.Contains(g.String(), c.says)):
			t.Errorf("%s: %q, want %q: %v", c.name, g, c.says, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
		var mismatch *MismatchError
		if err != nil && (!errors.As(err, &mismatch) || mismatch.Configured != a.Parameters().Total || !strings.Contains(err.Error(), "config.json that was saved with the weights")) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// TestCheckWeightsOfExperts: prediction layers lie after the last layer.
func TestCheckWeightsOfExperts(t *testing.T) {
	a := load(t, "exact/deepseek-v3.json")
	total, _ := a.Parameters().Total.Uint64()
	h := tensors.Header{Format: "safetensors", Tensors: []tensors.Tensor{
		{Name: "model.layers.60.mlp.experts.weight", Elements: total, Shape: []uint64{total}, Type: "BF16"},
		{Name: "model.layers.61.eh_proj.weight", Elements: 13_000_000_000, Shape: []uint64{13_000_000_000}, Type: "BF16"},
		{Name: "model.layers.3.mlp.gate.weight_scale_inv", Elements: 99_000_000_000, Shape: []uint64{99_000_000_000}, Type: "F32"},
	}}
	if g, err := a.CheckWeights(h, "x"); err != nil || g.Found != g.Configured {
		t.Errorf("%v %v", g, err)
	}
}

// TestCheckStated: what trainers print as parameters, and what they do not mean.
func TestCheckStated(t *testing.T) {
	gpt := load(t, "exact/gpt2.json")
	moe := load(t, "exact/mixtral-8x7b.json")
	for _, c := range []struct {
		a    Architecture
		n    string
		want string
	}{
		{gpt, "124439808", ""}, {gpt, "124e6", ""}, {gpt, "123653376", ""}, // nanoGPT leaves the position table out
		{gpt, "130e6", "the log 130000000: +4.47 % apart"},
		{moe, "46702792704", ""}, {moe, "12749000000", "of active parameters"}, {moe, "23351396352", "packed 4-bit"}, {gpt, "0", "the log 0"},
	} {
		err := c.a.CheckStated(ops(t, c.n), meter.Ops{}, "the log")
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", c.n, err, c.want)
		}
	}
	if err := gpt.CheckStated(meter.Ops{}, meter.Ops{}, "x"); err == nil {
		t.Error("nothing agrees with anything")
	}
}

// TestSharedEmbedding: what an encoder and a decoder share is saved under up to
// three names, and layers within layers are no layers.
func TestSharedEmbedding(t *testing.T) {
	a := parse(t, []byte(smallT5))
	total, _ := a.Parameters().Total.Uint64()
	tensor := func(name string, n uint64) tensors.Tensor {
		return tensors.Tensor{Name: name, Elements: n, Shape: []uint64{n}, Type: "F32"}
	}
	for _, c := range []struct {
		name string
		list []tensors.Tensor
	}{
		{"under three names", []tensors.Tensor{tensor("shared.weight", 256), tensor("encoder.embed_tokens.weight", 256), tensor("decoder.embed_tokens.weight", 256), tensor("decoder.block.1.layer.2.x.weight", total-256)}},
		{"under one of them", []tensors.Tensor{tensor("encoder.embed_tokens.weight", 256), tensor("decoder.block.1.layer.2.x.weight", total-256)}},
	} {
		if g, err := a.CheckWeights(tensors.Header{Format: "safetensors", Tensors: c.list}, "x"); err != nil || g.Found != g.Configured {
			t.Errorf("%s: %v %v", c.name, g, err)
		}
	}
	if n, found := layerOf("decoder.block.1.layer.2.x.weight"); !found || n != 1 {
		t.Errorf("layer %d", n)
	}
}
