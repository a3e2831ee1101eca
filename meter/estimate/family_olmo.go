package estimate

// olmo: the llama layer with norms that have no parameters.
func olmo(c *config) stack {
	d := c.sizes(usual())
	d.gated, d.norm, d.layerNorms = true, bare, 2
	d.tied = c.flag("tie_word_embeddings", false)
	d.queryBias = c.flag("attention_bias", false)
	d.outputBias = d.queryBias
	return d
}
