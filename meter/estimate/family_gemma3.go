package estimate

// gemma3Text: gemma2 with an RMSNorm of one head's width on queries and on keys,
// and every sixth layer without the window (sliding_window_pattern). The text
// model alone: gemma3 with its vision tower is another type.
func gemma3Text(c *config) stack {
	c.require("sliding_window")
	d := gemma(c)
	d.layerNorms = 4
	d.queryNorm, d.keyNorm = d.headWidth, d.headWidth
	window := c.sizeOr("sliding_window", 0, MaxSequence)
	pattern := c.sizeOr("sliding_window_pattern", c.sizeOr("_sliding_window_pattern", 6, maxLayers), maxLayers)
	d.windows = c.layerTypes(window, everyNth(d.layers, window, pattern))
	return d
}
