package estimate

import (
	"strings"

	"github.com/weighbridge/weighbridge/meter"
)

// stack is the shape of one stack of layers: what a family's file fills in. A
// decoder is one stack with a vocabulary; an encoder or a vision tower is
// another beside it. Widths are in numbers, not bytes.
type stack struct {
	names  names  // what the family's configuration calls its sizes
	part   string // prefix of the products' names: "", "encoder.", "vision."
	stream Stream
	times  uint64 // positions of the stack for each token of the stream; 0: 1
	full   bool   // a position attends to all of its sequence, not only to what is before it

	hidden, layers, heads, keyHeads uint64 // h, L, a, k
	headWidth                       uint64 // d, taken from the configuration, never h/a where it states one
	feedForward, vocabulary         uint64 // f, V
	context                         uint64
	attending, feeding              uint64 // layers with attention, layers with a dense feed-forward part; both L unless a family says otherwise
	gated                           bool   // three matrices in the feed-forward part instead of two
	tied                            bool   // the head is the input embedding

	experts    *experts
	lowRank    *lowRank
	mamba      *mamba
	delta      *delta
	prediction uint64 // multi-token-prediction modules

	queryGate bool   // a gate on the attention's output, made by a product as wide as the queries (qwen3_next)
	cross     bool   // each layer also attends to an encoder
	source    uint64 // width of what it attends to there

	positions uint64 // rows of a learned position table, of types of segments and the like
	windows   []span // by kinds of layers; empty: every layer sees all keys before it

	norm        norm
	layerNorms  uint64 // norms of width h in a layer
	otherNorms  uint64 // norms of width h outside the layers
	queryNorm   uint64 // parameters of the norm on queries, per layer with attention
	keyNorm     uint64 // the same on keys
	sinks       bool   // one trained number per head that takes part in the softmax
	activations uint64 // trained parameters of the activation function, per layer

	queryBias, outputBias, feedBias, headBias bool // queryBias: on keys and values too
	noKeyBias                                 bool // queryBias leaves keys out (whisper)

	extra       []Product // products that are not of a layer
	extraCores  []Core    // cores of those
	loose       uint64    // parameters of those that are not in a product
	beside      []stack   // other stacks of the same model
	imageLength uint64    // image tokens of one image, where the configuration fixes them

	sourceLength uint64 // source tokens of one sequence, where the configuration fixes them
}

// norm is the parameters of a norm per unit of width.
type norm uint64

const (
	bare       norm = 0 // no parameters
	scaleOnly  norm = 1 // RMSNorm, or LayerNorm without bias
	scaleShift norm = 2 // LayerNorm
)

// span is a number of layers with one reach: a sliding window, chunks within
// which attention stays, or, with neither, all keys.
type span struct{ layers, window, chunk uint64 }

// queries and keys are the widths q = a*d and kv = k*d.
func (d stack) queries() uint64 { return d.heads * d.headWidth }
func (d stack) keys() uint64    { return d.keyHeads * d.headWidth }

// architecture turns the shape into the table.
func (d stack) architecture(family string) Architecture {
	var s sum
	a := Architecture{family: family, layers: d.layers, context: d.context, heads: d.heads, learned: d.positions != 0 && d.stream == Text}
	a.lengths[Image], a.lengths[Source] = d.imageLength, d.sourceLength
	d.enter(&a, &s)
	for _, other := range d.beside {
		other.enter(&a, &s)
	}
	if d.prediction != 0 {
		d.predict(&a, &s)
	}
	return a
}

// enter adds the stack to the architecture.
func (d stack) enter(a *Architecture, s *sum) {
	products := d.layerProducts()
	if d.vocabulary != 0 {
		products = append(products, product("head", d.hidden, d.vocabulary, 1))
	}
	products = append(products, d.extra...)
	a.products = append(a.products, d.placed(products)...)
	a.cores = append(a.cores, d.attentionCores()...)
	a.states = append(a.states, d.recurrences()...)
	if !d.tied {
		a.embedding = s.add(a.embedding, s.mul(d.vocabulary, d.hidden))
	}
	a.positions = s.add(a.positions, s.mul(d.positions, d.hidden))
	norms, biases, other := d.normParameters(s), d.biasParameters(s), d.otherParameters(s)
	a.norms, a.biases, a.other = s.add(a.norms, norms), s.add(a.biases, biases), s.add(a.other, other)
	if d.stream != Text {
		a.idle = s.add(a.idle, norms, biases, other)
	}
	a.idle = s.add(a.idle, d.experts.idle(d, s))
}

// layerProducts are the products of all layers together.
func (d stack) layerProducts() []Product {
	products := d.attention()
	products = append(products, d.mamba.products(d)...)
	products = append(products, d.delta.products(d)...)
	products = append(products, d.feed()...)
	return append(products, d.experts.products(d)...)
}

// placed names the products as this stack's, on its stream. A stack with more
// positions than the stream has tokens is applied that much more often.
func (d stack) placed(products []Product) []Product {
	for i := range products {
		if !strings.HasPrefix(products[i].Name, "projector.") {
			products[i].Name = d.part + products[i].Name
		}
		if products[i].Stream == Text {
			products[i].Stream = d.stream
			products[i].Count *= max(d.times, 1)
		}
	}
	return products
}

// product is a matrix that every layer of count layers has, trained.
func product(name string, in, out, count uint64) Product {
	return Product{Name: name, In: in, Out: out, Count: count, Held: count, Passes: TrainingPasses}
}

