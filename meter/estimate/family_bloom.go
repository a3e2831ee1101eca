package estimate

// bloom: LayerNorm, biases, a plain feed-forward part of 4h, no position table
// (ALiBi), one more LayerNorm after the embedding, a tied head. Its files call
// the same sizes by two names and state the length as seq_length.
func bloom(c *config) stack {
	d := c.sizes(names{
		hidden: c.either("n_embed", "hidden_size"), layers: c.either("n_layer", "num_hidden_layers"),
		heads: c.either("n_head", "num_attention_heads"), vocabulary: "vocab_size", context: "seq_length",
	})
	d.feedForward = 4 * d.hidden
	d.norm, d.layerNorms, d.otherNorms = scaleShift, 2, 2
	d.queryBias, d.outputBias, d.feedBias = true, true, true
	d.tied = c.flag("tie_word_embeddings", true)
	return d
}
