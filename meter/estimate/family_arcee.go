package estimate

// arcee: the llama layer with a plain feed-forward part (squared ReLU).
func arcee(c *config) stack {
	d := llama(c)
	d.gated = false
	return d
}
