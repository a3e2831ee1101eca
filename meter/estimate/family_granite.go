package estimate

// granite: the llama layer; its multipliers on embedding, attention, residual
// and logits hold no parameters.
func granite(c *config) stack { return llama(c) }
