package estimate

// zamba2: Mamba-2 in every layer, and before the layers of kind hybrid a
// transformer that they share: num_mem_blocks of them are held and take turns.
// It reads the hidden state beside the embedding, twice the width, and has small
// low-rank products of each hybrid layer's own.
func zamba2(c *config) stack {
	n := usual()
	n.headWidth, n.feedForward = "", ""
	c.require(c.either("layers_block_type", "layer_types"))
	d := c.sizes(n)
	d.feedForward = c.sizeOr("intermediate_size", 4*d.hidden, maxWide)
	d.norm, d.layerNorms = scaleOnly, 1
	d.tied = c.flag("tie_word_embeddings", true)
	if c.flag("add_bias_linear", false) {
		c.problem("add_bias_linear", "found true, expected false: biases are not known in this type")
	}
	kinds := c.kinds(c.either("layers_block_type", "layer_types"), map[string]uint64{"mamba": 0, "linear_attention": 0, "hybrid": 0})
	hybrid := kinds["hybrid"]
	c.allLayers(d, kinds["mamba"]+kinds["linear_attention"]+hybrid)
	m := &mamba{
		layers: d.layers, heads: c.size("n_mamba_heads", maxHeads), groups: c.sizeOr("mamba_ngroups", 1, maxState), state: c.size("mamba_d_state", maxState),
		taps: c.sizeOr("mamba_d_conv", 4, maxState), convBias: c.flag("use_conv_bias", true), gateNorm: true,
	}
	if d.mamba = m; m.heads != 0 {
		m.width = c.sizeOr("mamba_expand", 2, maxState) * d.hidden / m.heads
	}
	c.innerWidth("mamba_expand", d)
	d.attending, d.feeding = 0, 0
	c.sharedTransformer(&d, hybrid)
	return d
}

// sharedTransformer adds the transformer of zamba2, applied once in each hybrid
// layer.
func (c *config) sharedTransformer(d *stack, hybrid uint64) {
	held, rank, wide := min(c.sizeOr("num_mem_blocks", 1, maxLayers), hybrid), c.sizeOr("adapter_rank", 128, maxWidth), 2*d.hidden
	shared := func(name string, in, out uint64) Product {
		p := product(name, in, out, hybrid)
		p.Held = held
		return p
	}
	if d.keyHeads != d.heads {
		c.problem(d.names.keyHeads, "found %d, expected %s %d: groups of key heads are not known in this type", d.keyHeads, d.names.heads, d.heads)
	}
	d.extra = append(d.extra,
		shared("attention.query", wide, wide), shared("attention.key", wide, wide), shared("attention.value", wide, wide), shared("attention.output", wide, d.hidden),
		shared("mlp.gate", d.hidden, d.feedForward), shared("mlp.up", d.hidden, d.feedForward), shared("mlp.down", d.feedForward, d.hidden),
		product("mlp.adapter.down", d.hidden, rank, hybrid), product("mlp.adapter.up", rank, 2*d.feedForward, hybrid), product("hybrid.join", d.hidden, d.hidden, hybrid))
	if c.flag("use_shared_attention_adapter", false) {
		d.extra = append(d.extra, product("attention.adapter.down", wide, rank, 3*hybrid), product("attention.adapter.up", rank, wide, 3*hybrid))
	}
	d.loose = held * (wide + d.hidden) // the two norms of each transformer
	d.extraCores = []Core{{Layers: hybrid, ScoreWidth: wide, ValueWidth: wide, Times: 1, Passes: TrainingPasses}}
}
