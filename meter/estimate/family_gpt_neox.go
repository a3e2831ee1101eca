package estimate

// gptNeoX: LayerNorm, biases, a plain feed-forward part, rotary positions.
// GPT-NeoX-20B, Pythia.
func gptNeoX(c *config) stack {
	d := c.sizes(usual().withoutGroups())
	d.norm, d.layerNorms = scaleShift, 2
	d.queryBias = c.flag("attention_bias", true)
	d.outputBias = d.queryBias
	d.feedBias = true
	d.tied = c.flag("tie_word_embeddings", false)
	return d
}
