package estimate

// whisper: bart's layers with a norm before each part and one behind the last,
// keys without a bias, position tables on both sides, and an encoder of sound: two
// convolutions over three frames each take mel bands in, the second at every other
// frame. A position of the encoder, two frames, is a source token: 1500 are the 30
// seconds that a file is cut or filled up to.
func whisper(c *config) stack {
	read := func(side, positions string) stack {
		d := c.sizes(names{hidden: "d_model", layers: side + "_layers", heads: side + "_attention_heads", feedForward: side + "_ffn_dim",
			vocabulary: "vocab_size", context: positions})
		d.norm, d.layerNorms = scaleShift, 2
		d.queryBias, d.noKeyBias, d.outputBias, d.feedBias = true, true, true, true
		d.positions = d.context
		d.tied = c.flag("tie_word_embeddings", true)
		return d
	}
	d := read("decoder", "max_target_positions")
	encoder := read("encoder", "max_source_positions").asEncoder()
	frames := product("frames", 3*c.size("num_mel_bins", maxWidth), d.hidden, 1)
	frames.Count, frames.Passes = 2, Forward|WeightGradient // what goes in is data
	encoder.extra = []Product{frames, product("conv", 3*d.hidden, d.hidden, 1)}
	encoder.loose = 2 * d.hidden // biases of the convolutions
	d.layerNorms, d.cross, d.source = 3, true, d.hidden
	d.sourceLength = encoder.context
	d.beside = []stack{encoder}
	return d
}
