package estimate

// smolLM3: the llama layer, tied, some layers without rotary positions. Its
// windows follow those layers, so they are read from layer_types only.
func smolLM3(c *config) stack {
	c.require("num_key_value_heads")
	d := llama(c)
	d.tied = c.flag("tie_word_embeddings", true)
	if c.flag("use_sliding_window", false) {
		c.require("sliding_window", "layer_types")
		d.windows = c.layerTypes(c.sizeOr("sliding_window", 0, MaxSequence), nil)
	}
	return d
}
