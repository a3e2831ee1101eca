package estimate

// ernie45: the llama layer, tied, biases only where use_bias says so.
func ernie45(c *config) stack {
	c.require("num_key_value_heads")
	d := c.sizes(usual())
	d.gated, d.norm, d.layerNorms = true, scaleOnly, 2
	d.tied = c.flag("tie_word_embeddings", true)
	d.queryBias = c.flag("use_bias", false)
	d.outputBias, d.feedBias = d.queryBias, d.queryBias
	return d
}

// ernie45Moe: ernie45 with experts from layer moe_layer_start_index to
// moe_layer_end_index, in each moe_layer_interval-th.
func ernie45Moe(c *config) stack {
	d := ernie45(c)
	d.headBias = d.queryBias
	e := c.readExperts(&d, "moe_num_experts", "moe_k", "moe_intermediate_size")
	e.shared = e.width * c.countOr("moe_num_shared_experts", 2, maxExperts)
	e.correction, e.bias = true, false
	if d.queryBias {
		c.problem("use_bias", "found true, expected false: biases in the experts of this type are not known")
	}
	c.ernieLayers(&d)
	return d
}

// ernieLayers: layer i has experts where i+1 is a multiple of the interval and
// i lies between the two ends, both included.
func (c *config) ernieLayers(d *stack) {
	first, last := c.countOr("moe_layer_start_index", 1, maxLayers), d.layers
	if text, found := c.stated("moe_layer_end_index"); found && text != "-1" {
		last = min(c.countOr("moe_layer_end_index", 0, maxLayers)+1, d.layers)
	}
	interval := c.sizeOr("moe_layer_interval", 1, maxLayers)
	d.experts.layers = 0
	for i := first; i < last; i++ {
		if (i+1)%max(interval, 1) == 0 {
			d.experts.layers++
		}
	}
	d.feeding = d.layers - d.experts.layers
}
