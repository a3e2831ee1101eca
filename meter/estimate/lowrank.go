package estimate

// lowRank is attention whose queries, keys and values come through a low rank
// (multi-head latent attention, DeepSeek-V2, arXiv:2405.04434 section 2.1). A
// head's query and key are plain + rotary wide, its value is value wide.
type lowRank struct {
	query                uint64 // r_q; 0: queries come straight from the hidden width
	key                  uint64 // r_kv
	plain, rotary, value uint64 // d_nope, d_rope, d_v
}

func (m *lowRank) products(d stack) []Product {
	n, wide := d.attending, d.heads*(m.plain+m.rotary)
	list := []Product{product("attention.query", d.hidden, wide, n)}
	if m.query != 0 {
		list = []Product{product("attention.query.down", d.hidden, m.query, n), product("attention.query.up", m.query, wide, n)}
	}
	return append(list,
		product("attention.key.down", d.hidden, m.key+m.rotary, n),
		product("attention.key.up", m.key, d.heads*(m.plain+m.value), n),
		product("attention.output", d.heads*m.value, d.hidden, n))
}

// readLowRank takes the fields of the DeepSeek families.
func (c *config) readLowRank(d *stack) {
	d.lowRank = &lowRank{
		query: c.sizeOr("q_lora_rank", 0, maxWidth), key: c.size("kv_lora_rank", maxWidth),
		plain: c.size("qk_nope_head_dim", maxLatent), rotary: c.size("qk_rope_head_dim", maxLatent), value: c.size("v_head_dim", maxLatent),
	}
	d.keyHeads, d.headWidth = d.heads, 1 // key heads do not exist; the widths above take the place of a head's
}
