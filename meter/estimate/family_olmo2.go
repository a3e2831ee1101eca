package estimate

// olmo2: norms after each part instead of before, and an RMSNorm over all heads
// together on queries and on keys.
func olmo2(c *config) stack {
	d := olmo(c)
	d.norm = scaleOnly
	d.queryNorm, d.keyNorm = d.queries(), d.keys()
	return d
}
