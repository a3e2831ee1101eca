package estimate

import "github.com/weighbridge/weighbridge/meter"

// experts are the feed-forward parts of layers in which a router chooses some
// of many for each token. The methods hold for nil: a stack without them.
type experts struct {
	layers       uint64
	held, chosen uint64 // E and K: experts that a layer holds, those that a token passes
	width        uint64 // fm of one expert
	shared       uint64 // fs, total width of the experts that every token passes; 0: none
	gated        bool
	sharedGate   bool // one number per token that scales the shared expert's output
	correction   bool // one number per expert that steers the choice, kept with the weights
	bias         bool // in the experts
	routerBias   bool
}

func (e *experts) products(d stack) []Product {
	if e == nil || e.layers == 0 {
		return nil
	}
	list := []Product{product("router", d.hidden, e.held, e.layers)}
	if e.gated {
		list = append(list, e.routed("experts.gate", d.hidden, e.width))
	}
	list = append(list, e.routed("experts.up", d.hidden, e.width), e.routed("experts.down", e.width, d.hidden))
	if e.shared == 0 {
		return list
	}
	if e.gated {
		list = append(list, product("shared.gate", d.hidden, e.shared, e.layers))
	}
	list = append(list, product("shared.up", d.hidden, e.shared, e.layers), product("shared.down", e.shared, d.hidden, e.layers))
	if e.sharedGate {
		list = append(list, product("shared.scale", d.hidden, 1, e.layers))
	}
	return list
}

// routed is a matrix that every expert has and only chosen ones apply.
func (e *experts) routed(name string, in, out uint64) Product {
	return Product{Name: name, In: in, Out: out, Count: e.layers * e.chosen, Held: e.layers * e.held, Passes: TrainingPasses}
}

// oneBias is the biases of one expert.
func (e *experts) oneBias(d stack) uint64 {
	switch {
	case e == nil || !e.bias:
		return 0
	case e.gated:
		return 2*e.width + d.hidden
	}
	return e.width + d.hidden
}

func (e *experts) biases(d stack, s *sum) meter.Ops {
	if e == nil {
		return meter.Ops{}
	}
	total := s.mul(e.oneBias(d), e.held, e.layers)
	if e.routerBias {
		total = s.add(total, s.mul(e.held, e.layers))
	}
	return total
}

// idle is the biases of the experts that a token does not pass.
func (e *experts) idle(d stack, s *sum) meter.Ops {
	if e == nil || e.chosen > e.held {
		return meter.Ops{}
	}
	return s.mul(e.oneBias(d), e.held-e.chosen, e.layers)
}

func (e *experts) other(s *sum) meter.Ops {
	if e == nil || !e.correction {
		return meter.Ops{}
	}
	return s.mul(e.held, e.layers)
}

func (e *experts) check(c *config) {
	if e != nil && e.chosen > e.held {
		c.problem("num_experts_per_tok", "found %d, expected at most the %d experts that there are", e.chosen, e.held)
	}
}

// readExperts takes the fields that most families share under the names given;
// all layers have experts unless the family says otherwise.
func (c *config) readExperts(d *stack, held, chosen, width string) *experts {
	e := &experts{layers: d.layers, held: c.size(held, maxExperts), chosen: c.size(chosen, maxExperts), width: c.size(width, maxWide), gated: true}
	d.experts, d.feeding = e, 0
	return e
}

// denseFirst makes the first n layers dense, and of the others each period-th.
func (d *stack) denseFirst(n, period uint64) {
	n = min(n, d.layers)
	rest := d.layers - n
	d.experts.layers = rest
	if period > 1 { // layers whose index is a multiple of period, from n on
		d.experts.layers = (d.layers+period-1)/period - (n+period-1)/period
	}
	d.feeding = d.layers - d.experts.layers
}

// sparseStep is the rule of the qwen and llama4 families: layer i has experts
// where i+1 is a multiple of decoder_sparse_step, but for those in
// mlp_only_layers.
func (c *config) sparseStep(d *stack, step uint64, except []uint64) {
	d.experts.layers = 0
	for i := range d.layers {
		if (i+1)%max(step, 1) == 0 {
			d.experts.layers++
		}
	}
	seen := map[uint64]bool{}
	for _, i := range except {
		if i < d.layers && (i+1)%max(step, 1) == 0 && !seen[i] {
			d.experts.layers--
			seen[i] = true
		}
	}
	d.feeding = d.layers - d.experts.layers
}
