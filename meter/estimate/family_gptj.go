package estimate

// gptJ: attention and feed-forward side by side under one LayerNorm, no biases
// in attention, a head with bias that is not tied.
func gptJ(c *config) stack {
	d := c.sizes(gptNames())
	d.feedForward = c.sizeOr("n_inner", 4*d.hidden, maxWide)
	d.norm, d.layerNorms = scaleShift, 1
	d.feedBias, d.headBias = true, true
	d.tied = c.flag("tie_word_embeddings", false)
	return d
}
