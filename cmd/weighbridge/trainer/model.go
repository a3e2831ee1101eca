package trainer

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// Model is a shape, its characters and its weights.
type Model struct {
	Config     Config
	Vocabulary *Vocabulary
	flat       []float32 // every weight, in the order of Config.tensors
}

// New returns a model with weights drawn from the seed. The vocabulary's size
// must be the shape's.
func New(c Config, v *Vocabulary, seed uint64) (*Model, error) {
	if err := c.check(); err != nil {
		return nil, fmt.Errorf("shaping the model: %w", err)
	}
	if v.Size() != c.Vocabulary {
		return nil, fmt.Errorf("shaping the model: the vocabulary has %d characters, expected vocab_size %d", v.Size(), c.Vocabulary)
	}
	m := &Model{Config: c, Vocabulary: v, flat: make([]float32, c.Parameters())}
	draw := fork(seed, purposeWeights, 0)
	for _, t := range c.tensors() {
		initialize(draw, t, m.flat[t.offset:][:t.elements()], c.Layers)
	}
	return m, nil
}

// initialize draws matrices with a deviation of 1/sqrt(inputs), less where they
// write into the residual stream, which adds up 2*layers of them (Radford et al.
// 2019, section 2.3). A small model trained for seconds starts faster so than at
// the customary 0.02. Norms start at one.
func initialize(draw *random, t tensor, values []float32, layers int) {
	if len(t.shape) == 1 {
		for i := range values {
			values[i] = 1
		}
		return
	}
	deviation := 1 / math.Sqrt(float64(t.shape[1]))
	if strings.HasSuffix(t.name, "o_proj.weight") || strings.HasSuffix(t.name, "down_proj.weight") {
		deviation /= math.Sqrt(float64(2 * layers))
	}
	draw.fill(values, deviation)
}

// tensor is one named array of weights and its place among all of them.
type tensor struct {
	name   string // Hugging Face's
	shape  []int
	offset int // in float32 values
}

func (t tensor) elements() int {
	n := 1
	for _, d := range t.shape {
		n *= d
	}
	return n
}

// tensors lists the arrays of the model by name, bytewise: the order in which
// safetensors lays them out.
func (c Config) tensors() []tensor {
	query, kv := c.Heads*c.HeadDim, c.KVHeads*c.HeadDim
	list := []tensor{
		{name: "model.embed_tokens.weight", shape: []int{c.Vocabulary, c.Hidden}},
		{name: "model.norm.weight", shape: []int{c.Hidden}},
	}
	if !c.Tied {
		list = append(list, tensor{name: "lm_head.weight", shape: []int{c.Vocabulary, c.Hidden}})
	}
	for l := range c.Layers {
		at := fmt.Sprintf("model.layers.%d.", l)
		list = append(list,
			tensor{name: at + "input_layernorm.weight", shape: []int{c.Hidden}},
			tensor{name: at + "self_attn.q_proj.weight", shape: []int{query, c.Hidden}},
			tensor{name: at + "self_attn.k_proj.weight", shape: []int{kv, c.Hidden}},
			tensor{name: at + "self_attn.v_proj.weight", shape: []int{kv, c.Hidden}},
			tensor{name: at + "self_attn.o_proj.weight", shape: []int{c.Hidden, query}},
			tensor{name: at + "post_attention_layernorm.weight", shape: []int{c.Hidden}},
			tensor{name: at + "mlp.gate_proj.weight", shape: []int{c.Intermediate, c.Hidden}},
			tensor{name: at + "mlp.up_proj.weight", shape: []int{c.Intermediate, c.Hidden}},
			tensor{name: at + "mlp.down_proj.weight", shape: []int{c.Hidden, c.Intermediate}},
		)
	}
	slices.SortFunc(list, func(a, b tensor) int { return strings.Compare(a.name, b.name) })
	offset := 0
	for i := range list {
		list[i].offset = offset
		offset += list[i].elements()
	}
	return list
}

// weights gives the parts of a flat array their places in the model: the weights
// themselves, their gradient, or every matrix transposed.
type weights struct {
	embedding matrix
	layers    []layerWeights
	norm      []float32
	head      matrix
}

type layerWeights struct {
	inputNorm, attentionNorm  []float32
	query, key, value, output matrix
	gate, up, down            matrix
}

// bind makes the views of a flat array that is laid out as Config.tensors says.
func bind(c Config, flat []float32) weights {
	vectors, matrices := map[string][]float32{}, map[string]matrix{}
	for _, t := range c.tensors() {
		part := flat[t.offset:][:t.elements()]
		if len(t.shape) == 1 {
			vectors[t.name] = part
			continue
		}
		matrices[t.name] = dense(part, t.shape[0], t.shape[1])
	}
	w := weights{embedding: matrices["model.embed_tokens.weight"], norm: vectors["model.norm.weight"], head: matrices["lm_head.weight"]}
	if c.Tied {
		w.head = w.embedding
	}
	for l := range c.Layers {
		at := fmt.Sprintf("model.layers.%d.", l)
		w.layers = append(w.layers, layerWeights{
			inputNorm: vectors[at+"input_layernorm.weight"], attentionNorm: vectors[at+"post_attention_layernorm.weight"],
			query: matrices[at+"self_attn.q_proj.weight"], key: matrices[at+"self_attn.k_proj.weight"],
			value: matrices[at+"self_attn.v_proj.weight"], output: matrices[at+"self_attn.o_proj.weight"],
			gate: matrices[at+"mlp.gate_proj.weight"], up: matrices[at+"mlp.up_proj.weight"], down: matrices[at+"mlp.down_proj.weight"],
		})
	}
	return w
}

// flipped holds the transpose of every matrix, which the forward pass multiplies
// with; it is made anew after each change of the weights.
type flipped struct {
	layers []layerWeights // norms left out
	head   matrix
}

func newFlipped(c Config) *flipped {
	of := func(m matrix) matrix { return newMatrix(m.cols, m.rows) }
	w := bind(c, make([]float32, c.Parameters()))
	f := &flipped{head: of(w.head)}
	for _, l := range w.layers {
		f.layers = append(f.layers, layerWeights{
			query: of(l.query), key: of(l.key), value: of(l.value), output: of(l.output), gate: of(l.gate), up: of(l.up), down: of(l.down),
		})
	}
	return f
}

func (f *flipped) update(w weights) {
	transpose(f.head, w.head)
	for i, l := range w.layers {
		into := f.layers[i]
		transpose(into.query, l.query)
		transpose(into.key, l.key)
		transpose(into.value, l.value)
		transpose(into.output, l.output)
		transpose(into.gate, l.gate)
		transpose(into.up, l.up)
		transpose(into.down, l.down)
	}
}
