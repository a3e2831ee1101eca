package estimate

// falcon: attention and feed-forward side by side, LayerNorm, a plain
// feed-forward part of 4h unless ffn_hidden_size says otherwise, a tied head.
// The new decoder has groups of key heads and, if nothing else is said, a
// LayerNorm for each part.
func falcon(c *config) stack {
	n := usual().withoutGroups()
	n.feedForward, n.context = "", ""
	d := c.sizes(n)
	d.context = c.sizeOr("max_position_embeddings", 2048, MaxSequence)
	d.feedForward = c.sizeOr("ffn_hidden_size", 4*d.hidden, maxWide)
	d.norm = scaleShift
	switch grouped := c.flag("new_decoder_architecture", false); {
	case grouped:
		d.keyHeads = c.sizeOr("num_kv_heads", d.heads, maxHeads)
		d.layerNorms = c.sizeOr("num_ln_in_parallel_attn", 2, 2)
	case c.flag("multi_query", true):
		d.keyHeads = 1
		fallthrough
	default:
		d.layerNorms = c.sizeOr("num_ln_in_parallel_attn", 1, 2)
	}
	if !c.flag("parallel_attn", true) {
		d.layerNorms = 2
	}
	d.queryBias = c.flag("bias", false)
	d.outputBias, d.feedBias = d.queryBias, d.queryBias
	d.tied = c.flag("tie_word_embeddings", true)
	d.names.keyHeads = "num_kv_heads"
	return d
}
