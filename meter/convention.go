package meter

import "strings"

// Unstated is the value of a convention field about which nobody said anything;
// Mixed is that of a sum whose parts were counted differently.
const (
	Unstated = "unstated"
	Mixed    = "mixed"
)

// Convention is what a count includes. A number without its convention is not
// usable: the choices named here move a total more than any measurement error
// does. An empty field means [Unstated].
type Convention struct {
	MultiplyAccumulate string `json:"multiply_accumulate,omitempty"` // "2" or "1" operations
	Attention          string `json:"attention,omitempty"`           // causal, full, none
	Keys               string `json:"keys,omitempty"`                // mean keys per token: s/2, (s+1)/2, s
	Window             string `json:"window,omitempty"`              // applied, ignored, none
	Embedding          string `json:"embedding,omitempty"`           // included, excluded
	Head               string `json:"head,omitempty"`                // included, excluded
	Padding            string `json:"padding,omitempty"`             // included, excluded
	Recomputation      string `json:"recomputation,omitempty"`       // included, excluded
	Experts            string `json:"experts,omitempty"`             // active, total, none
	Evaluation         string `json:"evaluation,omitempty"`          // included, excluded
	FailedWork         string `json:"failed_work,omitempty"`         // included, excluded
}

// fields gives each field with its name, in the fixed order of printing.
func (c *Convention) fields() []struct {
	name  string
	value *string
} {
	return []struct {
		name  string
		value *string
	}{
		{"multiply-accumulate", &c.MultiplyAccumulate}, {"attention", &c.Attention}, {"keys", &c.Keys},
		{"window", &c.Window}, {"embedding", &c.Embedding}, {"head", &c.Head}, {"padding", &c.Padding},
		{"recomputation", &c.Recomputation}, {"experts", &c.Experts}, {"evaluation", &c.Evaluation},
		{"failed work", &c.FailedWork},
	}
}

// IsZero reports whether nothing is stated.
func (c Convention) IsZero() bool { return c == Convention{} }

// Merge returns the convention of a sum: a field in which c and d differ is
// [Mixed].
func (c Convention) Merge(d Convention) Convention {
	out, other := c.fields(), d.fields()
	for i := range out {
		if *out[i].value != *other[i].value {
			*out[i].value = Mixed
		}
	}
	return c
}

// MixedFields returns the names of the fields in which parts of a sum differ, in
// the order of printing; none means that all parts were counted alike.
func (c Convention) MixedFields() []string {
	var names []string
	for _, f := range c.fields() {
		if *f.value == Mixed {
			names = append(names, f.name)
		}
	}
	return names
}

// String prints the stated fields, as in "attention causal, head included", or
// "unstated".
func (c Convention) String() string {
	var parts []string
	for _, f := range c.fields() {
		if *f.value != "" {
			parts = append(parts, f.name+" "+*f.value)
		}
	}
	if len(parts) == 0 {
		return Unstated
	}
	return strings.Join(parts, ", ")
}
