package estimate

// gemma2: gemma with norms after each part too, and a window in every second
// layer, the first included.
func gemma2(c *config) stack {
	c.require("sliding_window")
	d := gemma(c)
	d.layerNorms = 4
	window := c.sizeOr("sliding_window", 0, MaxSequence)
	d.windows = c.layerTypes(window, everyNth(d.layers, window, 2))
	return d
}