func (d stack) attention() []Product {
	n := d.attending
	if n == 0 {
		return nil
	}
	if d.lowRank != nil {
		return d.lowRank.products(d)
	}
	list := []Product{
		product("attention.query", d.hidden, d.queries(), n),
		product("attention.key", d.hidden, d.keys(), n),
		product("attention.value", d.hidden, d.keys(), n),
		product("attention.output", d.queries(), d.hidden, n),
	}
	if d.queryGate {
		list = append(list, product("attention.gate", d.hidden, d.queries(), n))
	}
	if !d.cross {
		return list
	}
	key, value := product("cross.key", d.source, d.keys(), n), product("cross.value", d.source, d.keys(), n)
	key.Stream, value.Stream = Source, Source // made once from what the encoder gives, not per token of the decoder
	return append(list, product("cross.query", d.hidden, d.queries(), n), key, value, product("cross.output", d.queries(), d.hidden, n))
}

func (d stack) feed() []Product {
	if d.feeding == 0 {
		return nil
	}
	up := product("mlp.up", d.hidden, d.feedForward, d.feeding)
	down := product("mlp.down", d.feedForward, d.hidden, d.feeding)
	if !d.gated {
		return []Product{up, down}
	}
	return []Product{product("mlp.gate", d.hidden, d.feedForward, d.feeding), up, down}
}

func (d stack) attentionCores() []Core {
	if d.attending == 0 {
		return d.extraCores
	}
	scores, values := d.queries(), d.queries()
	if m := d.lowRank; m != nil {
		scores, values = d.heads*(m.plain+m.rotary), d.heads*m.value
	}
	spans := d.windows
	if len(spans) == 0 {
		spans = []span{{layers: d.attending}}
	}
	core := Core{ScoreWidth: scores, ValueWidth: values, Stream: d.stream, Over: d.stream, Times: max(d.times, 1), Full: d.full, Passes: TrainingPasses}
	var cores []Core
	for _, sp := range spans {
		if core.Layers, core.Window, core.Chunk = sp.layers, sp.window, sp.chunk; sp.layers != 0 {
			cores = append(cores, core)
		}
	}
	if d.cross {
		cores = append(cores, Core{Layers: d.attending, ScoreWidth: scores, ValueWidth: values, Stream: d.stream, Over: Source, Times: 1, Full: true, Passes: TrainingPasses})
	}
	return cores
}

func (d stack) recurrences() []Recurrence {
	return append(d.mamba.recurrences(d), d.delta.recurrences(d)...)
}

func (d stack) normParameters(s *sum) meter.Ops {
	inLayers := s.mul(d.layerNorms, uint64(d.norm), d.hidden, d.layers)
	outside := s.mul(d.otherNorms, uint64(d.norm), d.hidden)
	attention := s.mul(d.queryNorm+d.keyNorm, d.attending)
	if m := d.lowRank; m != nil {
		attention = s.mul(m.query+m.key, d.attending)
	}
	return s.add(inLayers, outside, attention, d.mamba.norms(s), d.delta.norms(s))
}

func (d stack) biasParameters(s *sum) meter.Ops {
	attention, feed, outside := d.attentionBiases(), uint64(0), uint64(0)
	if d.cross {
		attention *= 2
	}
	if d.feedBias {
		feed = d.feedForward + d.hidden
		if d.gated {
			feed += d.feedForward
		}
	}
	if d.headBias {
		outside = d.vocabulary
	}
	return s.add(s.mul(attention, d.attending), s.mul(feed, d.feeding), meter.NewOps(outside), d.experts.biases(d, s), d.mamba.biases(d, s))
}

// attentionBiases are those of one attention block.
func (d stack) attentionBiases() (n uint64) {
	m := d.lowRank
	switch {
	case d.queryBias && m != nil: // on the products into the low ranks
		n = m.query + m.key + m.rotary
	case d.queryBias && d.noKeyBias:
		n = d.queries() + d.keys()
	case d.queryBias:
		n = d.queries() + 2*d.keys()
	}
	if d.queryBias && d.queryGate {
		n += d.queries()
	}
	if d.outputBias {
		n += d.hidden
	}
	return n
}

func (d stack) otherParameters(s *sum) meter.Ops {
	other := s.add(s.mul(d.activations, d.layers), meter.NewOps(d.loose), d.experts.other(s), d.mamba.other(s), d.delta.other(s))
	if d.sinks {
		other = s.add(other, s.mul(d.heads, d.attending))
	}
	return other
}

// check refuses shapes that cannot be, naming the fields as this family's
// configuration spells them.
func (d stack) check(c *config) {
	n := d.names
	if c.err() != nil {
		return
	}
	if d.heads*d.headWidth > maxQueries {
		c.problem(n.heads, "%d heads of %d: expected at most %d together", d.heads, d.headWidth, maxQueries)
	}
	if d.attending != 0 && (d.keyHeads == 0 || d.keyHeads > d.heads || d.heads%d.keyHeads != 0) {
		c.problem(n.keyHeads, "found %d, expected a divisor of %s %d", d.keyHeads, n.heads, d.heads)
	}
	var layers uint64
	for _, sp := range d.windows {
		layers += sp.layers
	}
	if len(d.windows) != 0 && layers != d.attending {
		c.problem("layer_types", "kinds of %d layers, expected %d as in %s", layers, d.attending, n.layers)
	}
	d.experts.check(c)
	for _, other := range d.beside {
		other.check(c)
	}
}
