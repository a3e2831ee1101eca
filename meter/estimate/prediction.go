package estimate

// predict adds the multi-token-prediction modules (DeepSeek-V3, arXiv:2412.19437
// section 2.2): each is one more layer of the last kind behind a product that
// joins the hidden state with the next token's embedding, and applies the head
// once more. Embedding and head are the model's own, so they are not held again.
func (d stack) predict(a *Architecture, s *sum) {
	module := d
	module.beside, module.extra, module.loose, module.windows, module.prediction = nil, nil, 0, nil, 0
	module.layers, module.attending, module.feeding, module.positions = d.prediction, d.prediction, d.prediction, 0
	module.otherNorms = 3 * d.prediction // on the state, on the embedding, before the head
	module.mamba, module.delta, module.headBias, module.tied = nil, nil, false, true
	if d.experts != nil {
		sparse := *d.experts
		sparse.layers, module.feeding = d.prediction, 0
		module.experts = &sparse
	}
	module.part = d.part + "prediction."
	head := product("head", d.hidden, d.vocabulary, d.prediction)
	head.Held = 0
	products := append(module.layerProducts(), product("join", 2*d.hidden, d.hidden, d.prediction), head)
	for _, p := range module.placed(products) {
		p.Prediction = true
		a.products = append(a.products, p)
	}
	for _, c := range module.attentionCores() {
		c.Prediction = true
		a.cores = append(a.cores, c)
	}
	a.predicted = s.add(a.predicted, module.normParameters(s), module.biasParameters(s), module.otherParameters(s))
}
