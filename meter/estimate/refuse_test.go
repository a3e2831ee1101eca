package estimate

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/weighbridge/weighbridge/meter"
)

// TestRefusals changes one thing in a good configuration; each is refused with
// words that name the field and say what is expected.
func TestRefusals(t *testing.T) {
	raw := func(old, with string) []byte {
		bad := strings.Replace(small, old, with, 1)
		if bad == small {
			t.Fatalf("%q is not in the configuration", old)
		}
		return []byte(bad)
	}
	for _, c := range []struct {
		name   string
		config []byte
		want   []string
	}{
		{"empty", nil, []string{"the text ends early", "config.json"}},
		{"truncated", []byte(small[:60]), []string{"config"}},
		{"array", []byte(`[1]`), []string{"expected an object"}},
		{"null", []byte(`null`), []string{"expected an object"}},
		{"trailing bytes", []byte(small + "{}"), []string{"trailing bytes"}},
		{"trailing word", []byte(small + "x"), []string{"trailing bytes"}},
		{"not UTF-8", raw("llama", "ll\xffma"), []string{"not UTF-8"}},
		{"too large", []byte(strings.Replace(small, "{", "{"+strings.Repeat(" ", maxConfigBytes), 1)), []string{"expected at most 1048576"}},
		{"deep", with(t, "x", strings.Repeat("[", 40)+strings.Repeat("]", 40)), []string{"x", "nested deeper than 32"}},
		{"duplicate key", raw(`"hidden_size":8`, `"hidden_size":8,"hidden_size":16`), []string{"hidden_size: the key stands twice"}},
		{"duplicate key, escaped", raw(`"hidden_size":8`, `"hidden_size":8,"hidden\u005fsize":8`), []string{"hidden_size: the key stands twice"}},
		{"duplicate key, nested", with(t, "rope_scaling", `{"a":{"factor":1,"factor":2}}`), []string{"rope_scaling.a.factor: the key stands twice"}},
		{"key in another case", raw(`"hidden_size"`, `"Hidden_Size"`), []string{"hidden_size: missing"}},
		{"no type", with(t, "model_type", ""), []string{"model_type: missing", "llama"}},
		{"type null", with(t, "model_type", "null"), []string{"model_type: missing"}},
		{"type a number", with(t, "model_type", "1"), []string{"model_type: found 1, expected a string"}},
		{"unknown type", with(t, "model_type", `"perceiver"`), []string{`model_type "perceiver" is not known`, "llama, llama4_text, ", "missing is which matrices", "known from the file: hidden_size 8, num_hidden_layers 2, num_attention_heads 4, num_key_value_heads 2, intermediate_size 16, vocab_size 32", "--operations"}},
		{"missing size", with(t, "intermediate_size", ""), []string{"intermediate_size: missing: expected a whole number from 1 to 16777216"}},
		{"two missing sizes", with(t, "intermediate_size", "", "vocab_size", ""), []string{"intermediate_size: missing", "vocab_size: missing"}},
		{"missing length", with(t, "max_position_embeddings", ""), []string{"max_position_embeddings: missing"}},
		{"zero", with(t, "num_hidden_layers", "0"), []string{"num_hidden_layers: found 0, expected a whole number from 1 to 10000"}},
		{"negative", with(t, "hidden_size", "-8"), []string{"hidden_size: found -8"}},
		{"a thousand million layers", with(t, "num_hidden_layers", "1000000000"), []string{"num_hidden_layers: found 1000000000"}},
		{"above 64 bits", with(t, "vocab_size", "18446744073709551616"), []string{"vocab_size: found 18446744073709551616"}},
		{"fraction", with(t, "hidden_size", "8.5"), []string{"hidden_size: found 8.5"}},
		{"whole but written as a fraction", with(t, "hidden_size", "8.0"), []string{"hidden_size: found 8.0"}},
		{"exponent", with(t, "hidden_size", "8e0"), []string{"hidden_size: found 8e0"}},
		{"size in quotes", with(t, "hidden_size", `"8"`), []string{"hidden_size: found \"8\""}},
		{"size a list", with(t, "intermediate_size", `[16,16]`), []string{"intermediate_size: found [16,16]"}},
		{"size null", with(t, "hidden_size", "null"), []string{"hidden_size: missing"}},
		{"heads do not divide", with(t, "num_attention_heads", "3"), []string{"num_attention_heads: found 3, which does not divide hidden_size 8"}},
		{"key heads do not divide", with(t, "num_key_value_heads", "3"), []string{"num_key_value_heads: found 3, expected a divisor of num_attention_heads 4"}},
		{"more key heads than heads", with(t, "num_key_value_heads", "8"), []string{"num_key_value_heads: found 8"}},
		{"heads times width too large", with(t, "num_attention_heads", "65536", "num_key_value_heads", "1", "head_dim", "1048576"), []string{"num_attention_heads: 65536 heads of 1048576"}},
		{"flag a word", with(t, "tie_word_embeddings", `"yes"`), []string{`tie_word_embeddings: found "yes", expected true or false`}},
		{"experts", with(t, "num_local_experts", "8"), []string{"num_local_experts: found 8", "experts"}},
		{"experts per token", with(t, "num_experts_per_tok", "2"), []string{"num_experts_per_tok"}},
		{"low-rank attention", with(t, "kv_lora_rank", "512"), []string{"kv_lora_rank", "low rank"}},
		{"prediction layers", with(t, "num_nextn_predict_layers", "1"), []string{"num_nextn_predict_layers"}},
		{"vision tower", with(t, "vision_config", `{"hidden_size":1}`), []string{"vision_config", "another tower"}},
		{"encoder", with(t, "is_encoder_decoder", "true"), []string{"is_encoder_decoder"}},
		{"pruned heads", with(t, "pruned_heads", `{"0":[1]}`), []string{"pruned_heads"}},
		{"another head", with(t, "architectures", `["LlamaForSequenceClassification"]`), []string{"architectures", "LlamaForSequenceClassification", "ForCausalLM"}},
		{"architectures no list", with(t, "architectures", `"LlamaForCausalLM"`), []string{"architectures", "list of strings"}},
		{"head width left out of a family that has its own", with(t, "model_type", `"qwen3"`), []string{"head_dim: missing: expected as the model was published with it"}},
		{"key heads left out of such a family", with(t, "model_type", `"mistral"`, "num_key_value_heads", ""), []string{"num_key_value_heads: missing"}},
		{"window zero", with(t, "model_type", `"mistral"`, "sliding_window", "0"), []string{"sliding_window: found 0"}},
		{"window left out", with(t, "model_type", `"gemma2"`, "head_dim", "2"), []string{"sliding_window: missing"}},
		{"kinds of too few layers", with(t, "model_type", `"olmo3"`, "sliding_window", "4", "layer_types", `["full_attention"]`), []string{"layer_types: kinds of 1 layers, expected 2 as in num_hidden_layers"}},
		{"unknown kind of layer", with(t, "model_type", `"olmo3"`, "sliding_window", "4", "layer_types", `["full_attention","linear_attention"]`), []string{`layer_types: found "linear_attention"`}},
		{"opt with a narrow embedding", with(t, "model_type", `"opt"`, "ffn_dim", "16", "word_embed_proj_dim", "4"), []string{"word_embed_proj_dim: found 4"}},
		{"mpt without ALiBi", []byte(`{"model_type":"mpt","d_model":8,"n_layers":1,"n_heads":2,"vocab_size":4,"max_seq_len":4,"attn_config":{"alibi":false}}`), []string{"attn_config.alibi: found false"}},
		{"mpt with grouped heads", []byte(`{"model_type":"mpt","d_model":8,"n_layers":1,"n_heads":2,"vocab_size":4,"max_seq_len":4,"attn_config":{"attn_type":"grouped_query_attention"}}`), []string{"attn_config.attn_type"}},
		{"mpt with a broken part", []byte(`{"model_type":"mpt","d_model":8,"n_layers":1,"n_heads":2,"vocab_size":4,"max_seq_len":4,"attn_config":[]}`), []string{"attn_config: found [], expected an object"}},
	} {
		a, err := ParseConfig(c.config)
		if err == nil {
			t.Errorf("%s: accepted as %v", c.name, a)
			continue
		}
		for _, want := range c.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v, want one that says %q", c.name, err, want)
			}
		}
	}
	var unknown *UnknownFamilyError
	if _, err := ParseConfig(with(t, "model_type", `"rwkv"`)); !errors.As(err, &unknown) || unknown.ModelType != "rwkv" {
		t.Errorf("%v", err)
	}
}

