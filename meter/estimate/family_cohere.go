package estimate

// cohere: attention and feed-forward side by side under one LayerNorm without
// bias, a tied head, an optional norm over all heads on queries and on keys.
func cohere(c *config) stack {
	d := c.sizes(usual())
	d.gated, d.norm, d.layerNorms = true, scaleOnly, 1
	d.queryBias = c.flag("attention_bias", false)
	d.outputBias = d.queryBias
	if c.flag("use_qk_norm", false) {
		d.queryNorm, d.keyNorm = d.queries(), d.keys()
	}
	d.tied = c.flag("tie_word_embeddings", true)
	return d
}

// cohere2: cohere without norms on queries and keys, and with a window in all
// but every fourth layer (sliding_window_pattern).
func cohere2(c *config) stack {
	c.require("sliding_window")
	d := cohere(c)
	d.queryNorm, d.keyNorm = 0, 0
	window := c.sizeOr("sliding_window", 0, MaxSequence)
	pattern := c.sizeOr("sliding_window_pattern", 4, maxLayers)
	d.windows = c.layerTypes(window, everyNth(d.layers, window, pattern))
	return d
}
