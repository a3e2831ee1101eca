package estimate

// gemma: the llama layer with a head width of its own and a tied head.
func gemma(c *config) stack {
	c.require("num_key_value_heads", "head_dim")
	d := c.sizes(usual())
	d.gated, d.norm, d.layerNorms = true, scaleOnly, 2
	d.tied = c.flag("tie_word_embeddings", true)
	d.queryBias = c.flag("attention_bias", false)
	d.outputBias = d.queryBias
	return d
}
