package estimate

// starCoder2: LayerNorm, a plain feed-forward part, biases everywhere unless
// use_bias is false, one window in every layer.
func starCoder2(c *config) stack {
	c.require("num_key_value_heads")
	d := c.sizes(usual())
	d.norm, d.layerNorms = scaleShift, 2
	d.queryBias = c.flag("use_bias", true)
	d.outputBias, d.feedBias = d.queryBias, d.queryBias
	d.tied = c.flag("tie_word_embeddings", true)
	d.windows = c.slidingWindow(d)
	return d
}
