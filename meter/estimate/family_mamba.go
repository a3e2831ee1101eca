package estimate

import "strings"

// mamba2: layers of one Mamba-2 mixer each, under one RMSNorm, no attention. It
// takes sequences of any length.
func mamba2(c *config) stack {
	n := names{hidden: "hidden_size", layers: "num_hidden_layers", heads: "num_heads", headWidth: "head_dim", vocabulary: "vocab_size"}
	c.require("num_heads", "head_dim", "state_size")
	d := c.sizes(n)
	d.mamba = &mamba{
		layers: d.layers, heads: d.heads, width: d.headWidth, groups: c.sizeOr("n_groups", 8, maxState), state: c.size("state_size", maxState),
		taps: c.sizeOr("conv_kernel", 4, maxState), bias: c.flag("use_bias", false), convBias: c.flag("use_conv_bias", true), gateNorm: true,
	}
	c.innerWidth("expand", d)
	d.heads, d.headWidth, d.attending, d.feeding, d.context = 0, 0, 0, 0, MaxSequence
	d.norm, d.layerNorms = scaleOnly, 1
	d.tied = c.flag("tie_word_embeddings", false)
	return d
}

// innerWidth checks that the mixer's heads make up its inner width.
func (c *config) innerWidth(expand string, d stack) {
	if inner := c.sizeOr(expand, 2, maxState) * d.hidden; c.err() == nil && d.mamba.inner() != inner {
		c.problem(expand, "%d heads of %d make %d, expected %s x %s = %d", d.mamba.heads, d.mamba.width, d.mamba.inner(), expand, d.names.hidden, inner)
	}
}

// readMamba takes the fields that hybrids share; layers are the family's.
func (c *config) readMamba(d *stack, layers uint64) *mamba {
	m := &mamba{
		layers: layers, heads: c.size("mamba_n_heads", maxHeads), groups: c.sizeOr("mamba_n_groups", 1, maxState), state: c.size("mamba_d_state", maxState),
		taps: c.sizeOr("mamba_d_conv", 4, maxState), bias: c.flag("mamba_proj_bias", false), convBias: c.flag("mamba_conv_bias", true), gateNorm: true,
	}
	if text, found := c.stated("mamba_d_head"); (!found || text == `"auto"`) && m.heads != 0 {
		m.width = c.sizeOr("mamba_expand", 2, maxState) * d.hidden / m.heads
	} else {
		m.width = c.size("mamba_d_head", maxWidth)
	}
	d.mamba = m
	return m
}

// bamba: attention in the layers of attn_layer_indices, Mamba-2 in the others, a
// gated feed-forward part in all.
func bamba(c *config) stack {
	c.require("num_key_value_heads")
	d := llama(c)
	indices, _ := c.numbers("attn_layer_indices", maxLayers)
	d.attending = min(uint64(len(indices)), d.layers)
	c.readMamba(&d, d.layers-d.attending)
	c.innerWidth("mamba_expand", d)
	return d
}

// graniteMoeHybrid: Mamba-2 and attention by layer_types, a shared gated part in
// every layer, and experts beside it where there are any. Granite 4.
func graniteMoeHybrid(c *config) stack {
	n := usual()
	n.feedForward = "shared_intermediate_size"
	d := c.sizes(n)
	d.gated, d.norm, d.layerNorms = true, scaleOnly, 2
	d.tied = c.flag("tie_word_embeddings", false)
	d.queryBias = c.flag("attention_bias", false)
	d.outputBias = d.queryBias
	kinds := c.kinds(c.either("layer_types", "layers_block_type"), map[string]uint64{"mamba": 0, "linear_attention": d.layers, "attention": 0, "full_attention": 0})
	d.attending = kinds["attention"] + kinds["full_attention"]
	c.readMamba(&d, kinds["mamba"]+kinds["linear_attention"])
	c.innerWidth("mamba_expand", d)
	c.allLayers(d, d.attending+d.mamba.layers)
	if c.countOr("num_local_experts", 8, maxExperts) == 0 {
		return d
	}
	e := c.readExperts(&d, "num_local_experts", "num_experts_per_tok", "intermediate_size")
	e.shared = d.feedForward
	return d
}

// falconH1: attention and Mamba-2 side by side in every layer.
func falconH1(c *config) stack {
	c.require("num_key_value_heads", "mamba_d_ssm")
	d := llama(c)
	m := c.readMamba(&d, d.layers)
	if inner := c.size("mamba_d_ssm", maxWide); c.err() == nil && m.inner() != inner {
		c.problem("mamba_d_ssm", "found %d, expected the %d that %d heads of %d make", inner, m.inner(), m.heads, m.width)
	}
	m.gateNorm = c.flag("mamba_rms_norm", false)
	if m.noOutBias = true; c.flag("projectors_bias", false) {
		c.problem("projectors_bias", "found true, expected false: not known in this type")
	}
	return d
}

// nemotronH: each layer is one block, under one RMSNorm: Mamba-2 (M), attention
// (*), a plain feed-forward part (-) or plain experts with a shared one (E), as
// hybrid_override_pattern or layer_types says. Nemotron-H, Nemotron Nano.
func nemotronH(c *config) stack {
	c.require("num_key_value_heads", "head_dim")
	d := c.sizes(usual())
	d.norm, d.layerNorms = scaleOnly, 1
	d.tied = c.flag("tie_word_embeddings", false)
	d.queryBias = c.flag("attention_bias", false)
	d.outputBias = d.queryBias
	d.feedBias = c.flag("mlp_bias", false)
	count := c.blocks(d)
	d.attending, d.feeding = count['*'], count['-']
	d.mamba = &mamba{
		layers: count['M'], heads: c.size("mamba_num_heads", maxHeads), width: c.size("mamba_head_dim", maxWidth),
		groups: c.size(c.either("n_groups", "mamba_n_groups"), maxState), state: c.size("ssm_state_size", maxState),
		taps: c.size(c.either("conv_kernel", "mamba_d_conv"), maxState), bias: c.flag("use_bias", false), convBias: c.flag("use_conv_bias", true), gateNorm: true,
	}
	if count['E'] == 0 {
		return d
	}
	feeding := d.feeding
	e := c.readExperts(&d, "n_routed_experts", "num_experts_per_tok", "moe_intermediate_size")
	e.layers, e.gated, e.correction, e.bias = count['E'], false, true, d.feedBias
	e.shared, d.feeding = c.size("moe_shared_expert_intermediate_size", maxWide), feeding
	return d
}

// blocks counts the layers of nemotronH by the letter of their kind.
func (c *config) blocks(d stack) map[rune]uint64 {
	count := map[rune]uint64{}
	if _, found := c.stated("hybrid_override_pattern"); !found {
		kinds := c.kinds(c.either("layer_types", "layers_block_type"), map[string]uint64{"linear_attention": 0, "mamba": 0, "full_attention": 0, "attention": 0, "mlp": 0, "moe": 0})
		count['M'], count['*'] = kinds["linear_attention"]+kinds["mamba"], kinds["full_attention"]+kinds["attention"]
		count['-'], count['E'] = kinds["mlp"], kinds["moe"]
	} else {
		for _, letter := range c.word("hybrid_override_pattern") {
			if !strings.ContainsRune("M*-E", letter) {
				c.problem("hybrid_override_pattern", "found %q, expected M, *, - and E only", letter)
			}
			count[letter]++
		}
	}
	c.allLayers(d, count['M']+count['*']+count['-']+count['E'])
	return count
}
