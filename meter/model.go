package meter

import (
	"fmt"
	"strings"
)

// ModelRef names one set of weights: "org/name@version". Further training makes
// a new version.
type ModelRef string

// maxModelRef bounds a model's name: it becomes part of a log's origin line and
// of file names.
const maxModelRef = 200

// ParseModel returns the reference, or an error that says which part is wrong.
// Each part is one to 100 of the characters A-Z a-z 0-9 . _ - and does not
// begin with a point or a hyphen.
func ParseModel(s string) (ModelRef, error) {
	org, rest, slash := strings.Cut(s, "/")
	name, version, at := strings.Cut(rest, "@")
	if !slash || !at || len(s) > maxModelRef {
		return "", fmt.Errorf("model %q: expected org/name@version of at most %d characters, as in acme/atlas@1", clip(s), maxModelRef)
	}
	for _, part := range []struct{ what, text string }{{"org", org}, {"name", name}, {"version", version}} {
		if !modelPart(part.text) {
			return "", fmt.Errorf("model %q: %s %q: expected letters, digits, points, hyphens and underscores, beginning with a letter or digit",
				clip(s), part.what, clip(part.text))
		}
	}
	return ModelRef(s), nil
}

func modelPart(s string) bool {
	if s == "" || len(s) > 100 || s[0] == '.' || s[0] == '-' {
		return false
	}
	for i := range len(s) {
		c := s[i]
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		if !letter && c != '.' && c != '_' && c != '-' {
			return false
		}
	}
	return true
}

// UnmarshalText reads a reference strictly.
func (m *ModelRef) UnmarshalText(text []byte) error {
	parsed, err := ParseModel(string(text))
	if err != nil {
		return err
	}
	*m = parsed
	return nil
}

// ParseParent reads "MODEL:RELATION", the form of the --parent flag.
func ParseParent(s string) (Parent, error) {
	model, relation, found := strings.Cut(s, ":")
	if !found {
		return Parent{}, fmt.Errorf("parent %q: expected MODEL:RELATION, as in acme/base@1:fine-tunes", clip(s))
	}
	ref, err := ParseModel(model)
	if err != nil {
		return Parent{}, fmt.Errorf("parent: %w", err)
	}
	rel, err := ParseRelation(relation)
	if err != nil {
		return Parent{}, fmt.Errorf("parent %q: %w", clip(s), err)
	}
	return Parent{Model: ref, Relation: rel}, nil
}
