package estimate

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// family is one model_type: its name and how its configuration is read. A new
// family is a file with one function and a line in families.
type family struct {
	name  string
	read  func(*config) stack
	has   parts
	heads string // endings of the class names that have the head counted here; "": a language model's
}

// families lists what is read, in alphabetical order. Each function follows the
// class of that name in Hugging Face transformers: its parameters, its defaults
// for fields that published files leave out.
func families() []family {
	return []family{
		{name: "apertus", read: apertus},
		{name: "arcee", read: arcee},
		{name: "bamba", read: bamba, has: withRecurrence},
		{name: "bart", read: bart, has: withEncoder},
		{name: "bert", read: bert, has: withEncoder, heads: "ForMaskedLM"},
		{name: "bloom", read: bloom},
		{name: "cohere", read: cohere},
		{name: "cohere2", read: cohere2},
		{name: "dbrx", read: dbrx, has: withExperts},
		{name: "deepseek_v2", read: deepseekV2, has: withExperts | withLowRank},
		{name: "deepseek_v3", read: deepseekV3, has: withExperts | withLowRank | withPrediction},
		{name: "dots1", read: dots1, has: withExperts},
		{name: "ernie4_5", read: ernie45},
		{name: "ernie4_5_moe", read: ernie45Moe, has: withExperts},
		{name: "exaone4", read: exaone4},
		{name: "falcon", read: falcon},
		{name: "falcon_h1", read: falconH1, has: withRecurrence},
		{name: "gemma", read: gemma},
		{name: "gemma2", read: gemma2},
		{name: "gemma3", read: gemma3, has: withTower},
		{name: "gemma3_text", read: gemma3Text},
		{name: "glm4", read: glm4},
		{name: "glm4_moe", read: glm4Moe, has: withExperts | withPrediction},
		{name: "glm4_moe_lite", read: glm4MoeLite, has: withExperts | withLowRank | withPrediction},
		{name: "gpt2", read: gpt2},
		{name: "gpt_bigcode", read: gptBigCode},
		{name: "gpt_neox", read: gptNeoX},
		{name: "gpt_oss", read: gptOSS, has: withExperts},
		{name: "gptj", read: gptJ},
		{name: "granite", read: granite},
		{name: "granitemoe", read: graniteMoe, has: withExperts},
		{name: "granitemoehybrid", read: graniteMoeHybrid, has: withRecurrence | withExperts},
		{name: "granitemoeshared", read: graniteMoeShared, has: withExperts},
		{name: "hunyuan_v1_dense", read: hunyuanDense},
		{name: "hunyuan_v1_moe", read: hunyuanMoe, has: withExperts},
		{name: "kimi_k2", read: deepseekV3, has: withExperts | withLowRank | withPrediction},
		{name: "llama", read: llama},
		{name: "llama4_text", read: llama4Text, has: withExperts | withChunks},
		{name: "llava", read: llava, has: withTower},
		{name: "mamba2", read: mamba2, has: withRecurrence},
		{name: "minimax_m2", read: minimaxM2, has: withExperts},
		{name: "mistral", read: mistral},
		{name: "mixtral", read: mixtral, has: withExperts},
		{name: "mpt", read: mpt},
		{name: "mt5", read: mt5, has: withEncoder},
		{name: "nemotron", read: nemotron},
		{name: "nemotron_h", read: nemotronH, has: withRecurrence | withExperts},
		{name: "olmo", read: olmo},
		{name: "olmo2", read: olmo2},
		{name: "olmo3", read: olmo3},
		{name: "olmoe", read: olmoe, has: withExperts},
		{name: "opt", read: opt},
		{name: "phi", read: phi},
		{name: "phi3", read: phi3},
		{name: "phimoe", read: phimoe, has: withExperts},
		{name: "qwen2", read: qwen2},
		{name: "qwen2_5_vl", read: qwen25VL, has: withTower},
		{name: "qwen2_moe", read: qwen2Moe, has: withExperts},
		{name: "qwen2_vl", read: qwen2VL, has: withTower},
		{name: "qwen3", read: qwen3},
		{name: "qwen3_moe", read: qwen3Moe, has: withExperts},
		{name: "qwen3_next", read: qwen3Next, has: withExperts | withRecurrence},
		{name: "roberta", read: bert, has: withEncoder, heads: "ForMaskedLM"},
		{name: "seed_oss", read: seedOSS},
		{name: "smollm3", read: smolLM3},
		{name: "stablelm", read: stableLM},
		{name: "starcoder2", read: starCoder2},
		{name: "t5", read: t5, has: withEncoder},
		{name: "whisper", read: whisper, has: withEncoder},
		{name: "xlm-roberta", read: bert, has: withEncoder, heads: "ForMaskedLM"},
		{name: "zamba2", read: zamba2, has: withRecurrence},
	}
}

// Families returns the model types that [ParseConfig] reads, sorted.
func Families() []string {
	var list []string
	for _, f := range families() {
		list = append(list, f.name)
	}
	return list
}