// TestForeignFieldsAreIgnored: the format is not ours and grows; what says
// "none" is none.
func TestForeignFieldsAreIgnored(t *testing.T) {
	a := parse(t, with(t, "rope_scaling", `{"factor":8.0}`, "torch_dtype", `"bfloat16"`, "num_experts", "0", "num_local_experts", "null", "is_encoder_decoder", "false",
		"pruned_heads", "{}", "architectures", `["LlamaForCausalLM"]`, "quantization_config", `{"bits":4}`, "some_new_field", "[1,2]"))
	if want := parse(t, []byte(small)).Parameters(); a.Parameters() != want {
		t.Errorf("%v, want %v", a.Parameters(), want)
	}
}

// TestFamiliesAreSorted: the list is printed in errors.
func TestFamiliesAreSorted(t *testing.T) {
	if list := Families(); !slices.IsSorted(list) || len(list) < 20 || len(slices.Compact(slices.Clone(list))) != len(list) {
		t.Error(list)
	}
}

// TestTablesAreCopies: an architecture does not change under its user.
func TestTablesAreCopies(t *testing.T) {
	a := parse(t, []byte(small))
	a.Products()[0].In = 1
	a.Cores()[0].Layers = 99
	if want := parse(t, []byte(small)); a.Parameters() != want.Parameters() || a.Cores()[0] != want.Cores()[0] {
		t.Error("a table that was handed out is the architecture's own")
	}
}

