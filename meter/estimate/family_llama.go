package estimate

// llama: RMSNorm before each part, gated feed-forward, rotary positions. Llama
// 1 to 3.x, and models published under this type (DeepSeek LLM, Yi, SmolLM).
func llama(c *config) stack {
	d := c.sizes(usual())
	d.gated, d.norm, d.layerNorms = true, scaleOnly, 2
	d.tied = c.flag("tie_word_embeddings", false)
	d.queryBias = c.flag("attention_bias", false)
	d.outputBias = d.queryBias
	d.feedBias = c.flag("mlp_bias", false)
	return d
}
