package estimate

// hunyuanDense: the llama layer with an RMSNorm of one head's width on queries
// and on keys.
func hunyuanDense(c *config) stack {
	d := llama(c)
	d.feedBias = false
	d.queryNorm, d.keyNorm = d.headWidth, d.headWidth
	return d
}

// hunyuanMoe: hunyuanDense with experts and a shared one in every layer, all of
// the same width. Hunyuan-A13B.
func hunyuanMoe(c *config) stack {
	c.alike("moe_topk", "num_shared_expert", "moe_intermediate_size")
	d := hunyuanDense(c)
	e := c.readExperts(&d, "num_experts", "moe_topk", "intermediate_size")
	e.shared = e.width * c.sizeOr("num_shared_expert", 1, maxExperts)
	if own := c.sizeOr("moe_intermediate_size", e.width, maxWide); own != e.width {
		c.problem("moe_intermediate_size", "found %d, expected intermediate_size %d: experts of another width are not known in this type", own, e.width)
	}
	return d
}
