package estimate

// mixtral: the llama layer with experts in place of every feed-forward part, of
// which a router chooses some for each token. Mixtral 8x7B and 8x22B.
func mixtral(c *config) stack {
	c.require("num_key_value_heads")
	d := llama(c)
	d.queryBias, d.outputBias, d.feedBias = false, false, false
	d.windows = c.slidingWindow(d)
	c.readExperts(&d, "num_local_experts", "num_experts_per_tok", "intermediate_size")
	return d
}

// phimoe: mixtral with LayerNorms with shift, biases on attention and head as
// the configuration says. Phi-3.5-MoE.
func phimoe(c *config) stack {
	d := mixtral(c)
	d.norm = scaleShift
	d.queryBias = c.flag("attention_bias", false)
	d.outputBias = d.queryBias
	d.headBias = c.flag("lm_head_bias", false)
	return d
}

// graniteMoe: mixtral without a window.
func graniteMoe(c *config) stack {
	d := llama(c)
	d.feedBias = false
	c.readExperts(&d, "num_local_experts", "num_experts_per_tok", "intermediate_size")
	return d
}

// graniteMoeShared: graniteMoe with a shared expert.
func graniteMoeShared(c *config) stack {
	d := graniteMoe(c)
	d.experts.shared = c.countOr("shared_intermediate_size", 0, maxWide)
	return d
}
