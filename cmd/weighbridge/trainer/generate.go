package trainer

// decoder runs the model one token at a time, with the keys and values of the
// tokens before it kept. Keys are kept as columns, the way scores read them.
type decoder struct {
	kernel  kernel
	config  Config
	weights weights
	flipped *flipped
	turn    rotation
	at      int // position of the next token

	keys, values []matrix // per layer: kv x context, context x kv

	residual, normed, query, key, value, heads, scores, gate, up, logits matrix // one row each
}

func newDecoder(m *Model, f *flipped) *decoder {
	c := m.Config
	query, kv := c.Heads*c.HeadDim, c.KVHeads*c.HeadDim
	d := &decoder{
		config: c, weights: bind(c, m.flat), flipped: f, turn: newRotation(c),
		residual: newMatrix(1, c.Hidden), normed: newMatrix(1, c.Hidden), query: newMatrix(1, query), key: newMatrix(1, kv), value: newMatrix(1, kv),
		heads: newMatrix(1, query), scores: newMatrix(1, c.Context), gate: newMatrix(1, c.Intermediate), up: newMatrix(1, c.Intermediate),
		logits: newMatrix(1, c.Vocabulary),
	}
	for range c.Layers {
		d.keys, d.values = append(d.keys, newMatrix(kv, c.Context)), append(d.values, newMatrix(c.Context, kv))
	}
	return d
}

// next takes one token and leaves the logits of the one after it.
func (d *decoder) next(token uint16) {
	copy(d.residual.data, d.weights.embedding.row(int(token)))
	for l := range d.weights.layers {
		d.attention(l)
		d.mlp(l)
	}
	d.normalize(d.weights.norm)
	d.kernel.product(d.logits, d.normed, d.flipped.head, mode{})
	d.at++
}

func (d *decoder) normalize(weight []float32) {
	normalize(d.normed.data, d.residual.data, weight, float32(d.config.NormEpsilon))
}

func (d *decoder) attention(l int) {
	c, turned := d.config, d.flipped.layers[l]
	d.normalize(d.weights.layers[l].inputNorm)
	d.kernel.product(d.query, d.normed, turned.query, mode{})
	d.kernel.product(d.key, d.normed, turned.key, mode{})
	d.kernel.product(d.value, d.normed, turned.value, mode{})
	d.turn.rotateRow(d.query.data, d.at, 1)
	d.turn.rotateRow(d.key.data, d.at, 1)
	for j, v := range d.key.data {
		d.keys[l].data[j*c.Context+d.at] = v
	}
	copy(d.values[l].row(d.at), d.value.data)
	for h := range c.Heads {
		shared := h / (c.Heads / c.KVHeads)
		scores := d.scores.columns(0, d.at+1)
		keys := matrix{data: d.keys[l].data[shared*c.HeadDim*c.Context:], rows: c.HeadDim, cols: d.at + 1, down: c.Context, right: 1}
		d.kernel.product(scores, c.headOf(d.query, h), keys, mode{})
		scale(scores.row(0), c.scoreScale())
		softmax(scores.row(0))
		d.kernel.product(c.headOf(d.heads, h), scores, c.sharedHead(d.values[l].top(d.at+1), h), mode{})
	}
	d.kernel.product(d.residual, d.heads, turned.output, mode{add: true})
}

func (d *decoder) mlp(l int) {
	turned := d.flipped.layers[l]
	d.normalize(d.weights.layers[l].attentionNorm)
	d.kernel.product(d.gate, d.normed, turned.gate, mode{})
	d.kernel.product(d.up, d.normed, turned.up, mode{})
	for i, g := range d.gate.data {
		d.gate.data[i] = float32(g*sigmoid(g)) * d.up.data[i]
	}
	d.kernel.product(d.residual, d.gate, turned.down, mode{add: true})
}

// temperature sharpens the choice of the sample: below one, likely characters
// become likelier.
const temperature = 0.5

// generate continues the prompt by n characters and returns them with the operations
// it took. When the context is full, the last half of it is read again from the
// first position.
func (m *Model) generate(f *flipped, prompt []uint16, n int, draw *random) (text string, operations uint64) {
	d := newDecoder(m, f)
	history := append([]uint16(nil), prompt[max(0, len(prompt)-m.Config.Context/2):]...)
	pending, from := history, len(history)
	for range n {
		if d.at+len(pending) > m.Config.Context {
			d.at, pending = 0, history[len(history)-max(1, m.Config.Context/2):]
		}
		for _, token := range pending {
			d.next(token)
		}
		token := choose(d.logits.row(0), draw)
		history = append(history, token)
		pending = history[len(history)-1:]
	}
	return m.Vocabulary.Decode(history[from:]), d.kernel.operations
}

// choose draws a token from the logits, which become probabilities.
func choose(logits []float32, draw *random) uint16 {
	scale(logits, 1/temperature)
	softmax(logits)
	left := draw.unit()
	for i, p := range logits {
		if left -= p; left < 0 {
			return uint16(i)
		}
	}
	return uint16(len(logits) - 1) // the probabilities add up to a hair below one
}
