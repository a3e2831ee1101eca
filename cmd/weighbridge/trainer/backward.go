package trainer

// gradients is the scratch of the way back: each field is the gradient of the
// activation of its name.
type gradients struct {
	residual          matrix
	normed            matrix
	gate, up, gated   matrix
	query, key, value matrix
	heads             matrix
	scores            matrix
	across            matrix
}

func newGradients(c Config) gradients {
	s, query, kv := c.Context, c.Heads*c.HeadDim, c.KVHeads*c.HeadDim
	return gradients{
		residual: newMatrix(s, c.Hidden), normed: newMatrix(s, c.Hidden),
		gate: newMatrix(s, c.Intermediate), up: newMatrix(s, c.Intermediate), gated: newMatrix(s, c.Intermediate),
		query: newMatrix(s, query), key: newMatrix(s, kv), value: newMatrix(s, kv), heads: newMatrix(s, query),
		scores: newMatrix(s, s), across: newMatrix(c.HeadDim, s),
	}
}

// backward follows forward and loss: it writes into grad the gradient of
// share times the summed cross-entropy, for every weight.
func (w *workspace) backward(tokens, targets []uint16, share float32, grad weights) {
	g := &w.back
	for i, target := range targets { // d loss / d logits = (probabilities - target)
		row := w.logits.row(i)
		row[target]--
		scale(row, share)
	}
	w.kernel.product(g.normed, w.logits, w.weights.head, mode{})
	w.kernel.product(grad.head, w.logits.transposed(), w.normed, mode{})
	clear(g.residual.data)
	clear(grad.norm)
	w.normalizeBack(w.last, w.weights.norm, w.scales, grad.norm)
	for l := len(w.layers) - 1; l >= 0; l-- {
		w.backwardMLP(l, grad.layers[l])
		w.backwardAttention(l, grad.layers[l])
	}
	if !w.config.Tied { // a tied embedding already holds the head's gradient
		clear(grad.embedding.data)
	}
	for i, token := range tokens {
		add(grad.embedding.row(int(token)), g.residual.row(i))
	}
}

// normalizeBack takes the gradient after a norm (back.normed) to the residual
// stream before it (back.residual).
func (w *workspace) normalizeBack(in matrix, weight, scales, grad []float32) {
	for i := range in.rows {
		normalizeBack(w.back.residual.row(i), grad, w.back.normed.row(i), in.row(i), weight, scales[i])
	}
}

func (w *workspace) backwardMLP(l int, grad layerWeights) {
	a, g, weight := &w.layers[l], &w.back, w.weights.layers[l]
	w.kernel.product(g.gated, g.residual, weight.down, mode{})
	w.kernel.product(grad.down, g.residual.transposed(), a.gated, mode{})
	for i, d := range g.gated.data {
		gate, open := a.gate.data[i], a.open.data[i]
		silu := float32(gate * open)
		g.up.data[i] = d * silu
		// silu'(x) = sigmoid(x) + silu(x)*(1 - sigmoid(x))
		g.gate.data[i] = float32(d*a.up.data[i]) * (open + float32(silu*(1-open)))
	}
	w.kernel.product(g.normed, g.gate, weight.gate, mode{})
	w.kernel.product(g.normed, g.up, weight.up, mode{add: true})
	w.kernel.product(grad.gate, g.gate.transposed(), a.normedMiddle, mode{})
	w.kernel.product(grad.up, g.up.transposed(), a.normedMiddle, mode{})
	clear(grad.attentionNorm)
	w.normalizeBack(a.middle, weight.attentionNorm, a.scalesMiddle, grad.attentionNorm)
}

func (w *workspace) backwardAttention(l int, grad layerWeights) {
	a, g, weight := &w.layers[l], &w.back, w.weights.layers[l]
	w.kernel.product(g.heads, g.residual, weight.output, mode{})
	w.kernel.product(grad.output, g.residual.transposed(), a.heads, mode{})
	clear(g.key.data) // heads that share a key or a value add their gradients
	clear(g.value.data)
	for h := range w.config.Heads {
		w.attendBack(a, h)
	}
	for i := range g.query.rows {
		w.turn.rotateRow(g.query.row(i), i, -1)
		w.turn.rotateRow(g.key.row(i), i, -1)
	}
	w.kernel.product(g.normed, g.query, weight.query, mode{})
	w.kernel.product(g.normed, g.key, weight.key, mode{add: true})
	w.kernel.product(g.normed, g.value, weight.value, mode{add: true})
	w.kernel.product(grad.query, g.query.transposed(), a.normed, mode{})
	w.kernel.product(grad.key, g.key.transposed(), a.normed, mode{})
	w.kernel.product(grad.value, g.value.transposed(), a.normed, mode{})
	clear(grad.inputNorm)
	w.normalizeBack(a.in, weight.inputNorm, a.scales, grad.inputNorm)
}

// attendBack is the way back through one head: four products, each over the
// causal part alone.
func (w *workspace) attendBack(a *activations, h int) {
	c, g, p := w.config, &w.back, a.probabilities[h]
	out := c.headOf(g.heads, h)
	transpose(g.across, c.sharedHead(a.value, h))
	w.kernel.product(g.scores, out, g.across, mode{shape: triangle})
	w.kernel.product(c.sharedHead(g.value, h), p.transposed(), out, mode{shape: termsFrom, add: true})
	for i := range p.rows {
		softmaxBack(g.scores.row(i)[:i+1], p.row(i)[:i+1], c.scoreScale())
	}
	w.kernel.product(c.headOf(g.query, h), g.scores, c.sharedHead(a.key, h), mode{shape: termsUpTo})
	w.kernel.product(c.sharedHead(g.key, h), g.scores.transposed(), c.headOf(a.query, h), mode{shape: termsFrom, add: true})
}

// softmaxBack turns the gradient of a row of probabilities p into that of the
// scores before scaling: d = scaling * p * (d - sum(d*p)).
func softmaxBack(d, p []float32, scaling float32) {
	mean := dot(d, p)
	p = p[:len(d)]
	for j, v := range d {
		d[j] = float32(p[j]*(v-mean)) * scaling
	}
}
