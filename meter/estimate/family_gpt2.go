package estimate

// gpt2: LayerNorm, biases, a plain feed-forward part of 4h unless n_inner says
// otherwise, a learned position table, a tied head.
func gpt2(c *config) stack {
	d := c.sizes(gptNames())
	d.feedForward = c.sizeOr("n_inner", 4*d.hidden, maxWide)
	d.norm, d.layerNorms = scaleShift, 2
	d.queryBias, d.outputBias, d.feedBias = true, true, true
	d.positions = d.context
	d.tied = c.flag("tie_word_embeddings", true)
	return d
}

func gptNames() names {
	return names{hidden: "n_embd", layers: "n_layer", heads: "n_head", vocabulary: "vocab_size", context: "n_positions"}
}
