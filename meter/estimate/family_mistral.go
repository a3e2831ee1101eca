package estimate

// mistral: the llama layer without biases and with one sliding window in every
// layer. An absent sliding_window is the class's default of 4096; null is none.
func mistral(c *config) stack {
	c.require("num_key_value_heads")
	d := llama(c)
	d.queryBias, d.outputBias, d.feedBias = false, false, false
	if _, found := c.fields["sliding_window"]; !found {
		d.windows = []span{{layers: d.layers, window: 4096}}
	} else {
		d.windows = c.slidingWindow(d)
	}
	return d
}
