package estimate

// nemotron: LayerNorm with scale and shift, a plain feed-forward part (squared
// ReLU). Nemotron-4, Minitron.
func nemotron(c *config) stack {
	d := llama(c)
	d.gated, d.norm = false, scaleShift
	return d
}
