package policy

import (
	"errors"
	"fmt"
	"strings"
)

// NoRuleError says that no rule of a policy matches: what no rule speaks of is
// refused.
type NoRuleError struct {
	Model, Reference string
	Patterns         []string
}

func (e *NoRuleError) Error() string {
	what := "the model " + e.Model
	if e.Reference != "" {
		what += " from " + e.Reference
	}
	return fmt.Sprintf("no rule of the policy matches %s: found patterns %s", what, strings.Join(e.Patterns, ", "))
}

// Match returns the first rule that matches: one of its models patterns the model,
// where it has any, and one of its references patterns the place, where it has any.
// reference is the name in a registry without tag and digest, "" for what is on
// disk. The error is a [*NoRuleError].
func (p *Policy) Match(model, reference string) (Rule, error) {
	none := &NoRuleError{Model: model, Reference: reference}
	for _, r := range p.Rules {
		if (len(r.Models) == 0 || matchesAny(r.Models, model)) && (len(r.References) == 0 || reference != "" && matchesAny(r.References, reference)) {
			return r, nil
		}
		none.Patterns = append(append(none.Patterns, r.Models...), r.References...)
	}
	return Rule{}, none
}

func matchesAny(patterns []string, name string) bool {
	for _, p := range patterns {
		if matches(p, name) {
			return true
		}
	}
	return false
}

// matches: * stands for any text without a slash, ** for any text, everything else
// for itself. It takes at most the product of the two lengths.
func matches(pattern, name string) bool {
	reach := make([]bool, len(name)+1) // the beginnings of name that the pattern so far matches
	reach[0] = true
	for i := 0; i < len(pattern); i++ {
		next := make([]bool, len(name)+1)
		star, all := pattern[i] == '*', strings.HasPrefix(pattern[i:], "**")
		if all {
			i++
		}
		for j := range reach {
			switch {
			case star && j > 0 && next[j-1] && (all || name[j-1] != '/'):
				next[j] = true
			case star:
				next[j] = reach[j]
			default:
				next[j] = j > 0 && reach[j-1] && name[j-1] == pattern[i]
			}
		}
		reach = next
	}
	return reach[len(name)]
}

func validPattern(p string) error {
	switch {
	case strings.Contains(p, "***"):
		return fmt.Errorf("pattern %q: expected * for a part of a name, ** for any text", p)
	case strings.ContainsAny(p, "?[]{}\\ "):
		return errors.New("pattern " + p + ": only * and ** are special: write one pattern for each name")
	}
	return nil
}
