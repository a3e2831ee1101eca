package estimate

// apertus: RMSNorm, a plain feed-forward part whose activation (xIELU) has two
// trained parameters per layer, an RMSNorm of one head's width on queries and
// on keys.
func apertus(c *config) stack {
	d := llama(c)
	d.gated, d.activations = false, 2
	if text, found := c.stated("hidden_act"); found && text != `"xielu"` {
		d.activations = 0
	}
	d.queryNorm, d.keyNorm = d.headWidth, d.headWidth
	return d
}
