package estimate

// llama4Text: the llama layer with a shared and one chosen expert in each
// interleave_moe_layer_step-th layer, and attention that stays within chunks in
// all but each fourth. The norms on queries and keys have no parameters. The
// text model alone.
func llama4Text(c *config) stack {
	c.require("num_key_value_heads", "head_dim", "intermediate_size_mlp", "interleave_moe_layer_step")
	n := usual()
	n.feedForward = "intermediate_size_mlp"
	d := c.sizes(n)
	d.gated, d.norm, d.layerNorms = true, scaleOnly, 2
	d.tied = c.flag("tie_word_embeddings", false)
	d.queryBias = c.flag("attention_bias", false)
	d.outputBias = d.queryBias
	d.windows = c.chunks(d)
	e := c.readExperts(&d, "num_local_experts", "num_experts_per_tok", "intermediate_size")
	e.shared = e.width
	c.sparseStep(&d, c.sizeOr("interleave_moe_layer_step", 1, maxLayers), nil)
	if list, found := c.numbers("moe_layers", maxLayers); found {
		e.layers, d.feeding = uint64(len(list)), d.layers-min(d.layers, uint64(len(list)))
	}
	return d
}

func (c *config) chunks(d stack) []span {
	chunk := c.sizeOr("attention_chunk_size", 8192, MaxSequence)
	global := d.layers / c.sizeOr("no_rope_layer_interval", 4, maxLayers)
	kinds := c.kinds("layer_types", map[string]uint64{"chunked_attention": d.layers - global, "full_attention": global})
	return []span{{layers: kinds["chunked_attention"], chunk: chunk}, {layers: kinds["full_attention"]}}
}
