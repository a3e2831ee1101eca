package estimate

// phi: attention and feed-forward side by side under one LayerNorm, biases
// everywhere, the head included. Phi-1, Phi-1.5, Phi-2.
func phi(c *config) stack {
	d := c.sizes(usual())
	d.norm, d.layerNorms = scaleShift, 1
	d.queryBias, d.outputBias, d.feedBias, d.headBias = true, true, true, true
	d.tied = c.flag("tie_word_embeddings", false)
	if c.flag("qk_layernorm", false) {
		d.queryNorm, d.keyNorm = 2*d.headWidth, 2*d.headWidth
	}
	return d
}
