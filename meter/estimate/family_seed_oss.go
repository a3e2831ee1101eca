package estimate

// seedOSS: the llama layer with a head width of its own and a flag of its own
// for the bias on attention's output.
func seedOSS(c *config) stack {
	c.require("num_key_value_heads", "head_dim")
	d := llama(c)
	d.queryBias = c.flag("attention_bias", true)
	d.outputBias = c.flag("attention_out_bias", false)
	return d
}

// exaone4: norms after each part instead of before, an RMSNorm of one head's
// width on queries and on keys, and in larger ones a window in three of four
// layers.
func exaone4(c *config) stack {
	c.require("num_key_value_heads")
	d := llama(c)
	d.queryBias, d.outputBias, d.feedBias = false, false, false
	d.queryNorm, d.keyNorm = d.headWidth, d.headWidth
	if window := c.sizeOr("sliding_window", 0, MaxSequence); window != 0 {
		c.require("layer_types")
		d.windows = c.layerTypes(window, nil)
	}
	return d
}
