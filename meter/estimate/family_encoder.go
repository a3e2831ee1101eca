package estimate

import "strings"

// t5: an encoder and a decoder of the same width, RMSNorms, no biases, one table
// of relative positions in each, a feed-forward part that is gated where
// feed_forward_proj says so. The decoder's tokens are the model's own, those of
// the encoder its source. T5, Flan-T5, UL2.
func t5(c *config) stack { return t5With(c, "relu", true) }

// mt5 is t5 with other defaults: gated, and a head of its own.
func mt5(c *config) stack { return t5With(c, "gated-gelu", false) }

func t5With(c *config, feed string, tied bool) stack {
	c.require("d_kv", "num_heads", "num_layers")
	d := c.sizes(names{hidden: "d_model", layers: "num_layers", heads: "num_heads", headWidth: "d_kv", feedForward: "d_ff", vocabulary: "vocab_size"})
	d.context = c.sizeOr("n_positions", 512, MaxSequence)
	if text, found := c.stated("feed_forward_proj"); found {
		feed = strings.Trim(text, `"`)
	}
	d.gated, d.norm, d.layerNorms = strings.HasPrefix(feed, "gated-"), scaleOnly, 2
	d.tied = c.flag("tie_word_embeddings", tied)
	d.loose = c.sizeOr("relative_attention_num_buckets", 32, maxState) * d.heads
	encoder := d.asEncoder()
	d.layers = c.sizeOr("num_decoder_layers", d.layers, maxLayers)
	d.attending, d.feeding, d.layerNorms = d.layers, d.layers, 3
	d.cross, d.source = true, d.hidden
	d.beside = []stack{encoder}
	return d
}

// asEncoder is a stack of the same layers that reads a source, both ways, and
// has neither embedding nor head of its own.
func (d stack) asEncoder() stack {
	d.part, d.stream, d.full, d.vocabulary, d.tied = "encoder.", Source, true, 0, true
	return d
}

// bart: an encoder and a decoder with biases, LayerNorms after each part, a norm
// after each embedding, learned positions with two rows more than positions.
func bart(c *config) stack {
	read := func(side string) stack {
		d := c.sizes(names{hidden: "d_model", layers: side + "_layers", heads: side + "_attention_heads", feedForward: side + "_ffn_dim",
			vocabulary: "vocab_size", context: "max_position_embeddings"})
		d.norm, d.layerNorms = scaleShift, 2
		d.queryBias, d.outputBias, d.feedBias = true, true, true
		d.positions = d.context + 2
		d.tied = c.flag("tie_word_embeddings", true)
		return d
	}
	d := read("decoder")
	d.layerNorms, d.cross, d.source = 3, true, d.hidden
	d.beside = []stack{read("encoder").asEncoder()}
	return d
}

// bert: an encoder alone, with biases, LayerNorms after each part and after the
// embedding, learned positions and types of segments, and the head of masked
// language modelling: a product, a norm, the tied embedding with a bias. The
// head counts for every token.
func bert(c *config) stack {
	d := c.sizes(usual().withoutGroups())
	d.full, d.norm, d.layerNorms, d.otherNorms = true, scaleShift, 2, 2
	d.queryBias, d.outputBias, d.feedBias, d.headBias = true, true, true, true
	d.positions = d.context + c.size("type_vocab_size", maxWide)
	d.tied = c.flag("tie_word_embeddings", true)
	d.extra = []Product{product("head.transform", d.hidden, d.hidden, 1)}
	d.loose = d.hidden // its bias
	if c.flag("is_decoder", false) {
		c.problem("is_decoder", "found true, expected false: an encoder used as a decoder is not known in this type")
	}
	return d
}
