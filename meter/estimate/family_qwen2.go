package estimate

// qwen2: the llama layer with biases on queries, keys and values only. A window
// holds where use_sliding_window is true, in the layers from max_window_layers
// on. Qwen1.5, Qwen2, Qwen2.5.
func qwen2(c *config) stack {
	c.require("num_key_value_heads")
	d := c.sizes(usual())
	d.gated, d.norm, d.layerNorms, d.queryBias = true, scaleOnly, 2, true
	d.tied = c.flag("tie_word_embeddings", false)
	d.windows = c.upperWindow(d)
	return d
}

// upperWindow is the window of the two qwen families.
func (c *config) upperWindow(d stack) []span {
	if !c.flag("use_sliding_window", false) {
		return nil
	}
	c.require("sliding_window", "max_window_layers")
	window := c.sizeOr("sliding_window", 0, MaxSequence)
	global := min(c.countOr("max_window_layers", 0, maxLayers), d.layers)
	return c.layerTypes(window, localGlobal(d.layers-global, window, global))
}
