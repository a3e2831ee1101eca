package estimate

// phi3: the llama layer without biases, its matrices fused in storage, with one
// window in every layer. Phi-3 and Phi-4.
func phi3(c *config) stack {
	d := c.sizes(usual())
	d.gated, d.norm, d.layerNorms = true, scaleOnly, 2
	d.tied = c.flag("tie_word_embeddings", false)
	d.windows = c.slidingWindow(d)
	return d
}
