package fdp

import "slices"

// towardsCustomer evaluates the hand-over to the customer: where nobody else is
// stated to get the weights, they go to it, and what the rules ask of a recipient
// is asked of the customer, who is an organisation.
func (e *evaluation) towardsCustomer() *evaluation {
	if e.toCustomer {
		return e
	}
	if e.customer != nil && len(e.unearned) == 0 {
		return e.customer
	}
	other := *e
	other.toCustomer, other.memo, other.customer = true, map[string]outcome{}, nil
	if len(e.unearned) == 0 {
		e.customer = &other
	}
	return &other
}

// customersPath is where the document says of the customer what a rule asks of a
// recipient.
func customersPath(path string) string {
	switch path {
	case "recipient.headquarters":
		return "service.customer.headquarters"
	case "recipient.ultimate_parent":
		return "service.customer.ultimate_parent"
	case "recipient.location":
		return "service.customer.location"
	}
	return path
}

// anotherRecipient: the document states a recipient who is not the customer, or
// somewhere else, or a natural person. What it states as the customer's own is no
// other recipient.
func (e *evaluation) anotherRecipient() bool {
	r, c := e.facts.Recipient, e.facts.Service.Customer
	another := func(of, customers Country) bool { return of != "" && of != customers }
	return r.Person != nil || another(r.Headquarters, c.Headquarters) || another(r.UltimateParent, c.UltimateParent) || another(r.Location, c.Location)
}

// ofAnother: what is stated of another recipient shows nothing of the customer.
func (e *evaluation) ofAnother(path string) bool {
	own := []string{"recipient.storage_compliant", "recipient.receives", "recipient.encrypted"}
	return slices.Contains(own, path) && e.anotherRecipient()
}
