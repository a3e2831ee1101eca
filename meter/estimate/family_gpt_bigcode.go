package estimate

// gptBigCode: gpt2 with one head for keys and values unless multi_query is
// false. SantaCoder, StarCoder.
func gptBigCode(c *config) stack {
	d := gpt2(c)
	if c.flag("multi_query", true) {
		d.keyHeads = 1
	}
	return d
}
