package estimate

// mpt: LayerNorm and matrices without biases, a plain feed-forward part of 4h,
// no position table (ALiBi), a tied head. The class knows no other form.
func mpt(c *config) stack {
	d := c.sizes(names{hidden: "d_model", layers: "n_layers", heads: "n_heads", vocabulary: "vocab_size", context: "max_seq_len"})
	if ratio := c.sizeOr("expansion_ratio", 4, maxWide); ratio != 4 {
		c.problem("expansion_ratio", "found %d, expected 4", ratio)
	}
	if !c.flag("no_bias", true) {
		c.problem("no_bias", "found false, expected true")
	}
	attention := c.object("attn_config")
	if !attention.flag("alibi", true) {
		attention.problem("alibi", "found false, expected true: another position table is not known")
	}
	if text, found := attention.stated("attn_type"); found && text != `"multihead_attention"` {
		attention.problem("attn_type", "found %s, expected multihead_attention", clip(text))
	}
	d.feedForward = 4 * d.hidden
	d.norm, d.layerNorms = scaleOnly, 2
	d.tied = c.flag("tie_word_embeddings", true)
	return d
}
