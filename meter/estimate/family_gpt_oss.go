package estimate

// gptOSS: experts with biases and a router with bias in every layer, biases and
// one sink per head in attention, a window in every second layer, the first
// included.
func gptOSS(c *config) stack {
	c.require("num_key_value_heads", "head_dim", "sliding_window")
	d := c.sizes(usual())
	d.norm, d.layerNorms, d.sinks = scaleOnly, 2, true
	d.tied = c.flag("tie_word_embeddings", false)
	d.queryBias = c.flag("attention_bias", true)
	d.outputBias = d.queryBias
	window := c.sizeOr("sliding_window", 0, MaxSequence)
	d.windows = c.layerTypes(window, everyNth(d.layers, window, 2))
	e := c.readExperts(&d, "num_local_experts", c.either("num_experts_per_tok", "experts_per_token"), "intermediate_size")
	e.bias, e.routerBias = true, true
	return d
}