// FuzzParseConfig: no input panics; what is accepted has a whole, consistent
// table and counts that neither overflow nor decrease.
func FuzzParseConfig(f *testing.F) {
	f.Add([]byte(small))
	files, err := filepath.Glob("testdata/exact/*.json")
	if err != nil || len(files) == 0 {
		f.Fatalf("no seeds: %v", err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		a, err := ParseConfig(data)
		if err != nil {
			if err.Error() == "" || len(a.Products()) != 0 {
				t.Fatalf("refused with %q and %v", err, a)
			}
			return
		}
		p := a.Parameters()
		if p.Total.Cmp(p.Active) < 0 || p.Active.IsZero() || p.Weights.IsZero() || a.ContextLength() == 0 {
			t.Fatalf("%+v", p)
		}
		none := &Stretch{Sequence: 9}
		unstated, err := a.Count(Work{Tokens: meter.NewOps(1), Source: none, Images: none})
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range []uint64{1, a.ContextLength()} {
			c, err := a.Count(Work{Tokens: meter.NewOps(1), Sequence: s, Source: none, Images: none})
			if err != nil || c.Operations.Low.Cmp(unstated.Operations.Low) < 0 || c.Operations.Low.Cmp(unstated.Operations.High.Ops) > 0 {
				t.Fatalf("at %d: %+v outside %+v: %v", s, c, unstated, err)
			}
		}
	})
}

// FuzzParseSchedule: no input panics, and what is accepted divides its own
// tokens without a rest.
func FuzzParseSchedule(f *testing.F) {
	f.Add("8192")
	f.Add("2048:1e12,8192:5e10")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := ParseSchedule(text)
		if err != nil {
			return
		}
		var sum, again sumOf
		for _, part := range s.stretches {
			sum.add(part.Tokens)
		}
		if sum.failed {
			return
		}
		parts, err := s.Stretches(sum.total)
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		for _, part := range parts {
			again.add(part.Tokens)
		}
		if again != sum {
			t.Fatalf("%q: %v of %v", text, again, sum)
		}
	})
}

type sumOf struct {
	total  meter.Ops
	failed bool
}

func (s *sumOf) add(o meter.Ops) {
	total, err := s.total.Add(o)
	s.total, s.failed = total, s.failed || err != nil
}
