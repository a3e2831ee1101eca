package estimate

// glm4: groups of key heads, biases on queries, keys and values, norms before
// and after each part.
func glm4(c *config) stack {
	c.require("num_key_value_heads", "head_dim")
	d := c.sizes(usual())
	d.gated, d.norm, d.layerNorms = true, scaleOnly, 4
	d.tied = c.flag("tie_word_embeddings", false)
	d.queryBias = c.flag("attention_bias", true)
	return d
}

// glm4MoeLite: the layer of deepseekV3 with one dense layer first. GLM-4.7-Flash.
func glm4MoeLite(c *config) stack {
	c.require("first_k_dense_replace")
	return deepseekV3(c)
}

// dots1: qwen3's attention with the experts of deepseekV3.
func dots1(c *config) stack {
	d := llama(c)
	d.feedBias = false
	d.queryNorm, d.keyNorm = d.headWidth, d.headWidth
	if list, found := c.words("layer_types"); found && len(list) != 0 {
		d.windows = c.layerTypes(c.sizeOr("sliding_window", 0, MaxSequence), nil)
	}
	c.deepseekExperts(&d)
	d.experts.correction = true
	return d
}
