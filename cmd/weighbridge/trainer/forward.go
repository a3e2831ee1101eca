package trainer

import "math"

// workspace is what one goroutine needs to carry one sequence through the
// model and back: the activations that the way back reads, and scratch.
type workspace struct {
	kernel  kernel
	config  Config
	weights weights
	flipped *flipped
	turn    rotation

	layers []activations
	last   matrix    // residual stream after the last layer
	scales []float32 // of the final norm
	normed matrix    // after the final norm
	logits matrix    // becomes the probabilities, then their gradient
	across matrix    // scratch: a head's keys or values, transposed

	back gradients
}

// activations is what one layer leaves behind on the way forward.
type activations struct {
	in                   matrix    // residual stream before the layer
	normed, normedMiddle matrix    // after the two norms
	scales, scalesMiddle []float32 // 1/rms of each row
	query, key, value    matrix    // query and key rotated
	probabilities        []matrix  // one per query head, lower triangle
	heads                matrix    // attention's output, heads side by side
	middle               matrix    // residual stream between attention and MLP
	gate, up, gated      matrix    // MLP before and after the gate; gated = silu(gate)*up
	open                 matrix    // sigmoid(gate)
}

func newWorkspace(c Config, w weights, f *flipped, turn rotation) *workspace {
	s, query, kv := c.Context, c.Heads*c.HeadDim, c.KVHeads*c.HeadDim
	ws := &workspace{
		config: c, weights: w, flipped: f, turn: turn,
		last: newMatrix(s, c.Hidden), scales: make([]float32, s), normed: newMatrix(s, c.Hidden), logits: newMatrix(s, c.Vocabulary),
		across: newMatrix(c.HeadDim, s), back: newGradients(c),
	}
	for range c.Layers {
		a := activations{
			in: newMatrix(s, c.Hidden), normed: newMatrix(s, c.Hidden), normedMiddle: newMatrix(s, c.Hidden),
			scales: make([]float32, s), scalesMiddle: make([]float32, s),
			query: newMatrix(s, query), key: newMatrix(s, kv), value: newMatrix(s, kv), heads: newMatrix(s, query),
			middle: newMatrix(s, c.Hidden), gate: newMatrix(s, c.Intermediate), up: newMatrix(s, c.Intermediate),
			gated: newMatrix(s, c.Intermediate), open: newMatrix(s, c.Intermediate),
		}
		for range c.Heads {
			a.probabilities = append(a.probabilities, newMatrix(s, s))
		}
		ws.layers = append(ws.layers, a)
	}
	return ws
}

// forward computes the logits of a whole sequence, as long as the context.
func (w *workspace) forward(tokens []uint16) {
	for i, token := range tokens {
		copy(w.layers[0].in.row(i), w.weights.embedding.row(int(token)))
	}
	for l := range w.layers {
		out := w.last
		if l+1 < len(w.layers) {
			out = w.layers[l+1].in
		}
		w.forwardAttention(l)
		w.forwardMLP(l, out)
	}
	w.normalize(w.normed, w.last, w.weights.norm, w.scales)
	w.kernel.product(w.logits, w.normed, w.flipped.head, mode{})
}

func (w *workspace) normalize(out, in matrix, weight, scales []float32) {
	for i := range in.rows {
		scales[i] = normalize(out.row(i), in.row(i), weight, float32(w.config.NormEpsilon))
	}
}

func (w *workspace) forwardAttention(l int) {
	a, turned := &w.layers[l], w.flipped.layers[l]
	w.normalize(a.normed, a.in, w.weights.layers[l].inputNorm, a.scales)
	w.kernel.product(a.query, a.normed, turned.query, mode{})
	w.kernel.product(a.key, a.normed, turned.key, mode{})
	w.kernel.product(a.value, a.normed, turned.value, mode{})
	for i := range a.query.rows {
		w.turn.rotateRow(a.query.row(i), i, 1)
		w.turn.rotateRow(a.key.row(i), i, 1)
	}
	for h := range w.config.Heads {
		w.attend(a, h)
	}
	copy(a.middle.data, a.in.data)
	w.kernel.product(a.middle, a.heads, turned.output, mode{add: true})
}

// headOf is the view of one query head in a matrix of heads side by side.
func (c Config) headOf(m matrix, h int) matrix { return m.columns(h*c.HeadDim, c.HeadDim) }

// sharedHead is the view of the key or value head that query head h attends
// with: heads share in groups (Ainslie et al. 2023).
func (c Config) sharedHead(m matrix, h int) matrix { return c.headOf(m, h/(c.Heads/c.KVHeads)) }

// attend is softmax(q*k'/sqrt(d))*v of one head, each position over itself and
// those before it.
func (w *workspace) attend(a *activations, h int) {
	c, p := w.config, a.probabilities[h]
	transpose(w.across, c.sharedHead(a.key, h))
	w.kernel.product(p, c.headOf(a.query, h), w.across, mode{shape: triangle})
	for i := range p.rows {
		row := p.row(i)[:i+1]
		scale(row, c.scoreScale())
		softmax(row)
	}
	w.kernel.product(c.headOf(a.heads, h), p, c.sharedHead(a.value, h), mode{shape: termsUpTo})
}

// forwardMLP is down(silu(gate(x))*up(x)) (Shazeer 2020), added to the residual stream.
func (w *workspace) forwardMLP(l int, out matrix) {
	a, turned := &w.layers[l], w.flipped.layers[l]
	w.normalize(a.normedMiddle, a.middle, w.weights.layers[l].attentionNorm, a.scalesMiddle)
	w.kernel.product(a.gate, a.normedMiddle, turned.gate, mode{})
	w.kernel.product(a.up, a.normedMiddle, turned.up, mode{})
	for i, g := range a.gate.data {
		open := sigmoid(g)
		a.open.data[i] = open
		a.gated.data[i] = float32(g*open) * a.up.data[i]
	}
	copy(out.data, a.middle.data)
	w.kernel.product(out, a.gated, turned.down, mode{add: true})
}

// loss turns the logits into probabilities and returns the sum over positions of
// the cross-entropy against the targets, in nats.
func (w *workspace) loss(targets []uint16) float64 {
	total := 0.0
	for i, target := range targets {
		row := w.logits.row(i)
		softmax(row)
		total -= math.Log(max(float64(row[target]), math.SmallestNonzeroFloat32))
	}
	return total
}
