package estimate

import "github.com/weighbridge/weighbridge/meter"

// dense is the shape of a dense decoder-only transformer: what a family's file
// fills in. Widths are in numbers, not bytes.
type dense struct {
	names names // what the family's configuration calls its sizes

	hidden, layers          uint64 // h, L
	heads, keyHeads         uint64 // a, k
	headWidth               uint64 // d, taken from the configuration, never h/a where it states one
	feedForward, vocabulary uint64 // f, V
	context                 uint64
	gated                   bool // three matrices in the feed-forward part instead of two
	tied                    bool // the head is the input embedding

	positions uint64 // rows of a learned position table
	windows   []span // by kinds of layers; empty: every layer sees all keys before it

	norm        norm
	layerNorms  uint64 // norms of width h in a layer
	otherNorms  uint64 // norms of width h outside the layers
	queryNorm   uint64 // parameters of the norm on queries, per layer
	keyNorm     uint64 // the same on keys
	activations uint64 // trained parameters of the activation function, per layer

	queryBias, outputBias, feedBias, headBias bool // queryBias: on keys and values too
}

// norm is the parameters of a norm per unit of width.
type norm uint64

const (
	bare       norm = 0 // no parameters
	scaleOnly  norm = 1 // RMSNorm, or LayerNorm without bias
	scaleShift norm = 2 // LayerNorm
)

// span is a number of layers with one window; 0: all keys.
type span struct{ layers, window uint64 }

// queries and keys are the widths q = a*d and kv = k*d.
func (d dense) queries() uint64 { return d.heads * d.headWidth }
func (d dense) keys() uint64    { return d.keyHeads * d.headWidth }

// architecture turns the shape into the table.
func (d dense) architecture(family string) Architecture {
	var s sum
	a := Architecture{family: family, layers: d.layers, context: d.context, learned: d.positions != 0}
	a.products = append(d.attention(), append(d.feed(), Product{"head", d.hidden, d.vocabulary, 1, TrainingPasses})...)
	a.cores = d.attentionCores()
	if !d.tied {
		a.embedding = s.mul(d.vocabulary, d.hidden)
	}
	a.positions = s.mul(d.positions, d.hidden)
	a.norms = d.normParameters(&s)
	a.biases = d.biasParameters(&s)
	a.other = s.mul(d.activations, d.layers)
	a.heads = d.heads
	return a
}

func (d dense) attention() []Product {
	return []Product{
		{"attention.query", d.hidden, d.queries(), d.layers, TrainingPasses},
		{"attention.key", d.hidden, d.keys(), d.layers, TrainingPasses},
		{"attention.value", d.hidden, d.keys(), d.layers, TrainingPasses},
		{"attention.output", d.queries(), d.hidden, d.layers, TrainingPasses},
	}
}

func (d dense) feed() []Product {
	up := Product{"mlp.up", d.hidden, d.feedForward, d.layers, TrainingPasses}
	down := Product{"mlp.down", d.feedForward, d.hidden, d.layers, TrainingPasses}
	if !d.gated {
		return []Product{up, down}
	}
	return []Product{{"mlp.gate", d.hidden, d.feedForward, d.layers, TrainingPasses}, up, down}
}

func (d dense) attentionCores() []Core {
	spans := d.windows
	if len(spans) == 0 {
		spans = []span{{layers: d.layers}}
	}
	var cores []Core
	for _, sp := range spans {
		if sp.layers != 0 {
			cores = append(cores, Core{sp.layers, d.queries(), d.queries(), sp.window, TrainingPasses})
		}
	}
	return cores
}

func (d dense) normParameters(s *sum) meter.Ops {
	inLayers := s.mul(d.layerNorms, uint64(d.norm), d.hidden, d.layers)
	outside := s.mul(d.otherNorms, uint64(d.norm), d.hidden)
	return s.add(inLayers, outside, s.mul(d.queryNorm+d.keyNorm, d.layers))
}

func (d dense) biasParameters(s *sum) meter.Ops {
	var perLayer, outside uint64
	if d.queryBias {
		perLayer += d.queries() + 2*d.keys()
	}
	if d.outputBias {
		perLayer += d.hidden
	}
	if d.feedBias {
		perLayer += d.feedForward + d.hidden
		if d.gated {
			perLayer += d.feedForward
		}
	}
	if d.headBias {
		outside = d.vocabulary
	}
	return s.add(s.mul(perLayer, d.layers), meter.NewOps(outside))
}

// check refuses shapes that cannot be, naming the fields as this family's
// configuration spells them.
func (d dense) check(c *config) {
	n := d.names
	if c.err() != nil {
		return
	}
	if d.heads*d.headWidth > maxQueries {
		c.problem(n.heads, "%d heads of %d: expected at most %d together", d.heads, d.headWidth, maxQueries)
	}
	if d.keyHeads > d.heads || d.heads%d.keyHeads != 0 {
		c.problem(n.keyHeads, "found %d, expected a divisor of %s %d", d.keyHeads, n.heads, d.heads)
	}
	var layers uint64
	for _, sp := range d.windows {
		layers += sp.layers
	}
	if len(d.windows) != 0 && layers != d.layers {
		c.problem("layer_types", "kinds of %d layers, expected %d as in %s", layers, d.layers, n.layers)
	}
}
