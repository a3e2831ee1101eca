package fdp

// condition is a node of a rule's tree. Exactly one field is set.
type condition struct {
	All      []condition `json:"all,omitzero"`
	Any      []condition `json:"any,omitzero"`
	Not      *condition  `json:"not,omitzero"`
	Is       *isTest     `json:"is,omitzero"`
	In       *inTest     `json:"in,omitzero"`
	Compare  *comparison `json:"compare,omitzero"`
	ByOption *byOption   `json:"by_option,omitzero"`
	Earned   *earned     `json:"earned,omitzero"`
	Flag     *condition  `json:"flag,omitzero"`  // undetermined, for counsel, where the inner condition is not out
	Never    string      `json:"never,omitzero"` // does not apply; the text says why
	Rule     string      `json:"rule,omitzero"`  // another clause's outcome

	ToCustomer *condition `json:"to_customer,omitzero"` // of the hand-over to the customer of a service, who stands in the recipient's place
}

// isTest holds a fact against one value, or several.
type isTest struct {
	Fact   string   `json:"fact,omitzero" required:"yes"`
	Value  string   `json:"value,omitzero"`
	OneOf  []string `json:"one_of,omitzero"`
	Absent string   `json:"absent,omitzero" oneof:"does-not-apply"` // for facts that count only when they are stated
}

// inTest asks whether a country is in a group on the date of the question. For
// a list of countries: whether any is, or, with every, all are.
type inTest struct {
	Fact   string `json:"fact,omitzero" required:"yes"`
	Group  string `json:"group,omitzero" required:"yes"`
	Every  bool   `json:"every,omitzero"`
	Absent string `json:"absent,omitzero" oneof:"does-not-apply"`
}

// comparison holds a quantity against a number, or the highest of several.
type comparison struct {
	Quantity  string  `json:"quantity,omitzero" required:"yes"`
	Is        string  `json:"is,omitzero" required:"yes" oneof:">=|>|<=|<"`
	Value     string  `json:"value,omitzero"`
	HighestOf []bound `json:"highest_of,omitzero"`
}

// bound is a number, a quantity, or a percentage or fraction of one.
type bound struct {
	Value   string `json:"value,omitzero"`
	Percent int    `json:"percent,omitzero"`
	Ratio   string `json:"ratio,omitzero"` // "1/3"
	Of      string `json:"of,omitzero"`
}

// byOption is one condition per reading of an option.
type byOption struct {
	Option   string               `json:"option,omitzero" required:"yes"`
	Readings map[string]condition `json:"readings,omitzero"`
}

// earned is an exclusion that must be earned: while one of the facts is not
// stated, or is "none", it does not apply, and the facts are named as what
// would earn it.
type earned struct {
	Facts []string  `json:"facts,omitzero"`
	When  condition `json:"when,omitzero" required:"yes"`
}

// kinds returns the names of the fields that are set.
func (c condition) kinds() []string {
	var out []string
	for _, k := range []struct {
		name string
		set  bool
	}{
		{"all", c.All != nil}, {"any", c.Any != nil}, {"not", c.Not != nil}, {"is", c.Is != nil}, {"in", c.In != nil}, {"compare", c.Compare != nil},
		{"by_option", c.ByOption != nil}, {"earned", c.Earned != nil}, {"flag", c.Flag != nil}, {"never", c.Never != ""}, {"rule", c.Rule != ""}, {"to_customer", c.ToCustomer != nil},
	} {
		if k.set {
			out = append(out, k.name)
		}
	}
	return out
}

// children returns the conditions directly below c, in a fixed order.
func (c condition) children() []condition {
	var out []condition
	out = append(append(out, c.All...), c.Any...)
	for _, inner := range []*condition{c.Not, c.Flag, c.ToCustomer} {
		if inner != nil {
			out = append(out, *inner)
		}
	}
	if c.Earned != nil {
		out = append(out, c.Earned.When)
	}
	if c.ByOption != nil {
		for _, value := range sortedKeys(c.ByOption.Readings) {
			out = append(out, c.ByOption.Readings[value])
		}
	}
	return out
}

// walk visits c and everything below it.
func (c condition) walk(visit func(condition)) {
	visit(c)
	for _, child := range c.children() {
		child.walk(visit)
	}
}
