package estimate

// qwen3: the llama layer with an RMSNorm of one head's width on queries and on
// keys, and a head width of its own: heads x width need not be the hidden width.
func qwen3(c *config) stack {
	c.require("num_key_value_heads", "head_dim")
	d := c.sizes(usual())
	d.gated, d.norm, d.layerNorms = true, scaleOnly, 2
	d.queryNorm, d.keyNorm = d.headWidth, d.headWidth
	d.tied = c.flag("tie_word_embeddings", false)
	d.queryBias = c.flag("attention_bias", false)
	d.outputBias = d.queryBias
	d.windows = c.upperWindow(d)
	return d
}
