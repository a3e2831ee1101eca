package estimate

// deepseekV2: attention through a low rank, dense first layers, fine-grained
// experts with shared ones. DeepSeek-V2 and its Lite form.
func deepseekV2(c *config) stack {
	n := usual().withoutGroups()
	n.headWidth = "qk_nope_head_dim" // a head has no one width: readLowRank has them all
	d := c.sizes(n)
	d.gated, d.norm, d.layerNorms = true, scaleOnly, 2
	d.tied = c.flag("tie_word_embeddings", false)
	d.queryBias = c.flag("attention_bias", false)
	d.outputBias = d.queryBias
	c.readLowRank(&d)
	c.deepseekExperts(&d)
	return d
}

// deepseekV3: deepseekV2 with one number per expert that steers the router, and
// multi-token-prediction modules. DeepSeek-V3, R1, Kimi K2.
func deepseekV3(c *config) stack {
	d := deepseekV2(c)
	d.experts.correction = true
	d.prediction = c.countOr("num_nextn_predict_layers", 0, maxPrediction)
	return d
}

func (c *config) deepseekExperts(d *stack) {
	e := c.readExperts(d, "n_routed_experts", "num_experts_per_tok", "moe_intermediate_size")
	e.shared = e.width * c.countOr("n_shared_experts", 0, maxExperts)
	d.denseFirst(c.countOr("first_k_dense_replace", 0, maxLayers), c.sizeOr("moe_layer_freq", 1, maxLayers))
}

// glm4Moe: groups of key heads, dense first layers, experts as in deepseekV3.
// GLM-4.5, GLM-4.6.
func glm4Moe(c *config) stack {
	c.require("num_key_value_heads", "head_dim")
	d := c.sizes(usual())
	d.gated, d.norm, d.layerNorms = true, scaleOnly, 2
	d.tied = c.flag("tie_word_embeddings", false)
	d.queryBias = c.flag("attention_bias", false) // on queries, keys and values only
	if c.flag("use_qk_norm", false) {
		d.queryNorm, d.keyNorm = d.headWidth, d.headWidth
	}
	c.deepseekExperts(&d)
	d.experts.correction = true
	d.prediction = c.countOr("num_nextn_predict_layers", 0, maxPrediction)
	return d
}
