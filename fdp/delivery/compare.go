package delivery

import "github.com/weighbridge/weighbridge/fdp"

// Changes are what a decision says otherwise than the one before it.
type Changes struct {
	Since    uint64          `json:"since"` // the step of the decision before
	Decision *Change         `json:"decision,omitempty"`
	Rules    *Change         `json:"rules,omitempty"` // digests
	AsOf     *Change         `json:"as_of,omitempty"`
	Findings []FindingChange `json:"findings"`
	Facts    []FactChange    `json:"facts"`
}

// Change is one value that is another now.
type Change struct {
	Before string `json:"before"`
	After  string `json:"after"`
}

// FindingChange is a finding with another verdict; empty where there was none.
type FindingChange struct {
	Rule   string `json:"rule"`
	Before string `json:"before"`
	After  string `json:"after"`
}

// FactChange is a fact with another value, by path; empty where it was not
// stated.
type FactChange struct {
	Path   string `json:"path"`
	Before string `json:"before"`
	After  string `json:"after"`
}

// Compare shows what changed between a decision kept as step since, on the facts
// before, and one on the facts after.
func Compare(since uint64, old Decision, before fdp.Facts, now Decision, after fdp.Facts) (Changes, error) {
	c := Changes{Since: since, Decision: changed(string(old.Decision), string(now.Decision)), Rules: changed(old.RulesDigest, now.RulesDigest),
		AsOf: changed(old.AsOf, now.AsOf), Findings: []FindingChange{}, Facts: []FactChange{}}
	was, is := verdicts(old), verdicts(now)
	for _, rule := range sortedUnion(was, is) {
		if was[rule] != is[rule] {
			c.Findings = append(c.Findings, FindingChange{rule, was[rule], is[rule]})
		}
	}
	stated, err := leaves(before)
	if err != nil {
		return c, err
	}
	states, err := leaves(after)
	if err != nil {
		return c, err
	}
	for _, path := range sortedUnion(stated, states) {
		if stated[path] != states[path] {
			c.Facts = append(c.Facts, FactChange{path, stated[path], states[path]})
		}
	}
	return c, nil
}

func changed(before, after string) *Change {
	if before == after {
		return nil
	}
	return &Change{before, after}
}

func verdicts(d Decision) map[string]string {
	out := map[string]string{}
	for _, f := range d.Findings {
		out[f.Rule] = f.Verdict.String()
	}
	return out
}
