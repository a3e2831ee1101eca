package estimate

// olmoe: norms over all heads together on queries and on keys, small experts in
// every layer.
func olmoe(c *config) stack {
	d := olmo(c)
	d.norm = scaleOnly
	d.queryNorm, d.keyNorm = d.queries(), d.keys()
	c.readExperts(&d, "num_experts", "num_experts_per_tok", "intermediate_size")
	return d
}
