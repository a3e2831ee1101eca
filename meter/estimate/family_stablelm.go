package estimate

// stableLM: LayerNorm, gated feed-forward without biases, optional biases on
// queries, keys and values, an optional norm per head, one LayerNorm fewer where
// the two parts stand side by side.
func stableLM(c *config) stack {
	c.require("num_key_value_heads")
	d := c.sizes(usual())
	d.gated, d.norm, d.layerNorms = true, scaleShift, 2
	if c.flag("use_parallel_residual", false) {
		d.layerNorms = 1
	}
	d.queryBias = c.flag("use_qkv_bias", false)
	if c.flag("qk_layernorm", false) {
		d.queryNorm, d.keyNorm = d.queries(), d.keys()
	}
	d.tied = c.flag("tie_word_embeddings", false)
	return d
}