// ParseConfig reads a model's shape from its Hugging Face config.json. An
// unknown model_type is refused with the list of those that are known; every
// field that is missing, out of range or says that the model is of another kind
// is named in the error, which joins them all.
func ParseConfig(data []byte) (Architecture, error) {
	c, err := readConfig(data)
	if err != nil {
		return Architecture{}, err
	}
	name := c.word("model_type")
	if err := c.err(); err != nil {
		return Architecture{}, fmt.Errorf("%w: one of %s", err, strings.Join(Families(), ", "))
	}
	for _, f := range families() {
		if f.name == name {
			c.refuseOtherKinds(f)
			d := f.read(c)
			d.check(c)
			if err := c.err(); err != nil {
				return Architecture{}, err
			}
			return d.architecture(f.name), nil
		}
	}
	return Architecture{}, &UnknownFamilyError{ModelType: name, Known: c.known()}
}

// UnknownFamilyError reports a model type whose layers are not known here, so
// that no count can be given.
type UnknownFamilyError struct {
	ModelType string
	Known     []string // sizes that the file states, as in "hidden_size 4096"
}

func (e *UnknownFamilyError) Error() string {
	known := "the file states no size that others have"
	if len(e.Known) > 0 {
		known = "known from the file: " + strings.Join(e.Known, ", ")
	}
	return fmt.Sprintf("config: model_type %q is not known: %s; missing is which matrices, norms and biases its layers have. "+
		"Give --operations with the number itself, or --architecture with a config.json of a known type that has the same matrices. Known types: %s",
		clip(e.ModelType), known, strings.Join(Families(), ", "))
}

// known lists the sizes that the file states under the usual names, and those of
// parts that a dense decoder has not.
func (c *config) known() []string {
	var list []string
	fields := "hidden_size d_model n_embd num_hidden_layers n_layer num_attention_heads num_key_value_heads head_dim intermediate_size vocab_size max_position_embeddings"
	for _, kind := range otherKinds() {
		fields += " " + kind.fields
	}
	for name := range strings.FieldsSeq(fields) {
		text, found := c.stated(name)
		if _, err := strconv.ParseUint(text, 10, 64); found && err == nil && text != "0" {
			list = append(list, name+" "+text)
		}
	}
	return list
}

// names is what a family calls its fields.
type names struct {
	hidden, layers, heads, keyHeads, headWidth, feedForward, vocabulary, context string
}

// usual are the names that most families share.
func usual() names {
	return names{
		"hidden_size", "num_hidden_layers", "num_attention_heads", "num_key_value_heads", "head_dim",
		"intermediate_size", "vocab_size", "max_position_embeddings",
	}
}

// withoutGroups takes out the fields that a class without groups of key heads
// does not read.
func (n names) withoutGroups() names {
	n.keyHeads, n.headWidth = "", ""
	return n
}

// sizes reads what every family has, and leaves the rest to it. A head's width
// is the configuration's own where it states one, else h/a; key heads default to
// all heads; a family whose class has another default requires the field.
func (c *config) sizes(n names) stack {
	d := stack{
		hidden: c.size(n.hidden, maxWidth), layers: c.size(n.layers, maxLayers), heads: c.size(n.heads, maxHeads),
		vocabulary: c.size(n.vocabulary, maxWide), otherNorms: 1,
	}
	if n.context != "" {
		d.context = c.size(n.context, MaxSequence)
	}
	if n.feedForward != "" {
		d.feedForward = c.size(n.feedForward, maxWide)
	}
	d.keyHeads = d.heads
	if n.keyHeads != "" {
		d.keyHeads = c.sizeOr(n.keyHeads, d.heads, maxHeads)
	}
	if n.headWidth != "" {
		d.headWidth = c.sizeOr(n.headWidth, 0, maxWidth)
	}
	if d.headWidth == 0 && d.heads != 0 {
		d.headWidth = d.hidden / d.heads
		if d.hidden%d.heads != 0 {
			c.problem(n.heads, "found %d, which does not divide %s %d: expected the width of a head to be stated, or a divisor", d.heads, n.hidden, d.hidden)
		}
	}
	d.names, d.attending, d.feeding = n, d.layers, d.layers
	return d
}

// require makes fields without which the family's class would take a default of
// its own, that published files never leave out, part of the configuration.
func (c *config) require(fields ...string) {
	for _, name := range fields {
		if _, found := c.stated(name); !found {
			c.problem(name, "missing: expected as the model was published with it")
		}
	}
}

// alike replaces a list of one number per layer by that number.
func (c *config) alike(fields ...string) {
	for _, name := range fields {
		text, found := c.stated(name)
		if !found || !strings.HasPrefix(text, "[") {
			continue
		}
		list, _ := c.numbers(name, maxWide)
		if len(list) == 0 || slices.Min(list) != slices.Max(list) {
			c.problem(name, "found %s, expected one number or a list of equal ones", clip(text))
			continue
		}
		c.fields[name] = json.RawMessage(strconv.FormatUint(list[0], 10))
	}
}

// allLayers checks that the kinds of layers are as many as there are layers.
func (c *config) allLayers(d stack, kinds uint64) {
	if kinds != d.layers {
		c.problem("layer_types", "kinds of %d layers, expected %d as in %s", kinds, d.layers, d.names.layers)
	}
}
