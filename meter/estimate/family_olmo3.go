package estimate

// olmo3: olmo2 with a window in three of four layers.
func olmo3(c *config) stack {
	c.require("sliding_window")
	d := olmo2(c)
	window := c.sizeOr("sliding_window", 0, MaxSequence)
	d.windows = c.layerTypes(window, everyNth(d.layers, window, 4))
	return d
}
