package fdp

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
)

// Change is one thing in which a later determination of a regime differs from an
// earlier one. Old is empty for what is new, New for what is gone.
type Change struct {
	What string `json:"what"` // "controlled", "licence.required", "operations", "rule us-4e091.heading", "missing ..." ...
	Old  string `json:"old"`
	New  string `json:"new"`
}

// Diff lists what changed from one determination of a regime to another: standing,
// answers, numbers, readings, findings and what is missing, in that order. The
// dates, and the digest of the rules, are no change by themselves.
func Diff(old, new Determination) []Change {
	var out []Change
	a, b := facets(old), facets(new)
	for _, f := range b {
		if was := value(a, f.what); was != f.value {
			out = append(out, Change{f.what, was, f.value})
		}
	}
	for _, f := range a {
		if !slices.ContainsFunc(b, func(g facet) bool { return g.what == f.what }) {
			out = append(out, Change{f.what, f.value, ""})
		}
	}
	return out
}

// facet is one thing that a determination says, as text.
type facet struct{ what, value string }

func value(facets []facet, what string) string {
	for _, f := range facets {
		if f.what == what {
			return f.value
		}
	}
	return ""
}

func facets(d Determination) []facet {
	out := []facet{{"status", statusText(d.Status)}, {"standing", strings.TrimSuffix(d.Status.Why, ".")}, {"controlled", d.Controlled.String()}}
	if d.Export != nil {
		out = append(out, facet{"subject_to_ear", d.SubjectToEAR.String()}, facet{"licence.required", d.Licence.Required.String()},
			facet{"licence.exception", cmp.Or(d.Licence.Exception, "none")}, facet{"licence.policy", cmp.Or(d.Licence.Policy, "none")})
	}
	if d.Weighed != nil {
		out = append(out, facet{"operations", asJSON(d.Operations)}, facet{"threshold", asJSON(d.Threshold)})
	}
	for _, name := range sortedKeys(d.Options) {
		out = append(out, facet{"option " + name, d.Options[name]})
	}
	for _, f := range d.Findings {
		out = append(out, facet{"rule " + f.Rule, f.Verdict.String()})
	}
	for _, m := range d.Missing {
		out = append(out, facet{"missing " + m.Path, m.Reason})
	}
	return out
}

func statusText(s Status) string {
	word := func(is bool, text string) string {
		if is {
			return text
		}
		return "not " + text
	}
	text := word(s.Codified, "codified") + ", " + word(s.ComplianceDue, "due") + ", " + word(s.Enforced, "enforced")
	if s.Presumed {
		text += ", presumed"
	}
	return text
}

func asJSON(v any) string {
	data, _ := json.Marshal(v)
	return string(data)
}
