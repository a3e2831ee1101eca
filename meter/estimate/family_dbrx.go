package estimate

// dbrx: LayerNorms without shift, experts in every layer, no biases.
func dbrx(c *config) stack {
	d := c.sizes(names{hidden: "d_model", layers: "n_layers", heads: "n_heads", vocabulary: "vocab_size", context: "max_seq_len"})
	attention, feed := c.object("attn_config"), c.object("ffn_config")
	d.keyHeads = attention.size("kv_n_heads", maxHeads)
	d.names.keyHeads = "attn_config.kv_n_heads"
	d.norm, d.layerNorms = scaleOnly, 2
	d.tied = c.flag("tie_word_embeddings", false)
	feed.readExperts(&d, "moe_num_experts", "moe_top_k", "ffn_hidden_size")
	return d
}
