package estimate

// minimaxM2: norms over all heads together on queries and on keys, small experts
// in every layer with one number each that steers the router, no shared one. Its
// prediction modules are not in the published weights.
func minimaxM2(c *config) stack {
	c.require("num_key_value_heads", "head_dim")
	d := c.sizes(usual())
	d.norm, d.layerNorms = scaleOnly, 2
	d.tied = c.flag("tie_word_embeddings", false)
	d.queryNorm, d.keyNorm = d.queries(), d.keys()
	c.readExperts(&d, "num_local_experts", "num_experts_per_tok", "intermediate_size").correction = true
	return d
}
