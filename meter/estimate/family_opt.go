package estimate

// opt: LayerNorm, biases, a plain feed-forward part, a learned position table
// with two rows more than positions, a tied head.
func opt(c *config) stack {
	n := usual().withoutGroups()
	n.feedForward = "ffn_dim"
	d := c.sizes(n)
	if narrow := c.sizeOr("word_embed_proj_dim", d.hidden, maxWidth); narrow != d.hidden {
		c.problem("word_embed_proj_dim", "found %d, expected hidden_size %d: a narrower embedding is not known", narrow, d.hidden)
	}
	if !c.flag("layer_norm_elementwise_affine", true) {
		c.problem("layer_norm_elementwise_affine", "found false: norms without parameters are not known in this type")
	}
	d.norm, d.layerNorms = scaleShift, 2
	if !c.flag("do_layer_norm_before", true) || c.flag("_remove_final_layer_norm", false) {
		d.otherNorms = 0
	}
	d.queryBias = c.flag("enable_bias", true)
	d.outputBias, d.feedBias = d.queryBias, d.queryBias
	d.positions = d.context + 2
	d.tied = c.flag("tie_word_embeddings", true)
	return d
}
