package fdp

// desk is what a rule pack says of a provider who gives a computing service to
// a customer: the field delivery of the pack (SPEC.md).
type desk struct {
	Flag       string      `json:"flag,omitzero" required:"yes"` // the clause that is the red flag
	FineTuning fineTuning  `json:"fine_tuning,omitzero"`
	Gates      []gate      `json:"gates,omitzero"`
	Actions    []action    `json:"actions,omitzero"`
	Questions  []question  `json:"questions,omitzero"`
	Checklist  []checkItem `json:"checklist,omitzero"`
	Clauses    []clause    `json:"clauses,omitzero"`
}

// fineTuning is the share of the original model's operations up to which a VEU
// may fine-tune.
type fineTuning struct {
	Percent int      `json:"percent,omitzero"`
	Cite    citation `json:"cite,omitzero"`
}

// gate holds a delivery while its rule applies, unless another does.
type gate struct {
	Rule   string `json:"rule,omitzero" required:"yes"`
	Unless string `json:"unless,omitzero"`
	Always bool   `json:"always,omitzero"` // whatever the standing of the regime's text
}

// action is something to do while a clause applies.
type action struct {
	ID       string   `json:"id,omitzero" required:"yes"`
	Rule     string   `json:"rule,omitzero" required:"yes"`
	Always   bool     `json:"always,omitzero"`
	Sentence string   `json:"sentence,omitzero" required:"yes"`
	Cite     citation `json:"cite,omitzero"`
}

// question is what the rules want asked, of the customer or of the provider.
type question struct {
	Fact     string   `json:"fact,omitzero" required:"yes"`
	Of       string   `json:"of,omitzero" required:"yes" oneof:"customer|provider"`
	Question string   `json:"question,omitzero" required:"yes"`
	Cite     citation `json:"cite,omitzero"`
}

// checkItem is a paragraph of an authorisation, and the clause that answers it;
// without one it is to be shown by documents.
type checkItem struct {
	ID       string   `json:"id,omitzero" required:"yes"`
	Of       string   `json:"of,omitzero" required:"yes" oneof:"uveu|nveu|veu|aia"`
	Rule     string   `json:"rule,omitzero"`
	Sentence string   `json:"sentence,omitzero" required:"yes"`
	Cite     citation `json:"cite,omitzero"`
}

// indexDesk makes the clauses of the desk known by their ids.
func (p *pack) indexDesk() {
	if p.Delivery == nil {
		return
	}
	for i := range p.Delivery.Clauses {
		p.byID[p.Delivery.Clauses[i].ID] = &p.Delivery.Clauses[i]
	}
}

// deskClauses are the clauses of the desk, in the order of the file.
func (p *pack) deskClauses() []*clause {
	if p.Delivery == nil {
		return nil
	}
	var out []*clause
	for i := range p.Delivery.Clauses {
		out = append(out, &p.Delivery.Clauses[i])
	}
	return out
}

// whole are all clauses that a reader of the pack finds, those of the desk last.
func (p *pack) whole() []*clause { return append(p.sorted(), p.deskClauses()...) }
