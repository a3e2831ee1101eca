package trainer

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
)

// Config is the shape of a model, in the terms of Hugging Face's llama
// architecture. Every field is required.
type Config struct {
	Vocabulary   int     // number of characters
	Hidden       int     // width of the residual stream
	Intermediate int     // width of the SwiGLU MLP
	Layers       int     // number of decoder layers
	Heads        int     // query heads
	KVHeads      int     // key and value heads; divides Heads
	HeadDim      int     // width of a head, even
	Context      int     // longest sequence, in tokens
	RopeTheta    float64 // base of the rotary frequencies
	NormEpsilon  float64 // added to the mean square in RMSNorm
	Tied         bool    // the head is the embedding
}

// Demo is the shape that train-demo trains: about 150 000 parameters.
func Demo(vocabulary int) Config {
	return Config{
		Vocabulary: vocabulary, Hidden: 64, Intermediate: 176, Layers: 3, Heads: 4, KVHeads: 2, HeadDim: 16,
		Context: 64, RopeTheta: 10000, NormEpsilon: 1e-5,
	}
}

// The largest shape that is read or trained. They bound what a file can make
// this program allocate; the demo's shape is far below.
const (
	maxWidth      = 1024
	maxLayers     = 32
	maxHeads      = 64
	maxParameters = 1 << 24
)

// check says what is wrong with the shape.
func (c Config) check() error {
	limits := []struct {
		name       string
		value, max int
	}{
		{"vocab_size", c.Vocabulary, maxVocabulary}, {"hidden_size", c.Hidden, maxWidth}, {"intermediate_size", c.Intermediate, 4 * maxWidth},
		{"num_hidden_layers", c.Layers, maxLayers}, {"num_attention_heads", c.Heads, maxHeads}, {"num_key_value_heads", c.KVHeads, maxHeads},
		{"head_dim", c.HeadDim, maxWidth}, {"max_position_embeddings", c.Context, maxWidth},
	}
	for _, l := range limits {
		if l.value < 1 || l.value > l.max {
			return fmt.Errorf("%s is %d, expected 1 to %d", l.name, l.value, l.max)
		}
	}
	switch {
	case c.Heads%c.KVHeads != 0:
		return fmt.Errorf("num_key_value_heads %d does not divide num_attention_heads %d", c.KVHeads, c.Heads)
	case c.HeadDim%2 != 0:
		return fmt.Errorf("head_dim is %d, expected an even number: rotary embedding turns pairs", c.HeadDim)
	case c.Vocabulary < 2:
		return errors.New("vocab_size is 1, expected at least 2: there would be nothing to predict")
	case c.Context < 2:
		return errors.New("max_position_embeddings is 1, expected at least 2: there would be nothing to attend to")
	case !(c.RopeTheta >= 1 && c.RopeTheta <= 1e9):
		return fmt.Errorf("rope_theta is %v, expected 1 to 1e9", c.RopeTheta)
	case !(c.NormEpsilon > 0 && c.NormEpsilon <= 0.1):
		return fmt.Errorf("rms_norm_eps is %v, expected above 0, up to 0.1", c.NormEpsilon)
	case c.Parameters() > maxParameters:
		return fmt.Errorf("the model has %d parameters, expected at most %d", c.Parameters(), maxParameters)
	}
	return nil
}

// Parameters is the number of weights of the model, norms and embedding included.
func (c Config) Parameters() int {
	total := 0
	for _, t := range c.tensors() {
		total += t.elements()
	}
	return total
}

// configFile is config.json as transformers' LlamaConfig reads it, every field
// that bears on the computation stated.
type configFile struct {
	Architectures    []string `json:"architectures"`
	AttentionBias    bool     `json:"attention_bias"`
	AttentionDropout float64  `json:"attention_dropout"`
	BOS              *int     `json:"bos_token_id"`
	EOS              *int     `json:"eos_token_id"`
	HeadDim          int      `json:"head_dim"`
	Activation       string   `json:"hidden_act"`
	Hidden           int      `json:"hidden_size"`
	Intermediate     int      `json:"intermediate_size"`
	Context          int      `json:"max_position_embeddings"`
	MLPBias          bool     `json:"mlp_bias"`
	ModelType        string   `json:"model_type"`
	Heads            int      `json:"num_attention_heads"`
	Layers           int      `json:"num_hidden_layers"`
	KVHeads          int      `json:"num_key_value_heads"`
	NormEpsilon      float64  `json:"rms_norm_eps"`
	RopeScaling      *string  `json:"rope_scaling"`
	RopeTheta        float64  `json:"rope_theta"`
	Tied             bool     `json:"tie_word_embeddings"`
	Type             string   `json:"torch_dtype"`
	UseCache         bool     `json:"use_cache"`
	Vocabulary       int      `json:"vocab_size"`
}

// Encode returns the one config.json of the shape, as Write stores it.
func (c Config) Encode() ([]byte, error) {
	data, err := json.MarshalIndent(configFile{
		Architectures: []string{"LlamaForCausalLM"}, HeadDim: c.HeadDim, Activation: "silu", Hidden: c.Hidden, Intermediate: c.Intermediate,
		Context: c.Context, ModelType: "llama", Heads: c.Heads, Layers: c.Layers, KVHeads: c.KVHeads, NormEpsilon: c.NormEpsilon,
		RopeTheta: c.RopeTheta, Tied: c.Tied, Type: "float32", UseCache: true, Vocabulary: c.Vocabulary,
	}, "", "  ")
	return append(data, '\n'), err
}

// parseConfig reads exactly what Encode writes, and nothing else: a setting
// that this trainer does not know would make another model.
func parseConfig(data []byte) (Config, error) {
	var f configFile
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&f); err != nil {
		return Config{}, fmt.Errorf("not a config.json of this trainer: %w", err)
	}
	c := Config{
		Vocabulary: f.Vocabulary, Hidden: f.Hidden, Intermediate: f.Intermediate, Layers: f.Layers, Heads: f.Heads, KVHeads: f.KVHeads,
		HeadDim: f.HeadDim, Context: f.Context, RopeTheta: f.RopeTheta, NormEpsilon: f.NormEpsilon, Tied: f.Tied,
	}
	if f.ModelType != "llama" || f.Type != "float32" {
		return Config{}, fmt.Errorf("model_type %q with torch_dtype %q, expected llama with float32", f.ModelType, f.Type)
	}
	if err := c.check(); err != nil {
		return Config{}, err
	}
	return c, sameBytes(data, c.Encode)
}

// sameBytes refuses a file that reads well but is not the one encoding of what
// it says: a setting changed, a key twice or in another case, bytes after the end.
func sameBytes(found []byte, encode func() ([]byte, error)) error {
	expected, err := encode()
	if err != nil {
		return err
	}
	at := 0
	for at < min(len(found), len(expected)) && found[at] == expected[at] {
		at++
	}
	if at == len(found) && at == len(expected) {
		return nil
	}
	return fmt.Errorf("byte %d differs from what this trainer writes: found %q, expected %q", at, excerpt(found, at), excerpt(expected, at))
}

func excerpt(data []byte, at int) string {
	return string(data[min(at, len(data)):min(at+24, len(data))])
}

// scoreScale is what attention scores are multiplied with, 1/sqrt(d).
func (c Config) scoreScale() float32 { return float32(1 / math.Sqrt(float64(c.HeadDim))) }
