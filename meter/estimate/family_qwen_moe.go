package estimate

// qwen2Moe: qwen2 with experts, a shared one among them behind a gate of one
// number, in each decoder_sparse_step-th layer. Qwen1.5-MoE, Qwen2-57B-A14B.
func qwen2Moe(c *config) stack {
	c.require("num_key_value_heads")
	d := c.sizes(usual())
	d.gated, d.norm, d.layerNorms = true, scaleOnly, 2
	d.queryBias = c.flag("qkv_bias", true)
	d.tied = c.flag("tie_word_embeddings", false)
	d.windows = c.upperWindow(d)
	c.qwenExperts(&d)
	d.experts.shared = c.size("shared_expert_intermediate_size", maxWide)
	d.experts.sharedGate = true
	return d
}

// qwen3Moe: qwen3 with experts and no shared one. Qwen3-30B-A3B, Qwen3-235B-A22B.
func qwen3Moe(c *config) stack {
	d := qwen3(c)
	c.qwenExperts(&d)
	return d
}

func (c *config) qwenExperts(d *stack) {
	c.readExperts(d, "num_experts", "num_experts_per_tok", "moe_intermediate_size")
	except, _ := c.numbers("mlp_only_layers", maxLayers)
	c.sparseStep(d, c.sizeOr("decoder_sparse_step", 1, maxLayers), except)
}

// qwen3Next: layers with the gated delta rule, and in each
// full_attention_interval-th full attention with a gate on its output; experts
// with a shared one in every layer. Qwen3-Next-80B-A3B. Its prediction module
// is not in the configuration.
func qwen3Next(c *config) stack {
	c.require("num_key_value_heads", "head_dim")
	d := c.sizes(usual())
	d.gated, d.norm, d.layerNorms, d.queryGate = true, scaleOnly, 2, true
	d.queryNorm, d.keyNorm = d.headWidth, d.headWidth
	d.tied = c.flag("tie_word_embeddings", false)
	d.queryBias = c.flag("attention_bias", false)
	d.outputBias = d.queryBias
	c.qwenExperts(&d)
	d.experts.shared = c.size("shared_expert_intermediate_size", maxWide)
	d.experts.sharedGate = true
	d.delta = &delta{
		keyHeads: c.size("linear_num_key_heads", maxHeads), valueHeads: c.size("linear_num_value_heads", maxHeads),
		keyWidth: c.size("linear_key_head_dim", maxLatent), valueWidth: c.size("linear_value_head_dim", maxLatent),
		taps: c.size("linear_conv_kernel_dim", maxState),
	}
	d.attending = d.layers / c.sizeOr("full_attention_interval", 4, maxLayers)
	kinds := c.kinds("layer_types", map[string]uint64{"full_attention": d.attending, "linear_attention": d.layers - d.attending})
	d.attending, d.delta.layers = kinds["full_attention"], kinds["linear_attention"]
	c.allLayers(d, d.attending+d.delta.layers)
	return d
}
